/* api/remote.h: where a request really came from. What a proxy says of it (X-Forwarded-For) is
 * believed only when the proxy is one of ours. */
#pragma once
#include "net/http_server.h"

struct proxies;

/* list: addresses and prefixes, "10.0.0.0/8, ::1"; NULL or "": no proxy is trusted. EINVAL:
 * *wrong_out (inside list) is what is neither. */
int proxies_new(const char *list, struct proxies **proxies_out, struct str *wrong_out);
void proxies_free(struct proxies **proxies); /* NULL after; NULL is fine */

/* The client's address in one spelling, in the request's arena; an IPv4 one never as IPv6. */
const char *remote_address(const struct http_req *req, const struct proxies *proxies);
/* What one person can be assumed to have: an IPv4 address, the /64 of an IPv6 one. */
const char *remote_group(const struct http_req *req, const struct proxies *proxies);

/* Pure parts of the above. peer: whoever is connected; forwarded: all of X-Forwarded-For, the
 * nearest proxy's word last. */
enum { REMOTE_TEXT_BYTES = 50 };
void remote_pick(const struct proxies *proxies, const char *peer, const char *forwarded,
                 char address_out[REMOTE_TEXT_BYTES]);
void remote_group_of(const char *address, char group_out[REMOTE_TEXT_BYTES]);
