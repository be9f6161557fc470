/* net/http.h: words both sides of HTTP share. */
#pragma once

enum http_method {
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_POST = 4,
    HTTP_PUT = 8,
    HTTP_PATCH = 16,
    HTTP_DELETE = 32,
    HTTP_OPTIONS = 64,
};
const char *http_method_name(enum http_method method);
const char *http_status_name(int status); /* "Not Found"; "" for a status nobody knows */
