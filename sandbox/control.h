/* sandbox/control.h: the hand of a test on the sandbox: /control and /stats, JSON in and out.
 *
 *   POST   /control/faults     {"party":"openai","act":"error","status":429,...}  (faults.h)
 *   GET    /control/faults     those in force
 *   DELETE /control/faults     all, or ?party=openai
 *   POST   /control/drop       {"party":"deepgram"}: everything that runs there breaks now
 *   POST   /control/scripts    {"tag":"","language":"","streams":1,"repeats":false,"gap_ms":800,
 *                               "lines":["Hello.",{"text":"...","confidence":0.4}]}
 *   DELETE /control/scripts    the recogniser listens again
 *   POST   /control/settings   {"openai_first_token_ms":0,...}                    (settings.h)
 *   GET    /control/settings
 *   POST   /control/reset      faults, scripts, phones, counters and what was seen are
 *                               forgotten
 *   POST   /control/phones     {"number":"+420777123456","act":"forward","after_ms":200,
 *                               "to":"+420228883001"}                       (twilio.h)
 *   DELETE /control/phones     every phone picks up at once again
 *   POST   /control/bundles    {"sid":"BU...","status":"in-review",...}        (twilio.h)
 *   GET    /control/calls      WebSocket: how a telephone of another process takes part; see
 *                              twilio_calls.h
 *   GET    /stats              per party: endpoints, requests, streams, live; ?party=openai
 *
 * It is for the loopback only and asks for no key. */
#pragma once
#include "net/http_server.h"

enum { CONTROL_BODY_BYTES_MAX = 1024 * 1024 };

void control_enter(struct http_req *req);
void control_stats(struct http_req *req);
