/* net/http_client_private.h: what http_client.c (the loop's side of libcurl) and http_ask.c (one
 * question and its answer) know of each other. */
#pragma once
#include "net/http_client.h"

#include <curl/curl.h>

struct warm_host;

struct http_client {
    struct loop *loop;
    CURLM *multi;
    struct timer *timer; /* when libcurl wants to be woken */
    struct ask *live;
    struct warm_host *warm;
    char *ca_file;
    char *user_agent;
};

struct ask {
    struct op op; /* first: an op is cast back to its ask */
    struct http_client *client;
    struct ask *next, *previous; /* of the client's live asks */
    CURL *easy;
    struct curl_slist *headers;
    struct timer *timer; /* the next of our deadlines */
    struct http_answer answer;
    struct buf body;
    char library_words[CURL_ERROR_SIZE];
    void (*on_piece)(struct str piece, void *arg);
    void (*on_done)(const struct http_answer *answer, void *arg);
    void *arg;
    int64_t began_us;
    int64_t first_byte_at_ms, total_at_ms, last_piece_ms, between_ms_max;
    size_t bytes, bytes_max; /* of the body so far, and its bound */
    bool running;            /* libcurl has it */
    bool over;               /* cancelled or answered: no callback runs any more */
    bool has_head;
};

void ask_over(struct ask *ask, CURLcode result); /* libcurl is done with it */
/* No callback any more; taken from libcurl and freed at the turn's end, since we may stand inside
 * one of libcurl's own callbacks. */
void ask_drop(struct ask *ask);
