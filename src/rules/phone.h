/* rules/phone.h: telephone numbers as carriers and people write them, made E.164. Pure.
 *
 * Kept small on purpose: it knows how numbers are dialled in the countries Karen is used in and
 * checks their length there, elsewhere only the general rule. Whether a number exists is for the
 * carrier to say. (Google's libphonenumber knows more, but is C++ or Java.)
 * Source: ITU-T E.164; national numbering plans. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

enum {
    PHONE_TEXT_BYTES = 17, /* "+", 15 digits, NUL */
    PHONE_DIALLED_BYTES = 24,
};

enum phone_kind {
    PHONE_NUMBER,
    PHONE_WITHHELD, /* the caller hides it: empty, "anonymous", or a carrier's stand-in */
    PHONE_BAD,      /* not a number that can be called from abroad */
};
/* raw: "+420 602 000 111", "00420602000111", "602000111", "(0)602 000 111", "sip:+420...@host".
 * country: of whoever wrote it, "CZ"; NULL when not known, then only international forms do.
 * e164_out is "" unless it is a number. */
enum phone_kind phone_parse(struct str raw, const char *country, char e164_out[PHONE_TEXT_BYTES]);

/* "CZ" of "+420..."; "" for a country not in the table. "+1" is "US". */
const char *phone_country(const char *e164);
bool phone_country_known(const char *country);
/* Lists of countries as an operator writes them: "CZ, SK" or "all". EINVAL: *wrong_out (inside the
 * list) is neither. */
int phone_countries_check(const char *list, struct str *wrong_out);
struct str phone_countries_next(struct str *rest); /* cuts the next one off; empty at the end */
bool phone_countries_have(const char *list, const char *country);
/* As it is dialled on a landline of that country: with the trunk prefix at home, with the way out
 * from abroad. */
void phone_dialled(const char *e164, const char *country, char dialled_out[PHONE_DIALLED_BYTES]);
/* "+420 ... 111": what may stand in a log or be said in public. */
void phone_mask(const char *e164, char masked_out[PHONE_TEXT_BYTES]);
