/* api/docs.h: the contract for those who read it: /openapi.json, /openapi.yaml and, at /docs, the
 * page that shows it (Swagger UI from npm, built in, so that it asks nobody else). */
#pragma once
#include "net/http_server.h"

void docs_get(struct http_req *req);
