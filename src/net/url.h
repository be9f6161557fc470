/* net/url.h: URLs taken apart. Source: RFC 3986. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct url {
    bool tls;       /* https or wss */
    char host[256]; /* without the brackets of an IPv6 address */
    uint16_t port;  /* the scheme's own where none was written */
    bool port_given;
    struct str target; /* path and query, borrowed from the text; "/" where there is none */
};
/* http, https, ws and wss; EINVAL for anything else, for user names in the URL and control bytes.
 */
int url_parse(const char *text, struct url *url_out);

/* The base of a WebSocket beside an API at base_url (http, https, ws or wss): with ws or wss,
 * without slashes at its end. EINVAL: it begins with none of these. */
int url_socket_base(const char *base_url, struct buf *out);

/* %XX and + resolved; EINVAL for broken escapes and for %00. */
int url_decode(struct buf *out, struct str text, bool plus_is_space);
