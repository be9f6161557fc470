/* api/guard.h: what stands between the outside and a handler of the contract. */
#pragma once
#include "api/request.h"

/* The handler of every route that comes from the contract. */
void api_enter(struct http_req *http);

/* Who asks, looked for anew: for answers that go on for long. As people_find_session(). */
void api_find_again(const struct api_request *request, principal_fn *on_principal, void *arg,
                    struct op **slot);
/* Whether who was found again may still have what the request is about. */
bool api_still_may(struct api_request *request, const struct principal *principal);

/* The value of a cookie, in the request's arena; NULL: it did not come. */
const char *api_cookie(const struct http_req *http, const char *name);
/* The names of the two cookies: with the prefix that only a site itself can set, where it has TLS.
 */
const char *api_session_cookie(const struct api *api);
const char *api_refresh_cookie(const struct api *api);
/* Has the browser keep both: one for each request, and one that only /auth sees, to renew it. */
void api_set_cookies(struct api_request *request, const char *token, const char *refresh_token);
void api_clear_cookies(struct api_request *request);
/* Whether a request that lives by a cookie comes from our own pages; reading always does. */
bool api_is_our_page(const struct api_request *request);
void api_refuse_foreign_page(struct api_request *request);
