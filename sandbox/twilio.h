/* sandbox/twilio.h: the stand-in for Twilio: REST for calls, numbers and messages, Verify, signed
 * callbacks. It places calls itself, by the telephone of phone/, when REST asks for one; calls that
 * a karen-phone in another process has placed take part through twilio_join(). */
#pragma once
#include "sandbox/party.h"

extern const struct party_kind twilio_kind;

struct twilio; /* its state */
/* number: owned from the start, E.164, NULL: +420228883001; voice_url: its webhook, or NULL. */
struct twilio *twilio_new(struct loop *loop, struct party *party, const char *number,
                          const char *voice_url);
void twilio_free(struct twilio **twilio);
/* Where this party is served: for TwiML that came inline. */
void twilio_set_base(struct twilio *twilio, const char *base_url);

/* A telephone of another process takes part, over a WebSocket; texts are JSON. It says
 *   {"say":"placed","call_sid":"CA...","from":"+420...","to":"+420...","direction":"inbound"}
 *   {"say":"status","call_sid":"CA...","status":"in-progress","duration":12}
 * and is told what REST asked of one of its calls:
 *   {"do":"complete","call_sid":"CA..."}
 *   {"do":"twiml","call_sid":"CA...","twiml":"<Response>..."}
 *   {"do":"go_to","call_sid":"CA...","url":"https://...","method":"POST"}
 * Its calls are over when it leaves. sandbox/join.h is the other end. */
void twilio_join(struct twilio *twilio, struct http_req *req);
