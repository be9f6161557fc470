/* net/resolve.c: libevent's resolver as a thing in flight. */
#include "net/resolve.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct lookup {
    struct op op; /* first: an op is cast back to its lookup */
    struct loop *loop;
    struct evdns_getaddrinfo_request *request; /* NULL once it was answered */
    resolve_fn *on_found;
    void *arg;
    struct resolved found;
    int err;
    bool cancelled;
};

/* At the turn's end: evdns may answer at once, our callback must not. */
static void deliver(void *arg)
{
    struct lookup *lookup = arg;
    if (!lookup->cancelled) {
        op_end(&lookup->op);
        lookup->on_found(lookup->err, lookup->err ? NULL : &lookup->found, lookup->arg);
    }
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

static void add_address(struct resolved *found, const struct sockaddr *address)
{
    const void *bytes = address->sa_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    if (found->count < RESOLVE_ADDRESSES_MAX)
        inet_ntop(address->sa_family, bytes, found->addresses[found->count++], RESOLVE_TEXT_BYTES);
}

/* Runs for a cancelled request, too: only then does evdns let go of it. */
static void on_answer(int failure, struct evutil_addrinfo *answer, void *arg)
{
    struct lookup *lookup = arg;
    lookup->request = NULL;
    for (const struct evutil_addrinfo *each = answer; each; each = each->ai_next)
        if (each->ai_family == AF_INET || each->ai_family == AF_INET6)
            add_address(&lookup->found, each->ai_addr);
    lookup->err = failure ? error_of(failure) : lookup->found.count ? 0 : ENOENT;
    if (answer)
        evutil_freeaddrinfo(answer);
    loop_defer(lookup->loop, deliver, lookup);
}

static void cancel(struct op *op)
{
    struct lookup *lookup = (struct lookup *)op;
    lookup->cancelled = true;
    if (lookup->request)
        evdns_getaddrinfo_cancel(lookup->request);
}

/* Addresses, and the one name everybody knows, need no look-up. */
static bool is_known(struct resolved *found, const char *host)
{
    static const struct resolved localhost = {2, {"127.0.0.1", "::1"}};
    unsigned char address[sizeof(struct in6_addr)];
    if (strcmp(host, "localhost") == 0) {
        *found = localhost;
        return true;
    }
    if (inet_pton(AF_INET, host, address) != 1 && inet_pton(AF_INET6, host, address) != 1)
        return false;
    found->count = 1;
    snprintf(found->addresses[0], RESOLVE_TEXT_BYTES, "%s", host);
    return true;
}

void resolve(struct loop *loop, const char *host, resolve_fn *on_found, void *arg, struct op **slot)
{
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct lookup *lookup = xalloc(sizeof(*lookup));
    lookup->loop = loop;
    lookup->on_found = on_found;
    lookup->arg = arg;
    op_begin(&lookup->op, cancel, slot);
    if (is_known(&lookup->found, host)) {
        loop_defer(loop, deliver, lookup);
        return;
    }
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(loop_dns(loop), host, NULL, &hints, on_answer, lookup);
    if (request) /* else on_answer() has run */
        lookup->request = request;
}
