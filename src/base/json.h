/* base/json.h: a pull scanner for the JSON that comes by the thousand: media frames, recogniser and
 * model events. It copies nothing and takes no memory. Bodies of the API go through cJSON instead.
 *
 *   struct json json = json_of(text);
 *   struct str key, event = {0};
 *   for (bool in = json_object(&json); in && json_member(&json, &key);) {
 *       if (str_is(key, "event"))
 *           json_string(&json, &event);
 *       else
 *           json_skip(&json);
 *   }
 *   if (!json_done(&json))
 *       return EPROTO;
 *
 * A getter that meets a value of another kind skips it and returns false; that is not an error.
 * Broken JSON sets `bad`; after that everything returns false. Source: RFC 8259. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 32 };

struct json {
    const char *at;
    const char *end;
    int depth;
    bool bad;
    bool first; /* no comma is due before the next member or element */
};

struct json json_of(struct str text);
/* What the next value is by its first byte: { [ " t f n, a digit or -; 0: nothing is left. */
char json_peek(struct json *json);
bool json_object(struct json *json);                      /* enters an object */
bool json_member(struct json *json, struct str *key_out); /* false at its end, which it passes */
bool json_array(struct json *json);                       /* enters an array */
bool json_element(struct json *json);                     /* false at its end, which it passes */
bool json_string(struct json *json, struct str *raw_out); /* still with its escapes */
bool json_number(struct json *json, double *number_out);
bool json_bool(struct json *json, bool *value_out);
bool json_null(struct json *json); /* passes a null; false: it is something else, not passed */
void json_skip(struct json *json);
bool json_done(struct json *json); /* all was read and nothing was bad */

/* A string's escapes resolved; lone surrogates become U+FFFD. */
void json_unescape(struct buf *buf, struct str raw);
/* A string of digits or a number as a whole number: Twilio sends numbers as strings. */
bool json_whole(struct json *json, int64_t *whole_out);
