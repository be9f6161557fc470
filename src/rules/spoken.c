/* rules/spoken.c: looks for figures, decides what they are by what stands around them, and has
 * numerals.c put them in words. The first reading that fits is taken: telephone number, time, date,
 * then a plain number with or without its unit. */
#include "rules/spoken.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "rules/numerals.h"

#include <string.h>

enum { PHONE_DIGITS_MIN = 9, RUN_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 15, NUMBER_DIGITS_MAX = 9 };

struct reader {
    enum language language;
    struct str rest; /* begins with a digit or "+" when a reading is tried */
    struct buf *out;
    bool in_word; /* what was passed last: figures behind it are part of it */
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t digits_at(struct str text, size_t at)
{
    size_t count = 0;
    while (at + count < text.bytes && is_digit(text.at[at + count]))
        count++;
    return count;
}

static bool has(struct str text, size_t at, const char *what)
{
    size_t bytes = strlen(what);
    return at + bytes <= text.bytes && memcmp(text.at + at, what, bytes) == 0;
}

/* A letter there would make the figures part of a word. */
static bool letter_at(struct str text, size_t at)
{
    if (at >= text.bytes)
        return false;
    unsigned char c = (unsigned char)text.at[at];
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '@' ||
           (c >= 0xC3 && c <= 0xDF);
}

/* A space, a no-break space or a thin one; 0 where there is none. */
static size_t space_at(struct str text, size_t at)
{
    if (has(text, at, "\xC2\xA0"))
        return 2;
    if (has(text, at, "\xE2\x80\xAF"))
        return 3;
    return at < text.bytes && text.at[at] == ' ';
}

static int whole(struct str digits)
{
    int number = 0;
    for (size_t i = 0; i < digits.bytes; i++)
        number = number * 10 + (digits.at[i] - '0');
    return number;
}

static struct str part(struct str text, size_t at, size_t bytes)
{
    return (struct str){text.at + at, bytes};
}

/* ---- units ---------------------------------------------------------------------------------- */

enum { COUNT_FRACTION = COUNT_MANY + 1 }; /* "dvě celé pět procenta" */
struct unit {
    const char *written;
    enum gender gender;
    const char *forms[LANGUAGE_COUNT][4]; /* one, few, many; of a fraction */
};
#define EURO                                                                                       \
    {                                                                                              \
        [LANGUAGE_EN] = {"euro", "euros", "euros", "euros"},                                       \
        [LANGUAGE_CS] = {"euro", "eura", "eur", "eura"},                                           \
        [LANGUAGE_SK] = {"euro", "eurá", "eur", "eura"}, [LANGUAGE_DE] = {                         \
            "Euro",                                                                                \
            "Euro",                                                                                \
            "Euro",                                                                                \
            "Euro"                                                                                 \
        }                                                                                          \
    }
#define CROWN                                                                                      \
    {                                                                                              \
        [LANGUAGE_EN] = {"crown", "crowns", "crowns", "crowns"},                                   \
        [LANGUAGE_CS] = {"koruna", "koruny", "korun", "koruny"},                                   \
        [LANGUAGE_SK] = {"koruna", "koruny", "korún", "koruny"}, [LANGUAGE_DE] = {                 \
            "Krone",                                                                               \
            "Kronen",                                                                              \
            "Kronen",                                                                              \
            "Kronen"                                                                               \
        }                                                                                          \
    }
static const struct unit units[] = {
    {"%",
     GENDER_NEUTER,
     {[LANGUAGE_EN] = {"percent", "percent", "percent", "percent"},
      [LANGUAGE_CS] = {"procento", "procenta", "procent", "procenta"},
      [LANGUAGE_SK] = {"percento", "percentá", "percent", "percenta"},
      [LANGUAGE_DE] = {"Prozent", "Prozent", "Prozent", "Prozent"}}},
    {"€", GENDER_NEUTER, EURO},
    {"EUR", GENDER_NEUTER, EURO},
    {"Kč", GENDER_FEMALE, CROWN},
    {"CZK", GENDER_FEMALE, CROWN},
};

/* *after_out: behind the unit, which may stand right behind the number or after a space. */
static const struct unit *unit_at(struct str text, size_t at, size_t *after_out)
{
    at += space_at(text, at);
    for (size_t i = 0; i < countof(units); i++)
        if (has(text, at, units[i].written)) {
            *after_out = at + strlen(units[i].written);
            return letter_at(text, *after_out) ? NULL : &units[i];
        }
    return NULL;
}

/* "ein Prozent", not "eins": only German counts differently before a noun. */
static void put_counted(struct reader *reader, int number, const struct unit *unit)
{
    if (reader->language == LANGUAGE_DE && number == 1)
        buf_puts(reader->out, unit->gender == GENDER_FEMALE ? "eine" : "ein");
    else
        numerals_put(reader->language, number, unit->gender, reader->out);
    buf_printf(reader->out, " %s",
               unit->forms[reader->language][numerals_form(reader->language, number)]);
}

/* ---- readings: each gives how many bytes it took, 0 if it is not one ---------------------------
 */

/* Groups of digits with one space or hyphen between. */
struct groups {
    struct str list[PHONE_DIGITS_MAX];
    size_t count, digits, after;
    bool plus;
};

static void groups_of(struct str text, struct groups *groups)
{
    size_t at = groups->plus = has(text, 0, "+");
    while (groups->count < countof(groups->list)) {
        size_t count = digits_at(text, at);
        if (!count)
            break;
        groups->list[groups->count++] = part(text, at, count);
        groups->digits += count;
        groups->after = at += count;
        size_t gap = has(text, at, "-") ? 1 : space_at(text, at);
        if (!gap)
            break;
        at += gap;
    }
}

/* "1 250 000" and "150 000": a number written in thousands. */
static bool is_thousands(const struct groups *groups)
{
    if (groups->plus || groups->list[0].bytes > 3 || groups->list[0].at[0] == '0')
        return false;
    for (size_t i = 1; i < groups->count; i++)
        if (groups->list[i].bytes != 3)
            return false;
    return groups->digits <= NUMBER_DIGITS_MAX;
}

static bool is_phone(struct str text, const struct groups *groups)
{
    size_t unused;
    if (groups->digits > PHONE_DIGITS_MAX || letter_at(text, groups->after) ||
        unit_at(text, groups->after, &unused))
        return false;
    if (groups->plus)
        return groups->digits >= RUN_DIGITS_MIN;
    return groups->digits >= (groups->count == 1 ? RUN_DIGITS_MIN : PHONE_DIGITS_MIN);
}

static void put_group(struct reader *reader, struct str digits)
{
    while (digits.bytes) { /* what was written in one run is read in threes */
        size_t bytes = digits.bytes == 4 ? 2 : digits.bytes < 3 ? digits.bytes : 3;
        numerals_put_digits(reader->language, part(digits, 0, bytes), reader->out);
        digits = part(digits, bytes, digits.bytes - bytes);
        buf_puts(reader->out, digits.bytes ? ", " : "");
    }
}

static size_t read_phone(struct reader *reader)
{
    struct groups groups = {0};
    groups_of(reader->rest, &groups);
    if (!is_phone(reader->rest, &groups))
        return 0;
    buf_puts(reader->out, groups.plus ? "plus " : "");
    for (size_t i = 0; i < groups.count; i++) {
        buf_puts(reader->out, i ? ", " : "");
        put_group(reader, groups.list[i]);
    }
    return groups.after;
}

static void put_minutes(struct reader *reader, int minutes)
{
    static const char *const nought[LANGUAGE_COUNT] = {[LANGUAGE_EN] = "oh ",
                                                       [LANGUAGE_CS] = "nula ",
                                                       [LANGUAGE_SK] = "nula ",
                                                       [LANGUAGE_DE] = ""};
    if (minutes < 10)
        buf_puts(reader->out, nought[reader->language]);
    numerals_put(reader->language, minutes, GENDER_NONE, reader->out);
}

static size_t read_time(struct reader *reader)
{
    static const char *const oclock[LANGUAGE_COUNT][3] = {
        [LANGUAGE_EN] = {"o'clock", "o'clock", "o'clock"},
        [LANGUAGE_CS] = {"hodina", "hodiny", "hodin"},
        [LANGUAGE_SK] = {"hodina", "hodiny", "hodín"},
        [LANGUAGE_DE] = {"Uhr", "Uhr", "Uhr"}};
    enum language language = reader->language;
    size_t digits = digits_at(reader->rest, 0), after = digits + 3;
    if (digits < 1 || digits > 2 || !has(reader->rest, digits, ":") ||
        digits_at(reader->rest, digits + 1) != 2 || has(reader->rest, after, ":"))
        return 0;
    int hours = whole(part(reader->rest, 0, digits)),
        minutes = whole(part(reader->rest, digits + 1, 2));
    if (hours > 24 || minutes > 59)
        return 0;
    if (language == LANGUAGE_DE && hours == 1)
        buf_puts(reader->out, "ein");
    else
        numerals_put(language, hours, GENDER_FEMALE, reader->out);
    const char *word = oclock[language][numerals_form(language, hours)];
    size_t gap = space_at(reader->rest, after);
    bool written = gap && has(reader->rest, after + gap, word);
    if (!minutes || language == LANGUAGE_DE)
        buf_printf(reader->out, " %s", word);
    if (minutes) {
        buf_putc(reader->out, ' ');
        put_minutes(reader, minutes);
    }
    return after + (written ? gap + strlen(word) : 0);
}

/* Does the name of a month follow, in any of the ways one writes it after a day? */
static bool month_name_at(enum language language, struct str text, size_t at)
{
    if (language == LANGUAGE_EN)
        return false; /* "5th of May": the suffix tells */
    for (int month = 1; month <= 12; month++)
        if (has(text, at, numerals_month(language, month)))
            return true;
    return false;
}

/* "5. 12." with or without a year; *after_out is behind the second dot. */
static int month_number_at(struct str text, size_t at, size_t *after_out)
{
    size_t digits = digits_at(text, at);
    int month = digits >= 1 && digits <= 2 ? whole(part(text, at, digits)) : 0;
    *after_out = at + digits + 1;
    size_t joined = digits_at(text, *after_out); /* a year; else it is a version, "2.5.1" */
    return month >= 1 && month <= 12 && has(text, at + digits, ".") && (!joined || joined == 4)
               ? month
               : 0;
}

static size_t read_year(struct reader *reader, size_t at)
{
    size_t gap = space_at(reader->rest, at);
    if (digits_at(reader->rest, at + gap) != 4 || reader->rest.at[at + gap] == '0')
        return at;
    buf_putc(reader->out, ' ');
    numerals_put(reader->language, whole(part(reader->rest, at + gap, 4)), GENDER_NONE,
                 reader->out);
    return at + gap + 4;
}

static size_t read_date(struct reader *reader)
{
    size_t digits = digits_at(reader->rest, 0), after;
    int day = digits >= 1 && digits <= 2 ? whole(part(reader->rest, 0, digits)) : 0;
    if (day < 1 || day > 31 || !has(reader->rest, digits, "."))
        return 0;
    size_t next = digits + 1 + space_at(reader->rest, digits + 1);
    int month = month_number_at(reader->rest, next, &after);
    if (month) {
        numerals_put_day(reader->language, day, reader->out);
        buf_printf(reader->out, " %s", numerals_month(reader->language, month));
        return read_year(reader, after);
    }
    if (!month_name_at(reader->language, reader->rest, next))
        return 0;
    numerals_put_day(reader->language, day, reader->out);
    return digits + 1;
}

/* "5th" */
static size_t read_english_ordinal(struct reader *reader)
{
    size_t digits = digits_at(reader->rest, 0);
    int day = digits >= 1 && digits <= 2 ? whole(part(reader->rest, 0, digits)) : 0;
    bool suffix = has(reader->rest, digits, "th") || has(reader->rest, digits, "st") ||
                  has(reader->rest, digits, "nd") || has(reader->rest, digits, "rd");
    if (reader->language != LANGUAGE_EN || day < 1 || day > 31 || !suffix ||
        letter_at(reader->rest, digits + 2))
        return 0;
    numerals_put_day(reader->language, day, reader->out);
    return digits + 2;
}

/* The digits of a whole number, without the spaces or dots between its thousands; gives what is
 * behind it, 0 if it is none. */
static size_t number_at(struct str text, enum language language, int *number_out)
{
    struct groups groups = {0};
    char mark = language == LANGUAGE_EN ? ',' : '.';
    size_t first = digits_at(text, 0), after = first;
    groups_of(text, &groups);
    int number = first <= NUMBER_DIGITS_MAX ? whole(part(text, 0, first)) : -1;
    if (groups.count > 1 && is_thousands(&groups)) {
        number = 0;
        for (size_t i = 0; i < groups.count; i++)
            number = number * 1000 + whole(groups.list[i]);
        after = groups.after;
    } else if (first <= 3 && number > 0) {
        while (after < text.bytes && text.at[after] == mark && digits_at(text, after + 1) == 3 &&
               number < NUMERALS_MAX / 1000) {
            number = number * 1000 + whole(part(text, after + 1, 3));
            after += 4;
        }
    }
    *number_out = number;
    return number < 0 ? 0 : after;
}

static void put_point(struct reader *reader, int number)
{
    static const char *const point[LANGUAGE_COUNT] = {[LANGUAGE_EN] = "point",
                                                      [LANGUAGE_CS] = "celých",
                                                      [LANGUAGE_SK] = "celých",
                                                      [LANGUAGE_DE] = "Komma"};
    bool slavic = reader->language == LANGUAGE_CS || reader->language == LANGUAGE_SK;
    const char *word = point[reader->language];
    if (slavic && number < 5)
        word = number == 1 || number == 0 ? "celá" : "celé";
    buf_printf(reader->out, " %s ", word);
}

/* "2,5", "2.5" */
static size_t read_decimals(struct reader *reader, size_t at, int number)
{
    char mark = reader->language == LANGUAGE_EN ? '.' : ',';
    size_t digits = at < reader->rest.bytes && reader->rest.at[at] == mark
                        ? digits_at(reader->rest, at + 1)
                        : 0;
    if (digits < 1 || digits > 3 || letter_at(reader->rest, at + 1 + digits))
        return 0;
    numerals_put(reader->language, number, GENDER_FEMALE, reader->out);
    put_point(reader, number);
    struct str fraction = part(reader->rest, at + 1, digits);
    if (reader->language == LANGUAGE_EN || reader->language == LANGUAGE_DE || *fraction.at == '0')
        numerals_put_digits(reader->language, fraction, reader->out);
    else
        numerals_put(reader->language, whole(fraction), GENDER_NONE, reader->out);
    return at + 1 + digits;
}

static size_t read_number(struct reader *reader)
{
    int number;
    size_t after = number_at(reader->rest, reader->language, &number), behind;
    if (!after)
        return 0;
    size_t decimals = read_decimals(reader, after, number);
    const struct unit *unit = unit_at(reader->rest, decimals ? decimals : after, &behind);
    if (decimals && unit)
        buf_printf(reader->out, " %s", unit->forms[reader->language][COUNT_FRACTION]);
    else if (unit)
        put_counted(reader, number, unit);
    if (unit)
        return behind;
    if (decimals)
        return decimals;
    if (letter_at(reader->rest, after))
        return 0;
    if (reader->rest.at[0] == '0' && after > 1)
        numerals_put_digits(reader->language, part(reader->rest, 0, after), reader->out);
    else
        numerals_put(reader->language, number, GENDER_NONE, reader->out);
    return after;
}

static size_t read_figures(struct reader *reader)
{
    typedef size_t reading_fn(struct reader * reader);
    static reading_fn *const readings[] = {read_phone, read_time, read_date, read_english_ordinal,
                                           read_number};
    size_t took = 0;
    for (size_t i = 0; i < countof(readings) && !took; i++)
        if (reader->rest.at[0] != '+' || readings[i] == read_phone)
            took = readings[i](reader);
    return took;
}

static bool starts_figures(struct str text)
{
    return is_digit(text.at[0]) || (text.at[0] == '+' && digits_at(text, 1));
}

/* Past what is not understood, so that no part of it is taken for something else. */
static size_t pass_figures(struct str text)
{
    size_t bytes = 1;
    while (bytes < text.bytes && (is_digit(text.at[bytes]) || letter_at(text, bytes)))
        bytes++;
    return bytes;
}

/* The next figures, or the next byte that is none; gives how much of the text that was. */
static size_t read_next(struct reader *reader)
{
    size_t took = 0;
    bool figures = !reader->in_word && starts_figures(reader->rest);
    if (figures)
        took = read_figures(reader);
    if (!took) {
        took = figures ? pass_figures(reader->rest) : 1;
        buf_add(reader->out, reader->rest.at, took);
        unsigned char last = (unsigned char)reader->rest.at[took - 1];
        reader->in_word = letter_at(reader->rest, took - 1) || last >= 0x80 ||
                          (reader->in_word && (is_digit((char)last) || last == '.' || last == '-'));
    }
    reader->rest = part(reader->rest, took, reader->rest.bytes - took);
    return took;
}

void spoken_put(const char *language, struct str text, struct buf *out)
{
    struct reader reader = {.language = language_named(language), .rest = text, .out = out};
    while (reader.rest.bytes)
        read_next(&reader);
}

size_t spoken_origin(const char *language, struct str text, size_t spoken)
{
    struct buf out = {0};
    struct reader reader = {.language = language_named(language), .rest = text, .out = &out};
    size_t at = 0;
    while (reader.rest.bytes && out.bytes < spoken) {
        size_t before = out.bytes, took = read_next(&reader);
        at += out.bytes <= spoken ? took : took * (spoken - before) / (out.bytes - before);
    }
    buf_free(&out);
    return at;
}
