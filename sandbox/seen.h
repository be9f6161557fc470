/* sandbox/seen.h: what the outside parties were sent, for tests to assert on: counters, the newest
 * requests with their bodies, the newest streams. Keys and passwords are not kept. */
#pragma once
#include "base/buf.h"
#include "net/http.h"

#include <stdint.h>

enum {
    SEEN_ENDPOINTS_MAX = 96,
    SEEN_REQUESTS_MAX = 32,          /* kept of each party, newest last */
    SEEN_STREAMS_MAX = 64,           /* of each party */
    SEEN_BODY_BYTES_MAX = 32 * 1024, /* more of a body is left out */
};

struct seen_party; /* opaque: what one party saw */

struct seen_party *seen_party_new(void);
void seen_party_free(struct seen_party **seen);

struct seen_counts {
    const char *endpoint; /* static */
    int64_t requests, refused, faults, bytes_in, bytes_out, live;
};
/* The counters of an endpoint, to be counted up in place; valid as long as the party. */
struct seen_counts *seen_counts(struct seen_party *seen, const char *endpoint);

struct seen_request {
    const char *endpoint; /* static */
    enum http_method method;
    struct str target; /* copied */
    const char *auth;  /* static: "ok", "wrong", "none", "free" */
    struct str body;   /* copied */
};
/* Keeps it; returns a number by which seen_status() finds it as long as it is kept. */
uint64_t seen_request(struct seen_party *seen, const struct seen_request *request);
void seen_status(struct seen_party *seen, uint64_t number, int status);
/* A stream is over: json is an object that tells of it; copied. */
void seen_stream(struct seen_party *seen, struct str json);
void seen_reset(struct seen_party *seen); /* counters but live, requests and streams */

/* The members "endpoints", "requests" and "streams" of an object, without its braces. */
void seen_print(const struct seen_party *seen, struct buf *out);
