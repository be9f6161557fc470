/* api/operation.h: the parts of an operation, as contract.c reads them and operation.c checks by
 * them. */
#pragma once
#include "api/schema.h"

struct answer {
    int status;
    const char *media_type;      /* NULL: it has no body */
    const struct schema *schema; /* of JSON only */
};

struct operation_parts {
    const struct schema *body;
    struct parameter *parameters;
    const struct schema **parameter_schemas; /* beside them */
    size_t parameter_count;
    struct answer *answers; /* one a status and media type */
    size_t answer_count;
};

bool media_is_json(const char *media_type); /* application/json and application/...+json */
