/* phone/exchange.h: the sandbox's Twilio told of the calls this telephone placed, and what its REST
 * API is asked to do with them carried out here: without it an update of a call finds nobody. The
 * texts are those of sandbox/twilio.h. */
#pragma once
#include "phone/phone.h"

enum { EXCHANGE_CALLS_MAX = 8192 };

struct exchange;
/* url: of the sandbox, "http://127.0.0.1:4010"; NULL gives NULL, and all else takes NULL for an
 * exchange nobody is connected to. A lost connection is not an error: calls go on without. */
struct exchange *exchange_open(struct loop *loop, const char *url);
void exchange_close(struct exchange **exchange);

void exchange_placed(struct exchange *exchange, struct phone_call *call, const char *from,
                     const char *to);
/* Each event of a call, up to its end, after which the exchange has forgotten it. */
void exchange_event(struct exchange *exchange, struct phone_call *call,
                    const struct phone_event *event);
