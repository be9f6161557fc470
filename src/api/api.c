/* api/api.c: every route there is, one row each. */
#include "api/api.h"

#include "api/health.h"
#include "api/telephony.h"
#include "base/mem.h"

enum { TELEPHONY_BODY = TELEPHONY_BODY_BYTES_MAX };

const struct http_route api_routes[] = {
    {HTTP_POST, "/telephony/inbound", telephony_post_inbound, TELEPHONY_BODY},
    {HTTP_GET, "/media", telephony_get_media, 0},
    {HTTP_POST, "/telephony/resume", telephony_post_resume, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/transfer", telephony_post_transfer, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/whisper", telephony_post_whisper, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/after-transfer", telephony_post_after_transfer, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/voicemail", telephony_post_voicemail, TELEPHONY_BODY},
    {HTTP_POST, "/telephony/status", telephony_post_status, TELEPHONY_BODY},
    {HTTP_GET, "/healthz", health_get_alive, 0},
    {HTTP_GET, "/readyz", health_get_ready, 0},
    {HTTP_GET, "/metrics", health_get_metrics, 0},
};
const size_t api_route_count = countof(api_routes);
