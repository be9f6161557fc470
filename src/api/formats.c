/* api/formats.c: texts of a known form. */
#include "api/formats.h"

#include "base/id.h"
#include "base/mem.h"
#include "net/url.h"
#include "rules/phone.h"

#include <stdlib.h>

enum {
    EMAIL_BYTES_MAX = 254, /* RFC 5321 4.5.3.1 with errata 1690 */
    EMAIL_LOCAL_BYTES_MAX = 64,
    DOMAIN_LABEL_BYTES_MAX = 63,
    TIME_ZONE_BYTES_MAX = 64,
    URI_BYTES_MAX = 2048,
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Cuts that many digits off the front; -1: there are none. */
static int cut_digits(struct str *rest, size_t count)
{
    int number = 0;
    if (rest->bytes < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(rest->at[i]))
            return -1;
        number = number * 10 + (rest->at[i] - '0');
    }
    rest->at += count;
    rest->bytes -= count;
    return number;
}

static bool cut_mark(struct str *rest, const char *marks)
{
    if (!rest->bytes || !rest->at[0] || !strchr(marks, rest->at[0]))
        return false;
    rest->at++;
    rest->bytes--;
    return true;
}

static bool cut_date(struct str *rest)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = cut_digits(rest, 4);
    bool dash = cut_mark(rest, "-");
    int month = cut_digits(rest, 2);
    bool other_dash = cut_mark(rest, "-");
    int day = cut_digits(rest, 2);
    if (!dash || !other_dash || year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

static bool cut_hours_minutes(struct str *rest)
{
    int hours = cut_digits(rest, 2);
    bool colon = cut_mark(rest, ":");
    int minutes = cut_digits(rest, 2);
    return colon && hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

static bool is_date(struct str text)
{
    return cut_date(&text) && !text.bytes;
}

static bool is_date_time(struct str text)
{
    if (!cut_date(&text) || !cut_mark(&text, "Tt") || !cut_hours_minutes(&text) ||
        !cut_mark(&text, ":"))
        return false;
    int seconds = cut_digits(&text, 2);
    if (seconds < 0 || seconds > 59)
        return false;
    if (cut_mark(&text, ".")) {
        if (cut_digits(&text, 1) < 0)
            return false;
        while (cut_digits(&text, 1) >= 0)
            ;
    }
    if (!cut_mark(&text, "Zz") && !(cut_mark(&text, "+-") && cut_hours_minutes(&text)))
        return false;
    return !text.bytes;
}

static bool is_uuid(struct str text)
{
    struct uuid unused;
    return uuid_parse(text, &unused) == 0;
}

/* Names of the IANA database: "Europe/Prague", "Etc/GMT+5". Whether there is such a zone is for
 * whoever computes with it to say. */
static bool is_time_zone(struct str text)
{
    if (!text.bytes || text.bytes > TIME_ZONE_BYTES_MAX || !is_letter(text.at[0]))
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        bool slash_stands_alone = c != '/' || (i + 1 < text.bytes && is_letter(text.at[i + 1]));
        if (!slash_stands_alone || !(is_letter(c) || is_digit(c) || (c && strchr("/_+-", c))))
            return false;
    }
    return true;
}

static bool is_domain_label(struct str label)
{
    if (!label.bytes || label.bytes > DOMAIN_LABEL_BYTES_MAX)
        return false;
    for (size_t i = 0; i < label.bytes; i++)
        if (!is_letter(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-')
            return false;
    return label.at[0] != '-' && label.at[label.bytes - 1] != '-';
}

static bool is_mail_domain(struct str text)
{
    if (!text.bytes || text.at[text.bytes - 1] == '.' || !memchr(text.at, '.', text.bytes))
        return false;
    while (text.bytes)
        if (!is_domain_label(str_cut(&text, '.')))
            return false;
    return true;
}

/* A dot-atom before the @: no quotes, no dot at either end, no two dots. Source: RFC 5322 3.2.3. */
static bool is_mail_local(struct str text)
{
    if (!text.bytes || text.bytes > EMAIL_LOCAL_BYTES_MAX || text.at[text.bytes - 1] == '.')
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.at[i];
        if (c == '.' ? i == 0 || text.at[i - 1] == '.'
                     : !is_letter(c) && !is_digit(c) && !(c && strchr("!#$%&'*+-/=?^_`{|}~", c)))
            return false;
    }
    return true;
}

static bool is_email(struct str text)
{
    if (text.bytes > EMAIL_BYTES_MAX || !memchr(text.at, '@', text.bytes))
        return false;
    struct str local = str_cut(&text, '@');
    return is_mail_local(local) && is_mail_domain(text);
}

static bool is_uri(struct str text)
{
    struct url url;
    if (text.bytes > URI_BYTES_MAX ||
        !(str_starts(text, "http://") || str_starts(text, "https://")))
        return false;
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || strchr("\"<>\\^`{|}", text.at[i]))
            return false;
    char *copy = xstrndup(text.at, text.bytes);
    bool fits = url_parse(copy, &url) == 0 && url.host[0];
    free(copy);
    return fits;
}

static bool is_phone(struct str text)
{
    char e164[PHONE_TEXT_BYTES];
    return text.bytes < sizeof(e164) && phone_parse(text, NULL, e164) == PHONE_NUMBER &&
           str_is(text, e164);
}

const struct format *format_named(const char *name)
{
    static const struct format formats[] = {
        {"uuid", is_uuid, "is not a UUID"},
        {"date-time", is_date_time, "is not a time such as 2026-11-28T08:00:00Z"},
        {"date", is_date, "is not a date such as 2026-11-28"},
        {"time-zone", is_time_zone, "is not the name of a time zone such as Europe/Prague"},
        {"email", is_email, "is not an e-mail address"},
        {"uri", is_uri, "is not an address such as https://example.com/path"},
        {"phone", is_phone, "is not a phone number such as +420601234567"},
    };
    for (size_t i = 0; i < countof(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
