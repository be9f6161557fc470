/* net/resolve.h: a host's address, without stopping the loop. For clients whose library would look
 * it up and block. */
#pragma once
#include "base/op.h"
#include "net/loop.h"

enum { RESOLVE_TEXT_BYTES = 46 }; /* INET6_ADDRSTRLEN */

/* address: the first one, in digits; borrowed until the callback returns; NULL when err.
 * ENOENT: there is no such name; ETIMEDOUT: no name server answered; EIO: it answered nonsense. */
typedef void resolve_fn(int err, const char *address, void *arg);
void resolve(struct loop *loop, const char *host, resolve_fn *on_address, void *arg,
             struct op **slot);
