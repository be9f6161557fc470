/* carrier/twilio_sign.h: X-Twilio-Signature, checked and made. Pure: who calls decides what a bad
 * one costs.
 *
 * The signature covers the URL as it is configured at Twilio and, for a form, each field's name and
 * value; of any other body the URL carries the digest (bodySHA256). Its key is the auth token of
 * the account that the request names, so during a rotation two tokens may be right at once.
 * Source: Twilio, "Webhooks security", and the variants its own validators accept. */
#pragma once
#include "base/buf.h"
#include "net/http_server.h"

#include <stdbool.h>
#include <stddef.h>

enum { TWILIO_SIGNATURE_TEXT_BYTES = 29 }; /* base64 of a SHA-1, with its NUL */

struct twilio_request {
    const char *url;                 /* public URL with the query as it came; a fragment is cut */
    const struct http_field *fields; /* of a form; NULL and 0 for any other request */
    size_t field_count;
    struct str body;       /* raw, when it is not a form: its digest must be in the URL */
    const char *signature; /* the header; NULL or "" when there was none */
};
struct twilio_verdict {
    bool genuine;
    /* It only matched without CallToken and StirVerstat: genuine, but those two may be forged. */
    bool extras_untrusted;
    size_t token;    /* which of the tokens matched */
    char matched[8]; /* for logs: what was varied: s scheme, / slash, p port, q query, x extras */
};

/* ws:// and wss:// URLs (a media stream's upgrade) also match as http(s) and with or without a last
 * slash. Empty tokens never match. */
struct twilio_verdict twilio_check(const struct twilio_request *request, const char *const *tokens,
                                   size_t token_count);

/* The signature Twilio would send: exactly this URL, exactly these fields. */
void twilio_sign(const char *url, const struct http_field *fields, size_t field_count,
                 const char *token, char signature_out[TWILIO_SIGNATURE_TEXT_BYTES]);
