/* rules/numerals.c: the number words of four languages and how they are put together. */
#include "rules/numerals.h"

#include <assert.h>
#include <stdbool.h>

static const char *const small[LANGUAGE_COUNT][20] = {
    [LANGUAGE_EN] = {"zero",    "one",     "two",       "three",    "four",
                     "five",    "six",     "seven",     "eight",    "nine",
                     "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                     "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"},
    [LANGUAGE_CS] = {"nula",    "jedna",    "dva",      "tři",     "čtyři",
                     "pět",     "šest",     "sedm",     "osm",     "devět",
                     "deset",   "jedenáct", "dvanáct",  "třináct", "čtrnáct",
                     "patnáct", "šestnáct", "sedmnáct", "osmnáct", "devatenáct"},
    [LANGUAGE_SK] = {"nula",    "jeden",    "dva",       "tri",      "štyri",
                     "päť",     "šesť",     "sedem",     "osem",     "deväť",
                     "desať",   "jedenásť", "dvanásť",   "trinásť",  "štrnásť",
                     "pätnásť", "šestnásť", "sedemnásť", "osemnásť", "devätnásť"},
    [LANGUAGE_DE] = {"null",     "eins",     "zwei",     "drei",     "vier",
                     "fünf",     "sechs",    "sieben",   "acht",     "neun",
                     "zehn",     "elf",      "zwölf",    "dreizehn", "vierzehn",
                     "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"},
};
static const char *const tens[LANGUAGE_COUNT][10] = {
    [LANGUAGE_EN] = {"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
                     "ninety"},
    [LANGUAGE_CS] = {"", "", "dvacet", "třicet", "čtyřicet", "padesát", "šedesát", "sedmdesát",
                     "osmdesát", "devadesát"},
    [LANGUAGE_SK] = {"", "", "dvadsať", "tridsať", "štyridsať", "päťdesiat", "šesťdesiat",
                     "sedemdesiat", "osemdesiat", "deväťdesiat"},
    [LANGUAGE_DE] = {"", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig",
                     "achtzig", "neunzig"},
};
static const char *const czech_hundreds[] = {"",          "sto",      "dvě stě",  "tři sta",
                                             "čtyři sta", "pět set",  "šest set", "sedm set",
                                             "osm set",   "devět set"};
static const char *const slovak_hundreds[] = {"",         "sto",     "dvesto",  "tristo",
                                              "štyristo", "päťsto",  "šesťsto", "sedemsto",
                                              "osemsto",  "deväťsto"};
/* thousand and million, each as one, few, many */
static const char *const large[LANGUAGE_COUNT][2][3] = {
    [LANGUAGE_EN] = {{"thousand", "thousand", "thousand"}, {"million", "million", "million"}},
    [LANGUAGE_CS] = {{"tisíc", "tisíce", "tisíc"}, {"milion", "miliony", "milionů"}},
    [LANGUAGE_SK] = {{"tisíc", "tisíce", "tisíc"}, {"milión", "milióny", "miliónov"}},
    [LANGUAGE_DE] = {{"tausend", "tausend", "tausend"}, {"Million", "Millionen", "Millionen"}},
};

enum count_form numerals_form(enum language language, int64_t number)
{
    if (number == 1)
        return COUNT_ONE;
    bool slavic = language == LANGUAGE_CS || language == LANGUAGE_SK;
    return slavic && number >= 2 && number <= 4 ? COUNT_FEW : COUNT_MANY;
}

static const char *unit(enum language language, int number, enum gender gender)
{
    static const char *const czech_one[] = {"jedna", "jeden", "jedna", "jedno"};
    static const char *const slovak_one[] = {"jeden", "jeden", "jedna", "jedno"};
    bool woman_or_child = gender == GENDER_FEMALE || gender == GENDER_NEUTER;
    if (number == 1 && language == LANGUAGE_CS)
        return czech_one[gender];
    if (number == 1 && language == LANGUAGE_SK)
        return slovak_one[gender];
    if (number == 2 && woman_or_child && language == LANGUAGE_CS)
        return "dvě";
    if (number == 2 && woman_or_child && language == LANGUAGE_SK)
        return "dve";
    return small[language][number];
}

static void put_below_hundred(enum language language, int number, enum gender gender,
                              struct buf *out)
{
    int rest = number % 10;
    if (number < 20) {
        buf_puts(out, unit(language, number, gender));
    } else if (language == LANGUAGE_DE && rest) {
        buf_printf(out, "%sund%s", rest == 1 ? "ein" : small[language][rest],
                   tens[language][number / 10]);
    } else {
        buf_puts(out, tens[language][number / 10]);
        if (rest)
            buf_puts(out, language == LANGUAGE_EN ? "-" : language == LANGUAGE_CS ? " " : "");
        if (rest)
            buf_puts(out, unit(language, rest, GENDER_NONE));
    }
}

static void put_hundreds(enum language language, int hundreds, struct buf *out)
{
    switch (language) {
    case LANGUAGE_CS: buf_puts(out, czech_hundreds[hundreds]); break;
    case LANGUAGE_SK: buf_puts(out, slovak_hundreds[hundreds]); break;
    case LANGUAGE_DE:
        buf_printf(out, "%shundert", hundreds == 1 ? "ein" : small[language][hundreds]);
        break;
    case LANGUAGE_EN:
    case LANGUAGE_COUNT: buf_printf(out, "%s hundred", small[language][hundreds]); break;
    }
}

/* German writes what is below a million as one word. */
static const char *gap(enum language language)
{
    return language == LANGUAGE_DE ? "" : " ";
}

static void put_below_thousand(enum language language, int number, enum gender gender,
                               struct buf *out)
{
    int hundreds = number / 100, rest = number % 100;
    if (hundreds)
        put_hundreds(language, hundreds, out);
    if (hundreds && rest)
        buf_puts(out, gap(language));
    if (rest || !hundreds)
        put_below_hundred(language, rest, gender, out);
}

static void put_thousands(enum language language, int thousands, struct buf *out)
{
    bool slavic = language == LANGUAGE_CS || language == LANGUAGE_SK;
    if (language == LANGUAGE_DE && thousands == 1)
        buf_puts(out, "ein");
    else if (!(slavic && thousands == 1))
        put_below_thousand(language, thousands, GENDER_MALE, out);
    if (!(slavic && thousands == 1))
        buf_puts(out, gap(language));
    buf_puts(out, large[language][0][numerals_form(language, thousands)]);
}

static void put_millions(enum language language, int millions, struct buf *out)
{
    bool slavic = language == LANGUAGE_CS || language == LANGUAGE_SK;
    if (language == LANGUAGE_DE && millions == 1)
        buf_puts(out, "eine ");
    else if (!(slavic && millions == 1)) {
        put_below_thousand(language, millions, GENDER_MALE, out);
        buf_putc(out, ' ');
    }
    buf_puts(out, large[language][1][numerals_form(language, millions)]);
}

void numerals_put(enum language language, int64_t number, enum gender gender, struct buf *out)
{
    assert(number >= 0 && number <= NUMERALS_MAX);
    int millions = (int)(number / 1000000), thousands = (int)(number / 1000 % 1000),
        rest = (int)(number % 1000);
    if (millions)
        put_millions(language, millions, out);
    if (millions && thousands)
        buf_putc(out, ' ');
    if (thousands)
        put_thousands(language, thousands, out);
    if (rest || number == 0) {
        if (thousands)
            buf_puts(out, gap(language));
        else if (millions)
            buf_putc(out, ' ');
        put_below_thousand(language, rest, gender, out);
    }
}

void numerals_put_digits(enum language language, struct str digits, struct buf *out)
{
    for (size_t i = 0; i < digits.bytes; i++) {
        assert(digits.at[i] >= '0' && digits.at[i] <= '9');
        buf_printf(out, "%s%s", i ? " " : "", small[language][digits.at[i] - '0']);
    }
}

/* 1 to 19, then 20 and 30; the ones between are put together of two. */
static const char *const days[LANGUAGE_COUNT][22] = {
    [LANGUAGE_EN] = {"",          "first",     "second",      "third",      "fourth",
                     "fifth",     "sixth",     "seventh",     "eighth",     "ninth",
                     "tenth",     "eleventh",  "twelfth",     "thirteenth", "fourteenth",
                     "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
                     "twentieth", "thirtieth"},
    [LANGUAGE_CS] = {"",           "prvního",     "druhého",     "třetího",    "čtvrtého",
                     "pátého",     "šestého",     "sedmého",     "osmého",     "devátého",
                     "desátého",   "jedenáctého", "dvanáctého",  "třináctého", "čtrnáctého",
                     "patnáctého", "šestnáctého", "sedmnáctého", "osmnáctého", "devatenáctého",
                     "dvacátého",  "třicátého"},
    [LANGUAGE_SK] = {"",
                     "prvého",
                     "druhého",
                     "tretieho",
                     "štvrtého",
                     "piateho",
                     "šiesteho",
                     "siedmeho",
                     "ôsmeho",
                     "deviateho",
                     "desiateho",
                     "jedenásteho",
                     "dvanásteho",
                     "trinásteho",
                     "štrnásteho",
                     "pätnásteho",
                     "šestnásteho",
                     "sedemnásteho",
                     "osemnásteho",
                     "devätnásteho",
                     "dvadsiateho",
                     "tridsiateho"},
    [LANGUAGE_DE] = {"",
                     "ersten",
                     "zweiten",
                     "dritten",
                     "vierten",
                     "fünften",
                     "sechsten",
                     "siebten",
                     "achten",
                     "neunten",
                     "zehnten",
                     "elften",
                     "zwölften",
                     "dreizehnten",
                     "vierzehnten",
                     "fünfzehnten",
                     "sechzehnten",
                     "siebzehnten",
                     "achtzehnten",
                     "neunzehnten",
                     "zwanzigsten",
                     "dreißigsten"},
};

void numerals_put_day(enum language language, int day, struct buf *out)
{
    assert(day >= 1 && day <= 31);
    int rest = day % 10;
    const char *const *words = days[language];
    if (day < 20 || rest == 0) {
        buf_puts(out, day < 20 ? words[day] : words[day == 20 ? 20 : 21]);
    } else if (language == LANGUAGE_DE) {
        put_below_hundred(language, day, GENDER_NONE, out);
        buf_puts(out, "sten");
    } else if (language == LANGUAGE_EN) {
        buf_printf(out, "%s-%s", tens[language][day / 10], words[rest]);
    } else {
        buf_printf(out, "%s %s", words[day < 30 ? 20 : 21], words[rest]);
    }
}

const char *numerals_month(enum language language, int month)
{
    static const char *const months[LANGUAGE_COUNT][12] = {
        [LANGUAGE_EN] = {"of January", "of February", "of March", "of April", "of May", "of June",
                         "of July", "of August", "of September", "of October", "of November",
                         "of December"},
        [LANGUAGE_CS] = {"ledna", "února", "března", "dubna", "května", "června", "července",
                         "srpna", "září", "října", "listopadu", "prosince"},
        [LANGUAGE_SK] = {"januára", "februára", "marca", "apríla", "mája", "júna", "júla",
                         "augusta", "septembra", "októbra", "novembra", "decembra"},
        [LANGUAGE_DE] = {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August",
                         "September", "Oktober", "November", "Dezember"},
    };
    assert(month >= 1 && month <= 12);
    return months[language][month - 1];
}
