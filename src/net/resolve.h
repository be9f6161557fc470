/* net/resolve.h: a host's addresses, without stopping the loop. For clients whose library would
 * look them up and block. */
#pragma once
#include "base/op.h"
#include "net/loop.h"

#include <stddef.h>

enum { RESOLVE_TEXT_BYTES = 46, RESOLVE_ADDRESSES_MAX = 8 }; /* INET6_ADDRSTRLEN */

struct resolved {
    size_t count;                                              /* at least 1 */
    char addresses[RESOLVE_ADDRESSES_MAX][RESOLVE_TEXT_BYTES]; /* in digits, best first */
};
/* found: borrowed until the callback returns; NULL when err.
 * ENOENT: there is no such name; ETIMEDOUT: no name server answered; EIO: it answered nonsense. */
typedef void resolve_fn(int err, const struct resolved *found, void *arg);
void resolve(struct loop *loop, const char *host, resolve_fn *on_found, void *arg,
             struct op **slot);
