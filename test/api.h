/* test/api.h: the API as its clients see it, in this process: a server with the guard and all
 * handlers on a fresh database, the sandbox's Twilio beside it, and people who are signed in. Every
 * answer is checked against api/openapi.yaml: its status must be listed and its body must fit. */
#pragma once
#include "api/api.h"
#include "net/http_client.h"
#include "rules/roles.h"
#include "test/postgres.h"

#include <cjson/cJSON.h>

#define API_DEFAULT_VOICE "kArEnCsFeMaLe0000001" /* Karen of the sandbox */

struct api_world {
    struct bench bench;
    struct db *db_operator;
    struct api api;
    struct sandbox *sandbox;
    struct http_client *http;
    struct twilio_rest *rest; /* to the sandbox, as the next two */
    struct tts_driver *tts;
    struct llm_driver *llm;
    struct voice_list *voices;
    struct clips *clips;
    struct prompts *prompts;
    struct http_server *server;
    char base[64]; /* of the server */
    struct auth_keys *keys;
    /* of the newest answer */
    int status;
    struct buf body, headers;
    cJSON *json; /* NULL: it is none */
};
extern struct api_world api_world;

void api_world_open_sandbox(struct api_world *world); /* api_sandbox.c */
void api_world_close_sandbox(struct api_world *world);
int api_world_open(void **state); /* cmocka's group or test set-up */
int api_world_close(void **state);

/* Somebody who is signed in. */
struct person {
    struct uuid tenant, user, session;
    char phone[17];
    char token[1024];
};
struct uuid api_tenant(const char *name);
struct person api_person(struct uuid tenant, enum role role, const char *phone);
/* A tenant with one person of each role, whose phones nobody else has. */
struct customer {
    struct person owner, admin, member;
    char tenant[UUID_TEXT_BYTES];
    char path[80]; /* "/api/tenants/<id>" */
};
struct customer api_customer(const char *name);
void api_make_operator(const struct person *person);

/* One that nobody answers; the caller frees it with twilio_rest_free(). */
struct twilio_rest *api_dead_rest(void);
/* What Twilio's stand-in saw: how many requests an endpoint got ("start_verification"), the body of
 * the newest of them, the code that is waiting for a phone ("": none). Static. */
int64_t api_sandbox_asked(const char *endpoint);
int64_t api_sandbox_asked_of(const char *party, const char *endpoint);
/* From now on this goes wrong there: sandbox/faults.h; NULL: all is well again. */
void api_sandbox_fault(const char *json);
const char *api_sandbox_newest(const char *endpoint);
const char *api_sandbox_code(const char *phone);

/* Asks and waits: the status. path may hold printf's directives for what follows; person NULL:
 * nobody; json NULL: no body. */
int api_ask(const struct person *person, enum http_method method, const char *json,
            const char *path, ...) __attribute__((format(printf, 4, 5)));
/* The same with more headers, "Name: value", up to NULL. */
int api_ask_with(const struct person *person, enum http_method method, const char *const *headers,
                 struct str body, const char *path);
/* Of the newest answer: a header (NULL: it is not there); a value by its JSON path, "items.0.id":
 * text, number or "true", "null"; fails the test when it is not there. Static, four at a time. */
const char *api_header(const char *name);
const char *api_value(const char *path);
bool api_has(const char *path);
/* Fails unless the newest answer is this problem. */
void api_expect_problem(int status, const char *code);
void api_expect_field(const char *field); /* ... that names this field */
