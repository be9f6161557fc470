/* api/operations.h: every operation of the contract and its handler, one row each, sorted. A
 * handler includes this, a new one adds its row: operationId, function. */
#pragma once
#include "api/request.h"

/* clang-format off */
#define OPERATIONS(row) \
    row(getInstallation, api_get_installation)
/* clang-format on */

#define OPERATION_DECLARED(id, handler) operation_fn handler;
OPERATIONS(OPERATION_DECLARED)

/* NULL: there is none. */
operation_fn *operation_handler(const char *operation_id);
/* The operationId of each handler, to see that none is without its operation; NULL at the end. */
const char *operation_handler_name(size_t index);
