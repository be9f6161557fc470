/* carrier/twilio_sign.c: HMAC-SHA1 over URL and fields, and the ways in which Twilio writes the
 * same URL. */
#include "carrier/twilio_sign.h"

#include "base/hash.h"
#include "base/mem.h"
#include "net/url.h"

#include <stdlib.h>
#include <string.h>

/* A URL in the parts that vary. Borrowed from its text. */
struct parts {
    struct str scheme, host, port, path, query;
    bool has_port, has_query;
};

static bool split_authority(struct str authority, struct parts *parts)
{
    const char *bracket = memchr(authority.at, ']', authority.bytes);
    size_t from = bracket ? (size_t)(bracket - authority.at) : 0;
    const char *colon = NULL;
    for (size_t i = from; i < authority.bytes; i++)
        if (authority.at[i] == ':')
            colon = authority.at + i; /* the last one: a password may hold others */
    if (colon && memchr(colon, '@', (size_t)(authority.at + authority.bytes - colon)))
        colon = NULL;
    parts->has_port = colon != NULL;
    parts->host =
        (struct str){authority.at, colon ? (size_t)(colon - authority.at) : authority.bytes};
    if (colon)
        parts->port = (struct str){colon + 1, (size_t)(authority.at + authority.bytes - colon - 1)};
    return parts->host.bytes > 0;
}

static bool split(struct str url, struct parts *parts)
{
    *parts = (struct parts){0};
    const char *fragment = url.bytes ? memchr(url.at, '#', url.bytes) : NULL;
    if (fragment)
        url.bytes = (size_t)(fragment - url.at);
    const char *sep = url.bytes ? memmem(url.at, url.bytes, "://", 3) : NULL;
    if (!sep)
        return false;
    parts->scheme = (struct str){url.at, (size_t)(sep - url.at)};
    struct str rest = {sep + 3, (size_t)(url.at + url.bytes - sep - 3)};
    const char *mark = rest.bytes ? memchr(rest.at, '?', rest.bytes) : NULL;
    parts->has_query = mark != NULL;
    if (mark) {
        parts->query = (struct str){mark + 1, (size_t)(rest.at + rest.bytes - mark - 1)};
        rest.bytes = (size_t)(mark - rest.at);
    }
    const char *slash = rest.bytes ? memchr(rest.at, '/', rest.bytes) : NULL;
    size_t authority_bytes = slash ? (size_t)(slash - rest.at) : rest.bytes;
    parts->path = (struct str){rest.at + authority_bytes, rest.bytes - authority_bytes};
    return split_authority((struct str){rest.at, authority_bytes}, parts);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-_.!~*'()", c));
}

static void add_reencoded(struct buf *out, struct str part)
{
    static const char digits[] = "0123456789ABCDEF";
    struct buf plain = {0};
    if (url_decode(&plain, part, true)) { /* broken escapes stay as they are */
        buf_clear(&plain);
        buf_add_str(&plain, part);
    }
    for (size_t i = 0; i < plain.bytes; i++) {
        unsigned char byte = (unsigned char)plain.data[i];
        if (is_plain(plain.data[i])) {
            buf_putc(out, plain.data[i]);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digits[byte >> 4]);
            buf_putc(out, digits[byte & 15]);
        }
    }
    buf_free(&plain);
}

/* The query as a program writes it that took it apart first: names and values encoded anew. */
static void add_query_reencoded(struct buf *out, struct str query)
{
    bool first = true;
    while (query.bytes) {
        struct str value = str_cut(&query, '&');
        if (!value.bytes)
            continue;
        struct str name = str_cut(&value, '=');
        if (!first)
            buf_putc(out, '&');
        first = false;
        add_reencoded(out, name);
        buf_putc(out, '=');
        add_reencoded(out, value);
    }
}

/* What is done to a URL before it is signed; the names are those of twilio_verdict.matched. */
enum vary {
    VARY_PORT = 1,  /* the scheme's own port: written where it was not, left out where it was */
    VARY_QUERY = 2, /* encoded anew */
    VARY_SCHEME = 4,
    VARY_SLASH = 8,
    VARY_EXTRAS = 16,
    VARY_END = 32,
};

static bool is_socket(const struct parts *parts)
{
    return str_is(parts->scheme, "ws") || str_is(parts->scheme, "wss");
}

static void add_url(struct buf *out, const struct parts *parts, unsigned vary)
{
    struct str scheme = parts->scheme;
    bool tls = str_is(scheme, "https") || str_is(scheme, "wss");
    if (vary & VARY_SCHEME)
        scheme = str_of(tls ? "https" : "http");
    buf_add_str(out, scheme);
    buf_puts(out, "://");
    buf_add_str(out, parts->host);
    bool with_port = (vary & VARY_PORT) ? !parts->has_port : parts->has_port;
    if (with_port) {
        buf_putc(out, ':');
        buf_add_str(out, parts->has_port ? parts->port : str_of(tls ? "443" : "80"));
    }
    struct str path = parts->path;
    bool slash = path.bytes && path.at[path.bytes - 1] == '/';
    if ((vary & VARY_SLASH) && slash)
        path.bytes--;
    buf_add_str(out, path);
    if ((vary & VARY_SLASH) && !slash)
        buf_putc(out, '/');
    if (!parts->has_query)
        return;
    buf_putc(out, '?');
    if (vary & VARY_QUERY)
        add_query_reencoded(out, parts->query);
    else
        buf_add_str(out, parts->query);
}

