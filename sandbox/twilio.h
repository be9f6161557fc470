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

/* What the owner of a phone does when a call made over REST rings it; {"number":"+420777123456",
 * "act":"forward","after_ms":200,"to":"+420228883001"}. act is answer (the preset), no_answer,
 * busy, fail or forward; hides: true leaves ForwardedFrom out. A phone nobody ordered picks up at
 * once. EINVAL or ENOSPC with a sentence (static). */
int twilio_order_phone(struct twilio *twilio, struct str json, const char **why_out);
void twilio_forget_phones(struct twilio *twilio);
/* A regulatory bundle as it stands from now on: {"sid":"BU...","status":"in-review","country":"CZ",
 * "type":"local","name":"..."}; of one that is known what is left out stays. */
int twilio_order_bundle(struct twilio *twilio, struct str json, const char **why_out);

/* A telephone of another process takes part, over a WebSocket; texts are JSON. It says
 *   {"say":"placed","call_sid":"CA...","from":"+420...","to":"+420...","direction":"inbound"}
 *   {"say":"status","call_sid":"CA...","status":"in-progress","duration":12}
 * and is told what REST asked of one of its calls:
 *   {"do":"complete","call_sid":"CA..."}
 *   {"do":"twiml","call_sid":"CA...","twiml":"<Response>..."}
 *   {"do":"go_to","call_sid":"CA...","url":"https://...","method":"POST"}
 * Its calls are over when it leaves. sandbox/join.h is the other end. */
void twilio_join(struct twilio *twilio, struct http_req *req);
