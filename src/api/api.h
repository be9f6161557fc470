/* api/api.h: all routes as one table, and what their handlers find in http_req.app. The carrier's
 * webhooks and the operator's pages are rows of api.c; all else is api/openapi.yaml's, paired with
 * its handlers by operations.c and entered through guard.c. */
#pragma once
#include "line/switchboard.h"
#include "net/http_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct auth_keys;
struct contract;
struct db;
struct health;
struct live;
struct operation;
struct proxies;
struct tally;
struct telephony;
struct twilio_rest;
struct voice_list;
struct api_request;
typedef void operation_fn(struct api_request *request);

struct api_counters {
    uint64_t limited;  /* refused for asking too often */
    uint64_t replayed; /* answered from what an Idempotency-Key kept */
};

/* What became of codes that were asked for and tried, and of sessions. */
enum code_outcome {
    CODE_SENT,
    CODE_LIMITED_PHONE,
    CODE_LIMITED_ADDRESS,
    CODE_LIMITED_PREFIX,
    CODE_LIMITED_DAY,
    CODE_COUNTRY,
    CODE_REFUSED, /* by Twilio, for good: no such number, no mobile, blocked */
    CODE_AWAY,
    CODE_OUTCOMES,
};
enum check_outcome {
    CHECK_APPROVED,
    CHECK_WRONG,
    CHECK_EXPIRED,
    CHECK_LIMITED,
    CHECK_AWAY,
    CHECK_OUTCOMES,
};
enum renewal_outcome { RENEWAL_DONE, RENEWAL_OVER, RENEWAL_REUSED, RENEWAL_OUTCOMES };
struct auth_counters {
    uint64_t codes[CODE_OUTCOMES], checks[CHECK_OUTCOMES], renewals[RENEWAL_OUTCOMES];
    uint64_t new_people, invites;
};

struct api {
    struct health *health;
    struct telephony *telephony;
    struct live *live;        /* what happens now, for those who watch */
    struct db *db;            /* as workers are: bound to the tenant of each unit */
    struct db *db_reports;    /* the same for what reads much, so that no call waits behind it */
    struct db *db_operator;   /* as operators are: all tenants, narrow columns, no words */
    int64_t tenant_calls_max; /* live calls of one tenant at once; 0: no limit */
    int64_t calls_capacity;   /* calls at once on a machine like this */
    struct auth_keys *keys;   /* of tokens */
    struct tally *tally;      /* how often who asked; NULL: not counted */
    struct proxies *proxies;  /* whose word on the client's address is believed */
    const char *public_url;   /* without a slash at its end */
    const char *origin;       /* scheme and host of it, as browsers send it */
    const char *default_country;
    const char *sign_in_countries; /* "CZ SK"; "all" */
    struct twilio_rest *rest;      /* codes and invites go out by it */
    const char *sms_sender;        /* MG..., a number or a name; NULL: no invites by SMS */
    int64_t token_seconds;         /* a token is good for */
    int64_t session_days;          /* a session that is not used */
    int64_t codes_per_day, codes_per_prefix, codes_per_address; /* see app/config_table.c */
    struct auth_counters auth;
    bool sandbox;                /* Twilio is not the real one */
    int64_t requests_per_minute; /* of one person or key; 0: no limit */
    bool tells_misfits;        /* in development: answers that break the contract are in the log */
    struct voice_list *voices; /* of the voice service */
    const char *default_voice; /* of tenants that chose none */
    struct clips *clips;       /* phrases that were spoken, for whoever wants to hear a voice */
    size_t previews;           /* being spoken just now */
    line_texts_fn *texts;      /* what Karen says and is told in a language */
    void *texts_arg;
    struct api_counters counters;

    /* made by api_open() */
    struct contract *contract;
    const struct operation *operations;
    operation_fn **handlers; /* one an operation */
    struct http_route *routes;
    size_t count; /* of routes */
};
static inline struct api *api_of(const struct http_req *req)
{
    return req->app;
}

/* Reads the contract and pairs its operations with their handlers. EINVAL: they do not fit;
 * *why_out says where, the caller frees it. */
int api_open(struct api *api, char **why_out);
void api_close(struct api *api); /* what api_open() made */

extern const struct http_route api_routes[]; /* those outside the contract; the first of routes */
extern const size_t api_route_count;
