/* fuzz/fuzz_url.c: what is taken for a URL can be put together again and means the same; what was
 * decoded, encoded again, decodes to the same. */
#include "net/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void try_url(const char *text)
{
    struct url url = {0}, again = {0};
    struct buf built = {0};
    if (url_parse(text, &url))
        return;
    check(url.host[0] && url.port && url.target.bytes && url.target.at[0] == '/');
    bool is_ipv6 = strchr(url.host, ':');
    buf_printf(&built, "%s://%s%s%s:%u%.*s", url.tls ? "wss" : "ws", is_ipv6 ? "[" : "", url.host,
               is_ipv6 ? "]" : "", url.port, (int)url.target.bytes, url.target.at);
    check(url_parse(buf_text(&built), &again) == 0);
    check(strcmp(url.host, again.host) == 0 && url.port == again.port && url.tls == again.tls);
    check(url.target.bytes == again.target.bytes &&
          memcmp(url.target.at, again.target.at, url.target.bytes) == 0);
    buf_free(&built);
}

static void try_decode(struct str text, bool plus_is_space)
{
    struct buf decoded = {0}, encoded = {0}, again = {0};
    if (url_decode(&decoded, text, plus_is_space) == 0) {
        check(!decoded.bytes || !memchr(decoded.data, 0, decoded.bytes));
        buf_url_part(&encoded, buf_str(&decoded));
        check(url_decode(&again, buf_str(&encoded), plus_is_space) == 0);
        check(again.bytes == decoded.bytes &&
              (!again.bytes || memcmp(again.data, decoded.data, again.bytes) == 0));
    }
    buf_free(&decoded);
    buf_free(&encoded);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct buf text = {0};
    buf_add(&text, data, bytes);
    try_url(buf_text(&text));
    try_decode(buf_str(&text), false);
    try_decode(buf_str(&text), true);
    buf_free(&text);
    return 0;
}
