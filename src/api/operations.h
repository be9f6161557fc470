/* api/operations.h: which handler each operation of the contract has. */
#pragma once
#include "api/api.h"

/* NULL: there is none. */
operation_fn *operation_handler(const char *operation_id);
/* The next handler's operationId, to see that none is without its operation; NULL at the end. */
const char *operation_handler_name(size_t index);
