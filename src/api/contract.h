/* api/contract.h: api/openapi.yaml as the server lives by it: which operations there are, who may
 * ask for them, and what a request must look like. Read once at start; pure after that.
 *
 * Only the part of OpenAPI 3.1 and JSON Schema that the contract uses is known; anything else in it
 * is refused at start, so that no rule of the file is silently not applied. */
#pragma once
#include "base/buf.h"
#include "base/embed.h"
#include "base/mem.h"
#include "net/http.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    CONTRACT_BODY_BYTES_MAX = 64 * 1024, /* where x-body-bytes-max says nothing */
    CONTRACT_FAULTS_MAX = 16,            /* of one request that are told at once */
    CONTRACT_DEPTH_MAX = 16,             /* of a body */
    CONTRACT_MEMBERS_MAX = 256,          /* of one object in a body */
};

extern const struct embedded contract_file[]; /* api/openapi.yaml as JSON, the only one */

/* Who may ask; each includes the ones behind it, but for the operator, who is beside them. */
enum access { ACCESS_PUBLIC, ACCESS_MEMBER, ACCESS_ADMIN, ACCESS_OWNER, ACCESS_OPERATOR };
const char *access_code(enum access access); /* "public" ... */

struct contract;
struct schema;

struct operation {
    const char *id; /* operationId */
    enum http_method method;
    const char *path; /* as net/http_server.h wants it: "/api/tenants/:tenant_id/calls" */
    enum access access;
    const char *scope;     /* what an API key needs; NULL: keys may not */
    bool secret;           /* its answer holds a secret, shown once and kept nowhere */
    size_t body_bytes_max; /* 0: it takes no body */
    bool body_required;
    int status; /* of the answer when all goes well: the first 2xx listed */
    const struct operation_parts *parts;
};

/* What is wrong with a request, and where: a JSON pointer into the body ("/name"), or the name of a
 * parameter. */
struct fault {
    const char *field;
    const char *message;
};
struct faults {
    struct arena *arena; /* of the texts */
    struct fault list[CONTRACT_FAULTS_MAX];
    size_t count; /* more are not kept */
};

/* json: the contract, as converted at build time. EINVAL: it cannot be lived by; *why_out then
 * names the place (the caller frees it with free()). */
int contract_load(struct str json, struct contract **contract_out, char **why_out);
void contract_free(struct contract **contract);
/* Those of longer literal paths first, so that ".../calls/counts" is not taken for a call's id. */
const struct operation *contract_operations(const struct contract *contract, size_t *count_out);

/* Reads a body: one JSON value in valid UTF-8, no key twice, no U+0000, not deeper than
 * CONTRACT_DEPTH_MAX. The tree lives as long as the arena. EINVAL: a fault was added. */
int contract_read_body(struct str text, struct arena *arena, cJSON **body_out,
                       struct faults *faults);
/* The body by the operation's schema. Returns 0 or EINVAL with at least one fault. */
int operation_check_body(const struct operation *operation, const cJSON *body,
                         struct faults *faults);

/* An answer by the operation's responses: the status is listed and the body fits. body NULL: none,
 * or no JSON. For tests, and for `karen serve` in development, which says in its log where it does
 * not keep the contract. */
int operation_check_answer(const struct operation *operation, int status, const char *content_type,
                           const cJSON *body, struct faults *faults);
/* Whether this path (without a query) is one of the operation. */
bool operation_path_fits(const struct operation *operation, struct str path);

/* A parameter of path, query or header by its name. */
struct parameter {
    const char *name;
    enum parameter_place { PARAMETER_PATH, PARAMETER_QUERY, PARAMETER_HEADER } place;
    bool required;
    const char *preset; /* the schema's default, as text; NULL: none */
};
size_t operation_parameters(const struct operation *operation, const struct parameter **list_out);
/* value as the client sent it, decoded. Returns 0 or EINVAL with a fault. */
int operation_check_parameter(const struct operation *operation, const struct parameter *parameter,
                              const char *value, struct faults *faults);
