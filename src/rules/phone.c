/* rules/phone.c: one row a country: what is dialled before a number there, and how long it is. */
#include "rules/phone.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct country {
    char name[3];
    const char *code;           /* calling code */
    const char *trunk;          /* dialled before a national number, not part of it */
    int digits_min, digits_max; /* of the national number, without the trunk prefix */
};
/* No calling code is the beginning of another; of countries that share one, the first is named. */
static const struct country countries[] = {
    {"CZ", "420", "", 9, 9},   {"SK", "421", "0", 9, 9}, {"DE", "49", "0", 5, 13},
    {"AT", "43", "0", 4, 13},  {"PL", "48", "", 9, 9},   {"GB", "44", "0", 9, 10},
    {"IE", "353", "0", 7, 10}, {"US", "1", "1", 10, 10}, {"CA", "1", "1", 10, 10},
    {"FR", "33", "0", 9, 9},   {"ES", "34", "", 9, 9},   {"PT", "351", "", 9, 9},
    {"IT", "39", "", 6, 11},   {"CH", "41", "0", 9, 9},  {"NL", "31", "0", 9, 9},
    {"BE", "32", "0", 8, 9},   {"LU", "352", "", 4, 11}, {"HU", "36", "06", 8, 9},
    {"SI", "386", "0", 8, 8},  {"HR", "385", "0", 8, 9}, {"RO", "40", "0", 9, 9},
    {"BG", "359", "0", 8, 9},  {"UA", "380", "0", 9, 9}, {"DK", "45", "", 8, 8},
    {"SE", "46", "0", 7, 10},  {"NO", "47", "", 8, 8},   {"FI", "358", "0", 5, 11},
    {"EE", "372", "", 7, 8},   {"LV", "371", "", 8, 8},  {"LT", "370", "0", 8, 8},
    {"GR", "30", "", 10, 10},  {"AU", "61", "0", 9, 9},  {"NZ", "64", "0", 8, 10},
};
enum { E164_DIGITS_MAX = 15, E164_DIGITS_MIN = 7, RAW_BYTES_MAX = 128 };

static const struct country *country_named(const char *name)
{
    for (size_t i = 0; name && i < countof(countries); i++)
        if (strcmp(countries[i].name, name) == 0)
            return &countries[i];
    return NULL;
}

static const struct country *country_of_digits(const char *digits)
{
    for (size_t i = 0; i < countof(countries); i++)
        if (strncmp(digits, countries[i].code, strlen(countries[i].code)) == 0)
            return &countries[i];
    return NULL;
}

bool phone_country_known(const char *country)
{
    return country_named(country) != NULL;
}

const char *phone_country(const char *e164)
{
    const struct country *country = e164[0] == '+' ? country_of_digits(e164 + 1) : NULL;
    return country ? country->name : "";
}

void phone_dialled(const char *e164, const char *country, char dialled_out[PHONE_DIALLED_BYTES])
{
    const struct country *home = country_named(country);
    const char *digits = e164 + (e164[0] == '+');
    bool american = home && strcmp(home->code, "1") == 0; /* whose trunk prefix is the code */
    if (home && strncmp(digits, home->code, strlen(home->code)) == 0)
        snprintf(dialled_out, PHONE_DIALLED_BYTES, "%s%.16s", american ? "" : home->trunk,
                 digits + strlen(home->code));
    else
        snprintf(dialled_out, PHONE_DIALLED_BYTES, "%s%.16s", american ? "011" : "00", digits);
}

struct str phone_countries_next(struct str *rest)
{
    struct str word = {0};
    while (rest->bytes && !word.bytes) {
        size_t bytes = 0;
        while (bytes < rest->bytes && !strchr(", ", rest->at[bytes]))
            bytes++;
        word = (struct str){rest->at, bytes};
        bytes += bytes < rest->bytes;
        *rest = (struct str){rest->at + bytes, rest->bytes - bytes};
    }
    return word;
}

int phone_countries_check(const char *list, struct str *wrong_out)
{
    struct str rest = str_of(list), word = phone_countries_next(&rest);
    if (!word.bytes) {
        *wrong_out = word;
        return EINVAL;
    }
    for (; word.bytes; word = phone_countries_next(&rest)) {
        char name[3] = "";
        if (word.bytes == 2)
            memcpy(name, word.at, 2);
        if (!str_is(word, "all") && !country_named(name)) {
            *wrong_out = word;
            return EINVAL;
        }
    }
    return 0;
}

bool phone_countries_have(const char *list, const char *country)
{
    struct str rest = str_of(list);
    for (struct str word = phone_countries_next(&rest); word.bytes;
         word = phone_countries_next(&rest))
        if (str_is(word, "all") || (country[0] && str_is(word, country)))
            return true;
    return false;
}

/* What carriers put in place of a number that its owner hides: words, and letters on a keypad
 * ("anonymous", "restricted", "blocked", "unknown", "unavailable"). */
