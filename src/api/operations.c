/* api/operations.c: which handler an operation has. */
#include "api/operations.h"

#include "base/mem.h"

#include <string.h>

static const struct {
    const char *id;
    operation_fn *handler;
} operations[] = {
#define OPERATION_ROW(id, handler) {#id, handler},
    OPERATIONS(OPERATION_ROW)};

operation_fn *operation_handler(const char *operation_id)
{
    for (size_t i = 0; i < countof(operations); i++)
        if (strcmp(operations[i].id, operation_id) == 0)
            return operations[i].handler;
    return NULL;
}

const char *operation_handler_name(size_t index)
{
    return index < countof(operations) ? operations[index].id : NULL;
}
