/* test/twilio_world.h: Twilio as a list of answers: gives them one after the other, the last one
 * again and again, and keeps what it was asked. For the tests of its REST clients. */
#pragma once
#include "base/buf.h"
#include "carrier/twilio_rest.h"
#include "net/http_server.h"
#include "test/peer.h"

#define TWILIO_AC "AC00000000000000000000000000000003"
#define TWILIO_VA "VA00000000000000000000000000000004"

enum { TWILIO_ANSWERS_MAX = 16 };

struct twilio_world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *http;
    struct twilio_rest *rest;
    struct {
        int status; /* 0: never answers; -1: the connection breaks */
        const char *body;
    } answers[TWILIO_ANSWERS_MAX];
    size_t answer_count, next;
    const char *retry_after; /* of a 429; default "0" */
    struct buf asked;        /* "POST /path?query body\n" each */
    struct op *asking;
    bool done;
};
void twilio_world_open(struct twilio_world *world); /* world is {0} */
void twilio_world_close(struct twilio_world *world);
void twilio_world_reach(struct twilio_world *world, const char *base_url); /* another address */
void twilio_answers(struct twilio_world *world, int status, const char *body);
/* Forgets answers and what was asked. */
void twilio_world_again(struct twilio_world *world);
/* Waits until the client's callback has said that it is done, by setting done. */
void twilio_world_wait(struct twilio_world *world);
/* What it was asked, from the start, is this and nothing else; then that is forgotten. */
void twilio_world_expect(struct twilio_world *world, const char *asked);
