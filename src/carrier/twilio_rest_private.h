/* carrier/twilio_rest_private.h: one request to Twilio, as its clients share it: who asks, what may
 * be asked again, what failures are called.
 *
 *   asking --answer--> settled
 *     ^  \--passing failure, may be repeated--> waiting --> asking
 *     |   \--nobody knows whether it was taken--> looking --it was, or it is over--> settled
 *     '-------------------it was not-----------------'                                          */
#pragma once
#include "base/mem.h"
#include "carrier/twilio_rest.h"

enum twilio_repeat {
    TWILIO_REPEAT_ALWAYS,       /* twice does no harm */
    TWILIO_REPEAT_IF_NOT_TAKEN, /* never reached, or told to come again */
    TWILIO_REPEAT_IF_UNREACHED, /* never reached; who asked decides about the rest */
};

struct twilio_reply {
    int err; /* as in twilio_answer */
    int status;
    int64_t code;
    struct str message; /* Twilio's words, without escapes */
    struct str body;
    int64_t retry_after_ms; /* -1: it did not say */
    int tries;
    const char *key; /* the request's */
    void *state;     /* what its pages came to */
};
/* What a look at the body of `look_url` shows: 0: it did happen, and reply->body is what it made;
 * EAGAIN: it did not; else what the whole request ends with. */
typedef int twilio_look_fn(struct twilio_reply *reply, int64_t since_ms);

/* A page of a list is read into page->state; returns the next page's URL, in the arena, or NULL. */
typedef const char *twilio_page_fn(const struct twilio_rest *rest, const struct twilio_reply *page,
                                   struct arena *arena);

typedef void twilio_any_fn(void); /* a client's callback, cast back by its settle function */

struct twilio_request {  /* texts are copied */
    const char *what;    /* static; for the log */
    const char *subject; /* a SID for the log; NULL: none */
    enum http_method method;
    const char *url;
    struct str form;
    enum twilio_repeat repeat;
    int64_t try_ms_max;     /* default TWILIO_TRY_MS_MAX */
    int64_t total_ms_max;   /* default TWILIO_REST_MS_MAX */
    size_t reply_bytes_max; /* default 64 KiB */
    /* How to find out whether it happened; NULL: it stays unknown, ETIMEDOUT. */
    const char *look_url;
    twilio_look_fn *look;
    const char *key;      /* what tells it from others */
    int64_t doubt_code;   /* a refusal that may mean that it happened before; 0: none */
    twilio_page_fn *page; /* NULL: it is no list */
    size_t state_bytes;   /* zeroed at the start */
    int err;              /* wrong before it was asked: settled with that, later */
    void (*settle)(const struct twilio_reply *reply, twilio_any_fn *on_done, void *arg);
    twilio_any_fn *on_done;
    void *arg;
};
enum {
    TWILIO_TRY_MS_MAX = 4000,
    TWILIO_PAGE_BYTES_MAX = 4 * 1024 * 1024,
    TWILIO_CLOCKS_APART_MS = 5000, /* ours and Twilio's, which also tells only whole seconds */
};
void twilio_ask(struct twilio_rest *rest, const struct twilio_request *request, struct op **slot);

/* "https://api.twilio.com/2010-04-01/Accounts/AC.../<path>", to be freed with buf_free(). */
struct buf twilio_api_url(const struct twilio_rest *rest, const char *path);
void twilio_url_query(struct buf *url, const char *name, const char *value);
/* "CZ"; it becomes part of a URL. */
bool twilio_is_country(const char *country);

struct twilio_rest {
    struct loop *loop;
    struct http_client *http;
    char *base_url, *verify_url, *numbers_url, *pricing_url;
    char *account_sid, *verify_service, *user, *secret;
    int64_t back_off_ms;
    struct twilio_asking *first; /* all in flight */
};
