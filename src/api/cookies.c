/* api/cookies.c: the two cookies a browser holds its session in. Source: RFC 6265 4.2. */
#include "api/guard.h"

#include <string.h>

const char *api_cookie(const struct http_req *http, const char *name)
{
    struct str rest = str_of(http_header(http, "Cookie"));
    while (rest.bytes) {
        struct str value = str_trim(str_cut(&rest, ';'));
        struct str key = str_cut(&value, '=');
        if (str_is(key, name))
            return arena_strndup(http->arena, value.at, value.bytes);
    }
    return NULL;
}

static bool has_tls(const struct api *api)
{
    return strncmp(api->public_url, "https://", 8) == 0;
}

const char *api_session_cookie(const struct api *api)
{
    return has_tls(api) ? "__Host-karen_session" : "karen_session";
}

const char *api_refresh_cookie(const struct api *api)
{
    return has_tls(api) ? "__Secure-karen_refresh" : "karen_refresh";
}

static void set_cookie(struct api_request *request, const char *name, const char *value,
                       const char *scope, int64_t seconds)
{
    http_set_header(request->http, "Set-Cookie",
                    arena_printf(request->http->arena, "%s=%s; %s; HttpOnly; Max-Age=%lld%s", name,
                                 value, scope, (long long)seconds,
                                 has_tls(request->api) ? "; Secure" : ""));
}

#define SESSION_SCOPE "Path=/; SameSite=Lax"
#define REFRESH_SCOPE "Path=/auth; SameSite=Strict"

void api_set_cookies(struct api_request *request, const char *token, const char *refresh_token)
{
    const struct api *api = request->api;
    set_cookie(request, api_session_cookie(api), token, SESSION_SCOPE, api->token_seconds);
    set_cookie(request, api_refresh_cookie(api), refresh_token, REFRESH_SCOPE,
               api->session_days * 86400);
}

void api_clear_cookies(struct api_request *request)
{
    set_cookie(request, api_session_cookie(request->api), "", SESSION_SCOPE, 0);
    set_cookie(request, api_refresh_cookie(request->api), "", REFRESH_SCOPE, 0);
}
