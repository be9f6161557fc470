/* api/texts.h: what a caller of a tenant hears first, for handlers that show it or have it spoken.
 */
#pragma once
#include "api/request.h"
#include "store/tenants.h"

struct greeting {
    const char *language;
    const char *disclosure; /* fixed: that an AI assistant answers, and for whom */
    const char *greeting;   /* behind it: the tenant's own, or the language's */
    bool own;
};
/* As a call would begin; in the language given, NULL: the tenant's. In the request's arena. EINVAL:
 * the phrases of that language cannot be read; it is in the log. */
int texts_greeting(struct api_request *request, const struct tenant *tenant, const char *language,
                   struct greeting *greeting_out);
void texts_fail(struct api_request *request); /* what is answered then */
