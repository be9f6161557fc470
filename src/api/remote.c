/* api/remote.c: addresses, trusted proxies, and the chain of X-Forwarded-For read from its end. */
#include "api/remote.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROXIES_MAX = 64, HOPS_MAX = 16, MAPPED_BITS = 96, ADDRESS_BITS = 128, GROUP_BYTES = 8 };

/* Every address as IPv6; IPv4 as ::ffff:a.b.c.d. */
struct proxies {
    struct prefix {
        struct in6_addr address;
        int bits;
    } list[PROXIES_MAX];
    size_t count;
};

static int parse_address(struct str text, struct in6_addr *address_out, bool *v4_out)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (text.bytes == 0 || text.bytes >= sizeof(copy))
        return EINVAL;
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = '\0';
    *v4_out = inet_pton(AF_INET, copy, &v4) == 1;
    if (!*v4_out)
        return inet_pton(AF_INET6, copy, address_out) == 1 ? 0 : EINVAL;
    memset(address_out, 0, 10);
    memset(address_out->s6_addr + 10, 0xFF, 2);
    memcpy(address_out->s6_addr + 12, &v4, 4);
    return 0;
}

static int parse_prefix(struct str text, struct prefix *prefix)
{
    bool v4, has_bits = text.bytes && memchr(text.at, '/', text.bytes);
    struct str address = str_cut(&text, '/');
    if (parse_address(address, &prefix->address, &v4))
        return EINVAL;
    int most = v4 ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS, bits = has_bits ? 0 : most;
    if (has_bits && (text.bytes == 0 || text.bytes > 3))
        return EINVAL;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return EINVAL;
        bits = bits * 10 + (text.at[i] - '0');
    }
    prefix->bits = bits + (v4 ? MAPPED_BITS : 0);
    return bits <= most ? 0 : EINVAL;
}

int proxies_new(const char *list, struct proxies **proxies_out, struct str *wrong_out)
{
    struct proxies *proxies = xalloc(sizeof(*proxies));
    struct str rest = str_of(list);
    while (rest.bytes) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (!one.bytes)
            continue;
        if (proxies->count == PROXIES_MAX || parse_prefix(one, &proxies->list[proxies->count])) {
            free(proxies);
            *wrong_out = one;
            return EINVAL;
        }
        proxies->count++;
    }
    *proxies_out = proxies;
    return 0;
}

void proxies_free(struct proxies **proxies)
{
    free(*proxies);
    *proxies = NULL;
}

static bool is_within(const struct in6_addr *address, const struct prefix *prefix)
{
    size_t whole = (size_t)prefix->bits / 8;
    int rest = prefix->bits % 8;
    if (memcmp(address, &prefix->address, whole) != 0)
        return false;
    return !rest || (address->s6_addr[whole] ^ prefix->address.s6_addr[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const struct proxies *proxies, const struct in6_addr *address)
{
    for (size_t i = 0; proxies && i < proxies->count; i++)
        if (is_within(address, &proxies->list[i]))
            return true;
    return false;
}

/* The last entry of the chain, cut off. Proxies write "[2001:db8::1]:443", "192.0.2.1:80", too. */
static struct str last_hop(struct str *chain)
{
    size_t at = chain->bytes;
    while (at && chain->at[at - 1] != ',')
        at--;
    struct str hop = str_trim((struct str){chain->at + at, chain->bytes - at});
    chain->bytes = at ? at - 1 : 0;
    if (str_starts(hop, "[")) {
        str_cut(&hop, '[');
        return str_cut(&hop, ']');
    }
    struct str rest = hop, host = str_cut(&rest, ':');
    return rest.bytes && !memchr(rest.at, ':', rest.bytes) ? host : hop;
}

static void print_address(const struct in6_addr *address, char out[REMOTE_TEXT_BYTES])
{
    if (IN6_IS_ADDR_V4MAPPED(address))
        inet_ntop(AF_INET, address->s6_addr + 12, out, REMOTE_TEXT_BYTES);
    else
        inet_ntop(AF_INET6, address, out, REMOTE_TEXT_BYTES);
}

void remote_pick(const struct proxies *proxies, const char *peer, const char *forwarded,
                 char address_out[REMOTE_TEXT_BYTES])
{
    struct str chain = str_of(forwarded);
    struct in6_addr address, before;
    bool v4;
    if (parse_address(str_of(peer), &address, &v4)) {
        snprintf(address_out, REMOTE_TEXT_BYTES, "%s", peer);
        return;
    }
    for (int hops = 0; hops < HOPS_MAX && chain.bytes && is_trusted(proxies, &address); hops++) {
        if (parse_address(last_hop(&chain), &before, &v4))
            break;
        address = before;
    }
    print_address(&address, address_out);
}

void remote_group_of(const char *address, char group_out[REMOTE_TEXT_BYTES])
{
    struct in6_addr binary;
    char text[INET6_ADDRSTRLEN];
    if (inet_pton(AF_INET6, address, &binary) != 1) {
        snprintf(group_out, REMOTE_TEXT_BYTES, "%s", address);
        return;
    }
    memset(binary.s6_addr + GROUP_BYTES, 0, sizeof(binary) - GROUP_BYTES);
    inet_ntop(AF_INET6, &binary, text, sizeof(text));
    snprintf(group_out, REMOTE_TEXT_BYTES, "%s/64", text);
}

const char *remote_address(const struct http_req *req, const struct proxies *proxies)
{
    char text[REMOTE_TEXT_BYTES];
    remote_pick(proxies, http_remote(req), http_header_all(req, "X-Forwarded-For"), text);
    return arena_strdup(req->arena, text);
}

const char *remote_group(const struct http_req *req, const struct proxies *proxies)
{
    char text[REMOTE_TEXT_BYTES];
    remote_group_of(remote_address(req, proxies), text);
    return arena_strdup(req->arena, text);
}
