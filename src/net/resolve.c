/* net/resolve.c: libevent's resolver as a thing in flight. */
#include "net/resolve.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct lookup {
    struct op op;
    struct timer *deliver; /* evdns may answer at once, our callback must not */
    struct evdns_getaddrinfo_request *request;
    resolve_fn *on_address;
    void *arg;
    bool cancelled, answered;
    int err;
    char address[RESOLVE_TEXT_BYTES];
};

static void on_deliver(void *arg)
{
    struct lookup *lookup = arg;
    op_end(&lookup->op);
    lookup->on_address(lookup->err, lookup->err ? NULL : lookup->address, lookup->arg);
    timer_free(&lookup->deliver);
    free(lookup);
}

static int error_of(int failure)
{
    switch (failure) {
    case 0: return 0;
    case EVUTIL_EAI_NONAME:
    case EVUTIL_EAI_NODATA: return ENOENT;
    case EVUTIL_EAI_AGAIN: return ETIMEDOUT;
    default: return EIO;
    }
}

static void print_address(const struct evutil_addrinfo *found, char text[RESOLVE_TEXT_BYTES])
{
    const void *bytes = found->ai_family == AF_INET6
                            ? (const void *)&((struct sockaddr_in6 *)found->ai_addr)->sin6_addr
                            : (const void *)&((struct sockaddr_in *)found->ai_addr)->sin_addr;
    inet_ntop(found->ai_family, bytes, text, RESOLVE_TEXT_BYTES);
}

static void on_answer(int failure, struct evutil_addrinfo *found, void *arg)
{
    struct lookup *lookup = arg;
    lookup->answered = true;
    lookup->request = NULL;
    lookup->err = error_of(failure);
    if (!failure)
        print_address(found, lookup->address);
    if (found)
        evutil_freeaddrinfo(found);
    if (lookup->cancelled)
        free(lookup); /* evdns answers a cancelled request too, and only then lets go of it */
    else
        timer_set(lookup->deliver, 0);
}

static void cancel(struct op *op)
{
    struct lookup *lookup = (struct lookup *)op;
    timer_free(&lookup->deliver);
    if (lookup->answered) {
        free(lookup);
        return;
    }
    lookup->cancelled = true;
    evdns_getaddrinfo_cancel(lookup->request);
}

void resolve(struct loop *loop, const char *host, resolve_fn *on_address, void *arg,
             struct op **slot)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct lookup *lookup = xalloc(sizeof(*lookup));
    lookup->on_address = on_address;
    lookup->arg = arg;
    lookup->deliver = timer_new(loop, on_deliver, lookup);
    op_begin(&lookup->op, cancel, slot);
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(loop_dns(loop), host, NULL, &hints, on_answer, lookup);
    if (!lookup->answered)
        lookup->request = request;
}