static int by_name_then_value(const void *one, const void *other)
{
    const struct http_field *a = one, *b = other;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->value, b->value);
}

static bool is_extra(const char *name)
{
    return strcmp(name, "CallToken") == 0 || strcmp(name, "StirVerstat") == 0;
}

static bool has_extras(const struct http_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_extra(fields[i].name))
            return true;
    return false;
}

/* Fields sorted by name, then value; a value that a name repeats counts once. */
static void add_fields(struct buf *out, const struct http_field *sorted, size_t count,
                       bool without_extras)
{
    for (size_t i = 0; i < count; i++) {
        if (without_extras && is_extra(sorted[i].name))
            continue;
        if (i > 0 && by_name_then_value(&sorted[i - 1], &sorted[i]) == 0)
            continue;
        buf_puts(out, sorted[i].name);
        buf_puts(out, sorted[i].value);
    }
}

static struct http_field *sort_fields(const struct http_field *fields, size_t count)
{
    struct http_field *sorted = xalloc((count + 1) * sizeof(*sorted));
    if (count)
        memcpy(sorted, fields, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_name_then_value);
    return sorted;
}

static void mac_text(struct str token, struct str text, char out[TWILIO_SIGNATURE_TEXT_BYTES])
{
    uint8_t mac[SHA1_BYTES];
    struct buf base64 = {0};
    hmac_sha1(token, text, mac);
    base64_put(&base64, mac, sizeof(mac));
    memcpy(out, base64.data, TWILIO_SIGNATURE_TEXT_BYTES);
    buf_free(&base64);
}

void twilio_sign(const char *url, const struct http_field *fields, size_t field_count,
                 const char *token, char signature_out[TWILIO_SIGNATURE_TEXT_BYTES])
{
    struct http_field *sorted = sort_fields(fields, field_count);
    struct buf text = {0};
    buf_add(&text, url, strcspn(url, "#"));
    add_fields(&text, sorted, field_count, false);
    mac_text(str_of(token), buf_str(&text), signature_out);
    buf_free(&text);
    free(sorted);
}

/* Twilio has been seen to write bodySHA256 twice, so any of them may be the right one. */
static bool body_is_covered(const struct parts *parts, struct str body)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = {0};
    bool covered = false;
    sha256(body, digest);
    hex_put(&hex, digest, sizeof(digest));
    for (struct str rest = parts->query; rest.bytes;) {
        struct str value = str_cut(&rest, '&');
        struct str name = str_cut(&value, '=');
        covered = covered || (str_is(name, "bodySHA256") && bytes_equal(value, buf_str(&hex)));
    }
    buf_free(&hex);
    return covered;
}

static void name_match(unsigned vary, char out[8])
{
    static const struct {
        enum vary bit;
        char name;
    } names[] = {{VARY_SCHEME, 's'},
                 {VARY_SLASH, '/'},
                 {VARY_PORT, 'p'},
                 {VARY_QUERY, 'q'},
                 {VARY_EXTRAS, 'x'}};
    size_t used = 0;
    for (size_t i = 0; i < countof(names); i++)
        if (vary & names[i].bit)
            out[used++] = names[i].name;
    out[used] = '\0';
}

static bool matches_one(struct str text, const char *signature, const char *const *tokens,
                        size_t token_count, size_t *token_out)
{
    for (size_t i = 0; i < token_count; i++) {
        char right[TWILIO_SIGNATURE_TEXT_BYTES];
        if (!tokens[i] || !tokens[i][0])
            continue;
        mac_text(str_of(tokens[i]), text, right);
        if (bytes_equal(str_of(right), str_of(signature))) {
            *token_out = i;
            return true;
        }
    }
    return false;
}

/* The variants that can differ for this request; the others would only repeat the same text. */
static unsigned worth_varying(const struct parts *parts, const struct twilio_request *request)
{
    unsigned worth = VARY_PORT;
    if (parts->has_query)
        worth |= VARY_QUERY;
    if (is_socket(parts))
        worth |= VARY_SCHEME | VARY_SLASH;
    if (has_extras(request->fields, request->field_count))
        worth |= VARY_EXTRAS;
    return worth;
}

struct twilio_verdict twilio_check(const struct twilio_request *request, const char *const *tokens,
                                   size_t token_count)
{
    struct twilio_verdict verdict = {0};
    struct parts parts;
    if (!request->signature || strlen(request->signature) != TWILIO_SIGNATURE_TEXT_BYTES - 1)
        return verdict;
    if (!split(str_of(request->url), &parts))
        return verdict;
    if (request->body.bytes && !body_is_covered(&parts, request->body))
        return verdict;
    struct http_field *sorted = sort_fields(request->fields, request->field_count);
    struct buf text = {0};
    unsigned worth = worth_varying(&parts, request);
    for (unsigned vary = 0; vary < VARY_END && !verdict.genuine; vary++) {
        if (vary & ~worth)
            continue;
        buf_clear(&text);
        add_url(&text, &parts, vary);
        add_fields(&text, sorted, request->field_count, (vary & VARY_EXTRAS) != 0);
        verdict.genuine =
            matches_one(buf_str(&text), request->signature, tokens, token_count, &verdict.token);
        verdict.extras_untrusted = verdict.genuine && (vary & VARY_EXTRAS);
        if (verdict.genuine)
            name_match(vary, verdict.matched);
    }
    buf_free(&text);
    free(sorted);
    return verdict;
}