static bool is_withheld(struct str raw)
{
    static const char *const stand_ins[] = {
        "anonymous",  "restricted", "private",      "unknown",     "unavailable", "blocked",
        "+266696687", "266696687",  "+7378742833",  "7378742833",  "+2562533",    "2562533",
        "+8656696",   "8656696",    "+86282452253", "86282452253",
    };
    if (!raw.bytes)
        return true;
    for (size_t i = 0; i < countof(stand_ins); i++)
        if (str_is_nocase(raw, stand_ins[i]))
            return true;
    return false;
}

/* "sip:+420602000111@host;user=phone" and "tel:+420..." come down to what stands for the number. */
static struct str without_uri(struct str raw)
{
    static const char *const schemes[] = {"sips:", "sip:", "tel:"};
    for (size_t i = 0; i < countof(schemes); i++) {
        size_t bytes = strlen(schemes[i]);
        if (raw.bytes > bytes && str_is_nocase((struct str){raw.at, bytes}, schemes[i])) {
            struct str rest = {raw.at + bytes, raw.bytes - bytes};
            struct str user = str_cut(&rest, '@');
            return str_cut(&user, ';');
        }
    }
    return raw;
}

/* The digits; *plus_out when a + stands before them. False for anything that is no way to write a
 * number. "(0)" is a trunk prefix shown to foreigners: "+44 (0)20 ..." */
static bool take_digits(struct str raw, char digits[RAW_BYTES_MAX + 1], bool *plus_out)
{
    size_t count = 0;
    *plus_out = raw.bytes && raw.at[0] == '+';
    for (size_t i = *plus_out; i < raw.bytes; i++) {
        char c = raw.at[i];
        if (*plus_out && raw.bytes - i >= 3 && memcmp(raw.at + i, "(0)", 3) == 0)
            i += 2;
        else if (c >= '0' && c <= '9')
            digits[count++] = c;
        else if (!strchr(" -./()", c) || !c)
            return false;
    }
    digits[count] = '\0';
    return count > 0;
}

static bool fits(const struct country *country, size_t national_digits)
{
    return (int)national_digits >= country->digits_min &&
           (int)national_digits <= country->digits_max;
}

static bool is_international(const char *digits)
{
    size_t count = strlen(digits);
    if (digits[0] == '0' || count < E164_DIGITS_MIN || count > E164_DIGITS_MAX)
        return false;
    const struct country *country = country_of_digits(digits);
    return !country || fits(country, count - strlen(country->code));
}

static bool write_e164(const char *code, const char *digits, char out[PHONE_TEXT_BYTES])
{
    size_t code_bytes = strlen(code), bytes = strlen(digits);
    if (code_bytes + bytes > E164_DIGITS_MAX)
        return false;
    out[0] = '+';
    memcpy(out + 1, code, code_bytes);
    memcpy(out + 1 + code_bytes, digits, bytes + 1);
    return true;
}

/* As somebody in that country dials it, or with the calling code but neither + nor 00, as some
 * carriers pass a forwarding number on. */
static bool from_home(const char *digits, const struct country *home, char out[PHONE_TEXT_BYTES])
{
    size_t trunk = strlen(home->trunk), code = strlen(home->code), count = strlen(digits);
    if (trunk && strncmp(digits, home->trunk, trunk) == 0 && fits(home, count - trunk))
        return write_e164(home->code, digits + trunk, out);
    if (strncmp(digits, home->code, code) == 0 && fits(home, count - code) &&
        (trunk || !fits(home, count))) /* where a trunk is dialled no number begins without it */
        return write_e164("", digits, out);
    /* where a trunk prefix is dialled a number without it is only accepted when it cannot be
     * anything shorter, such as a local number without its area code */
    if (fits(home, count) && (!trunk || (digits[0] != '0' && count >= 9)))
        return write_e164(home->code, digits, out);
    return is_international(digits) && country_of_digits(digits) && count > 9 &&
           write_e164("", digits, out);
}

enum phone_kind phone_parse(struct str raw, const char *country, char e164_out[PHONE_TEXT_BYTES])
{
    char digits[RAW_BYTES_MAX + 1];
    bool plus, good;
    e164_out[0] = '\0';
    raw = without_uri(str_trim(raw));
    if (is_withheld(raw))
        return PHONE_WITHHELD;
    if (raw.bytes > RAW_BYTES_MAX || !take_digits(raw, digits, &plus))
        return PHONE_BAD;
    const struct country *home = country_named(country);
    bool from_america = home && strcmp(home->code, "1") == 0;
    if (plus)
        good = is_international(digits) && write_e164("", digits, e164_out);
    else if (strncmp(digits, "00", 2) == 0)
        good = is_international(digits + 2) && write_e164("", digits + 2, e164_out);
    else if (from_america && strncmp(digits, "011", 3) == 0)
        good = is_international(digits + 3) && write_e164("", digits + 3, e164_out);
    else
        good = home && from_home(digits, home, e164_out);
    return good ? PHONE_NUMBER : PHONE_BAD;
}

void phone_mask(const char *e164, char masked_out[PHONE_TEXT_BYTES])
{
    size_t count = strlen(e164);
    if (count < 8)
        snprintf(masked_out, PHONE_TEXT_BYTES, "...");
    else
        snprintf(masked_out, PHONE_TEXT_BYTES, "%.4s...%.3s", e164, e164 + count - 3);
}
