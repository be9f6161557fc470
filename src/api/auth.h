/* api/auth.h: what the handlers around signing in share. */
#pragma once
#include "api/metrics.h"
#include "api/request.h"
#include "store/sessions.h"

/* A session_fn, with the request as its arg: answers with the session and its tokens, in cookies
 * where it lives in some. */
void auth_on_session(int err, const struct session *session, void *arg);

/* The phone of the body, by its members phone and country (the installation's without one), E.164
 * in the request's arena. NULL: it was answered that it will not do, or that its country is not one
 * of those that may sign in. */
const char *auth_phone(struct api_request *request);

/* 422 with a code of its own that names the phone. */
void auth_fail_phone(struct api_request *request, const char *code, const char *detail);

/* The phone without its last digits: where pumping of codes shows. */
const char *auth_prefix(const struct api_request *request, const char *phone);

void auth_publish(const struct auth_counters *counters, struct metrics_slot *slot);
