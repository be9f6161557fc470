/* net/url.c: URLs into scheme, host, port and target; percent-encoding undone. */
#include "net/url.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static int take_scheme(struct str *rest, struct url *url)
{
    static const struct scheme {
        const char *start;
        bool tls;
    } schemes[] = {{"http://", false}, {"https://", true}, {"ws://", false}, {"wss://", true}};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (!str_starts(*rest, schemes[i].start))
            continue;
        url->tls = schemes[i].tls;
        rest->at += strlen(schemes[i].start);
        rest->bytes -= strlen(schemes[i].start);
        return 0;
    }
    return EINVAL;
}

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_';
}

static int set_host(struct url *url, struct str host, bool is_ipv6)
{
    struct in6_addr address;
    if (host.bytes == 0 || host.bytes >= sizeof(url->host))
        return EINVAL;
    for (size_t i = 0; i < host.bytes; i++) {
        char byte = host.at[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte + 'a' - 'A');
        if (!is_ipv6 && !is_name_byte(byte))
            return EINVAL;
        url->host[i] = byte;
    }
    url->host[host.bytes] = '\0';
    return is_ipv6 && inet_pton(AF_INET6, url->host, &address) != 1 ? EINVAL : 0;
}

static int set_port(struct url *url, struct str digits)
{
    unsigned port = 0;
    if (digits.bytes == 0 || digits.bytes > 5)
        return EINVAL;
    for (size_t i = 0; i < digits.bytes; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return EINVAL;
        port = port * 10 + (unsigned)(digits.at[i] - '0');
    }
    if (port == 0 || port > UINT16_MAX)
        return EINVAL;
    url->port = (uint16_t)port;
    url->port_given = true;
    return 0;
}

/* host, host:port, [ipv6] or [ipv6]:port; an @ (a user name) is no part of a host and so refused.
 */
static int take_authority(struct str authority, struct url *url)
{
    struct str host = authority, after = {0};
    bool is_ipv6 = str_starts(authority, "[");
    if (is_ipv6) {
        const char *end = memchr(authority.at, ']', authority.bytes);
        if (!end)
            return EINVAL;
        host = (struct str){authority.at + 1, (size_t)(end - authority.at) - 1};
        after = (struct str){end + 1, (size_t)(authority.at + authority.bytes - end) - 1};
    } else {
        const char *colon = memchr(authority.at, ':', authority.bytes);
        if (colon) {
            host.bytes = (size_t)(colon - authority.at);
            after = (struct str){colon, authority.bytes - host.bytes};
        }
    }
    int err = set_host(url, host, is_ipv6);
    if (!err && after.bytes)
        err = after.at[0] == ':' ? set_port(url, (struct str){after.at + 1, after.bytes - 1})
                                 : EINVAL;
    return err;
}

static bool is_url_text(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] <= ' ' || text.at[i] == 0x7F) /* char is signed: takes in 0x80 and up */
            return false;
    return true;
}

int url_parse(const char *text, struct url *url_out)
{
    struct url url = {0};
    struct str rest = str_of(text);
    if (!is_url_text(rest) || take_scheme(&rest, &url))
        return EINVAL;
    rest = str_cut(&rest, '#');
    size_t authority_bytes = 0;
    while (authority_bytes < rest.bytes && !strchr("/?", rest.at[authority_bytes]))
        authority_bytes++;
    url.port = url.tls ? 443 : 80;
    int err = take_authority((struct str){rest.at, authority_bytes}, &url);
    if (err)
        return err;
    url.target = (struct str){rest.at + authority_bytes, rest.bytes - authority_bytes};
    if (url.target.bytes == 0)
        url.target = str_of("/");
    if (url.target.at[0] != '/') /* "http://host?query": the / it lacks is nowhere to borrow from */
        return EINVAL;
    *url_out = url;
    return 0;
}

int url_socket_base(const char *base_url, struct buf *out)
{
    static const struct {
        const char *base, *socket;
    } schemes[] = {
        {"https://", "wss://"}, {"wss://", "wss://"}, {"http://", "ws://"}, {"ws://", "ws://"}};
    size_t scheme = 0;
    while (scheme < countof(schemes) && !str_starts(str_of(base_url), schemes[scheme].base))
        scheme++;
    if (scheme == countof(schemes))
        return EINVAL;
    struct str host = str_of(base_url + strlen(schemes[scheme].base));
    while (host.bytes && host.at[host.bytes - 1] == '/')
        host.bytes--;
    buf_puts(out, schemes[scheme].socket);
    buf_add_str(out, host);
    return 0;
}

static int hex_value(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if ((letter | 32) >= 'a' && (letter | 32) <= 'f')
        return (letter | 32) - 'a' + 10;
    return -1;
}

/* The byte of the %XX that text starts with; -1 if it is broken. */
static int escaped_byte(struct str text)
{
    int high = text.bytes >= 3 ? hex_value(text.at[1]) : -1;
    int low = text.bytes >= 3 ? hex_value(text.at[2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int url_decode(struct buf *out, struct str text, bool plus_is_space)
{
    size_t start = out->bytes;
    buf_reserve(out, text.bytes);
    while (text.bytes) {
        size_t took = text.at[0] == '%' ? 3 : 1;
        int byte = took == 3                            ? escaped_byte(text)
                   : text.at[0] == '+' && plus_is_space ? ' '
                                                        : (unsigned char)text.at[0];
        if (byte <= 0) {
            out->bytes = start;
            out->data[start] = '\0';
            return EINVAL;
        }
        buf_putc(out, (char)byte);
        text.at += took;
        text.bytes -= took;
    }
    return 0;
}
