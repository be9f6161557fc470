/* api/request_private.h: what guard and request share: the answer on its way out. */
#pragma once
#include "api/request.h"

struct api_answer {
    int status;
    const char *content_type;
    struct str body;
    int64_t version;       /* for the ETag; -1: none */
    bool alive;            /* never 304 */
    int64_t retry_after_s; /* 0: not said */
};
struct api_problem {
    int status;
    const char *code, *detail;
    const struct fault *faults;
    size_t fault_count;
    int64_t retry_after_s;
    const int64_t *attempts_left; /* NULL: it is not about attempts */
};

/* A parameter's value as the client sent it; NULL: it did not. */
const char *request_value(const struct http_req *http, const struct parameter *parameter);
/* Whether the client has it already, by one of the tags it lists. Source: RFC 9110 13.1.2. */
bool request_knows(const struct http_req *http, const char *tag);
void request_send(struct http_req *http, const struct api_answer *answer);
void request_print_problem(const struct http_req *http, const struct api_problem *problem,
                           struct buf *out);
void request_refuse(struct api_request *request, const struct api_problem *problem);
/* Writes the answer down under the request's Idempotency-Key, then sends it: guard_keys.c. */
void request_keep(struct api_request *request, const struct api_answer *answer);
/* Claims the key and goes on with the handler, or answers as the first time. */
void request_claim_key(struct api_request *request, const char *key);
void request_handle(struct api_request *request); /* past the guard: the handler runs */
