/* api/request.h: a request that has passed the guard: who asks, what is asked, and the ways to
 * answer. Handlers check no role, no length, no type: the contract did (api/contract.h). */
#pragma once
#include "api/api.h"
#include "api/contract.h"
#include "base/id.h"
#include "net/http_server.h"
#include "store/json.h"
#include "store/people.h"

#include <cjson/cJSON.h>

struct api_request {
    struct http_req *http; /* its arena lives as long as the request, its slot is the handler's */
    struct api *api;
    const struct operation *operation;
    struct principal who; /* nobody when the operation is public */
    struct uuid tenant;   /* whose rows: who.tenant, which the path names, too; nil: nobody's */
    const cJSON *body;    /* by its schema; NULL: none came */
    int64_t if_match;     /* the version an If-Match names; -1: it came without */
    int status;           /* of the answer when all goes well; a handler may change it */
    bool cookies;         /* a browser that holds its session in cookies */
    struct idempotency *idempotency; /* its answer is kept under a key; NULL: not asked for */
    bool alive;  /* the answer changes while its version stays: it is never 304 */
    void *state; /* the handler's own */
};
typedef void operation_fn(struct api_request *request);

/* ---- what was asked -------------------------------------------------------------------------- */

/* A parameter, valid, its default applied; NULL, 0, false, nil: it was not given and has none. */
const char *api_text(const struct api_request *request, const char *name);
int64_t api_whole(const struct api_request *request, const char *name);
bool api_truth(const struct api_request *request, const char *name);
struct uuid api_id(const struct api_request *request, const char *name);

/* A member of the body. NULL, or the preset, when it is absent or null. */
const char *api_body_text(const struct api_request *request, const char *name);
int64_t api_body_whole(const struct api_request *request, const char *name, int64_t preset);
bool api_body_truth(const struct api_request *request, const char *name, bool preset);
struct uuid api_body_id(const struct api_request *request, const char *name);
bool api_body_has(const struct api_request *request, const char *name); /* null counts */
const char *api_body_json(const struct api_request *request); /* all of it, for a jsonb value */

/* Who did it, for the audit log: "user:<id>", "key:<id>", "operator:<id>". */
const char *api_actor(const struct api_request *request);

/* ---- answers: exactly one, from the handler or later ------------------------------------------
 */

/* A top-level member "version" makes an ETag of it; If-None-Match is looked at for GET. */
void api_reply_json(struct api_request *request, int status, struct str json);
/* Bytes of another kind, whole. */
void api_reply_bytes(struct api_request *request, const char *content_type, struct str bytes);
void api_reply_empty(struct api_request *request); /* 204 */
/* code: snake_case, stable, what clients translate by; detail: a sentence for developers. */
void api_fail(struct api_request *request, int status, const char *code, const char *detail);
/* 422 that names what is wrong: a JSON pointer into the body or a parameter's name. */
void api_fail_field(struct api_request *request, const char *field, const char *message);
/* The problem that an error of the store is: ENOENT 404 not_found, EEXIST 409 already_exists, EBUSY
 * 409 conflict, ESTALE 412 version_mismatch, EINVAL 422 invalid, EACCES and EPERM 403 forbidden,
 * EDQUOT 429 too_many, all others 503 database_away with Retry-After. */
void api_fail_with(struct api_request *request, int err);
/* 429 with Retry-After; 503 with it. */
void api_fail_limit(struct api_request *request, const char *code, const char *detail,
                    int64_t retry_after_s);
void api_fail_away(struct api_request *request, const char *code, const char *detail,
                   int64_t retry_after_s);

/* Callbacks for the store, with the request as their arg. */
void api_on_json(int err, struct str json, void *arg); /* request->status, or the problem */
void api_on_end(int err, void *arg);                   /* 204, or the problem */
