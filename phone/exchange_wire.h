/* phone/exchange_wire.h: what the sandbox's Twilio asks of a telephone. Pure. */
#pragma once
#include "base/buf.h"

struct exchange_order {
    enum exchange_do { EXCHANGE_COMPLETE, EXCHANGE_TWIML, EXCHANGE_GO_TO } what;
    char call_sid[40];
    struct buf text; /* TwiML or URL; exchange_order_fini() */
    char method[8];
};
int exchange_order_read(struct str json, struct exchange_order *order_out); /* EPROTO */
void exchange_order_fini(struct exchange_order *order);
