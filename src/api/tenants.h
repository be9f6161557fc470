/* api/tenants.h: what the tenant's own requests and the operator's have in common. */
#pragma once
#include "api/request.h"
#include "store/tenants.h"

enum { API_SETTINGS_MAX = 32 }; /* more than the contract knows */

/* The body's members as settings, without the one that is none (NULL: all are). They borrow from
 * the request. False: the request was refused. */
bool api_read_settings(struct api_request *request, const char *no_setting,
                       struct tenant_setting settings_out[API_SETTINGS_MAX], size_t *count_out);
/* api_on_json() for what a tenant must be in the right state for. */
void api_on_turned(int err, struct str json, void *arg);
