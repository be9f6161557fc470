/* api/calls.h: which calls a request asks for: shared by list and export. */
#pragma once
#include "api/request.h"
#include "store/inbox.h"

struct inbox_filter calls_filter(const struct api_request *request);
/* api_on_json() for what has a cursor: the one thing of it that the contract cannot check. */
void api_on_page(int err, struct str json, void *arg);
