/* sandbox/seen.c: a table of counters and two rings for each party. */
#include "sandbox/seen.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "sandbox/body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct kept_request {
    uint64_t number; /* 0: an empty place */
    const char *endpoint, *auth;
    enum http_method method;
    int status;
    char *target;
    struct buf body;
};

struct seen_party {
    struct seen_counts counts[SEEN_ENDPOINTS_MAX];
    size_t counts_used;
    struct kept_request requests[SEEN_REQUESTS_MAX];
    uint64_t request_count;
    char *streams[SEEN_STREAMS_MAX];
    uint64_t stream_count;
};

struct seen_party *seen_party_new(void)
{
    return xalloc(sizeof(struct seen_party));
}

static void forget_kept(struct seen_party *seen)
{
    for (size_t i = 0; i < countof(seen->requests); i++) {
        free(seen->requests[i].target);
        buf_free(&seen->requests[i].body);
        seen->requests[i] = (struct kept_request){0};
    }
    for (size_t i = 0; i < countof(seen->streams); i++) {
        free(seen->streams[i]);
        seen->streams[i] = NULL;
    }
    seen->stream_count = 0;
}

void seen_party_free(struct seen_party **seen)
{
    if (*seen)
        forget_kept(*seen);
    free(*seen);
    *seen = NULL;
}

void seen_reset(struct seen_party *seen)
{
    forget_kept(seen);
    for (size_t i = 0; i < seen->counts_used; i++)
        seen->counts[i] = (struct seen_counts){.endpoint = seen->counts[i].endpoint,
                                               .live = seen->counts[i].live};
}

struct seen_counts *seen_counts(struct seen_party *seen, const char *endpoint)
{
    for (size_t i = 0; i < seen->counts_used; i++)
        if (strcmp(seen->counts[i].endpoint, endpoint) == 0)
            return &seen->counts[i];
    assert(seen->counts_used < SEEN_ENDPOINTS_MAX && "a party has a table of endpoints, and few");
    struct seen_counts *counts = &seen->counts[seen->counts_used++];
    counts->endpoint = endpoint;
    return counts;
}

uint64_t seen_request(struct seen_party *seen, const struct seen_request *request)
{
    struct kept_request *kept = &seen->requests[seen->request_count % SEEN_REQUESTS_MAX];
    free(kept->target);
    buf_clear(&kept->body);
    kept->number = ++seen->request_count;
    kept->endpoint = request->endpoint;
    kept->auth = request->auth;
    kept->method = request->method;
    kept->status = 0;
    kept->target = xstrndup(request->target.at, request->target.bytes);
    buf_add_str(&kept->body, utf8_cut(request->body, SEEN_BODY_BYTES_MAX));
    return kept->number;
}

void seen_status(struct seen_party *seen, uint64_t number, int status)
{
    struct kept_request *kept = &seen->requests[(number - 1) % SEEN_REQUESTS_MAX];
    if (number && kept->number == number)
        kept->status = status;
}

void seen_stream(struct seen_party *seen, struct str json)
{
    char **place = &seen->streams[seen->stream_count++ % SEEN_STREAMS_MAX];
    free(*place);
    *place = xstrndup(json.at, json.bytes);
}

/* A body as what it is: JSON as JSON, text as a string, bytes as how many. */
static void print_body(struct str body, struct buf *out)
{
    cJSON *json = body_parse(body);
    if (json)
        body_print(json, out);
    else if (utf8_valid(body))
        buf_json_string(out, body);
    else
        buf_printf(out, "{\"bytes\":%zu}", body.bytes);
    cJSON_Delete(json);
}

static void print_request(const struct kept_request *kept, struct buf *out)
{
    buf_printf(out, "{\"endpoint\":\"%s\",\"method\":\"%s\",\"auth\":\"%s\",\"status\":%d,",
               kept->endpoint, http_method_name(kept->method), kept->auth, kept->status);
    buf_puts(out, "\"target\":");
    buf_json_string(out, str_of(kept->target));
    buf_puts(out, ",\"body\":");
    print_body(buf_str(&kept->body), out);
    buf_putc(out, '}');
}

static void print_counts(const struct seen_counts *counts, struct buf *out)
{
    buf_printf(out, "\"%s\":{\"requests\":%lld,\"refused\":%lld,\"faults\":%lld,", counts->endpoint,
               (long long)counts->requests, (long long)counts->refused, (long long)counts->faults);
    buf_printf(out, "\"bytes_in\":%lld,\"bytes_out\":%lld,\"live\":%lld}",
               (long long)counts->bytes_in, (long long)counts->bytes_out, (long long)counts->live);
}

static uint64_t oldest(uint64_t count, uint64_t most)
{
    return count > most ? count - most : 0;
}

void seen_print(const struct seen_party *seen, struct buf *out)
{
    buf_puts(out, "\"endpoints\":{");
    for (size_t i = 0; i < seen->counts_used; i++) {
        buf_puts(out, i ? "," : "");
        print_counts(&seen->counts[i], out);
    }
    buf_puts(out, "},\"requests\":[");
    bool first = true;
    for (uint64_t i = oldest(seen->request_count, SEEN_REQUESTS_MAX); i < seen->request_count;
         i++) {
        const struct kept_request *kept = &seen->requests[i % SEEN_REQUESTS_MAX];
        if (!kept->number)
            continue; /* from before a reset */
        buf_puts(out, first ? "" : ",");
        first = false;
        print_request(kept, out);
    }
    buf_puts(out, "],\"streams\":[");
    for (uint64_t i = oldest(seen->stream_count, SEEN_STREAMS_MAX); i < seen->stream_count; i++)
        buf_printf(out, "%s%s", i > oldest(seen->stream_count, SEEN_STREAMS_MAX) ? "," : "",
                   seen->streams[i % SEEN_STREAMS_MAX]);
    buf_putc(out, ']');
}
