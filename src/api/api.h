/* api/api.h: all routes as one table, and what their handlers find in http_req.app. */
#pragma once
#include "net/http_server.h"

#include <stddef.h>

struct health;
struct telephony;

struct api {
    struct health *health;
    struct telephony *telephony;
};
static inline struct api *api_of(const struct http_req *req)
{
    return req->app;
}

extern const struct http_route api_routes[];
extern const size_t api_route_count;
