/* rules/digits.c: number words of four languages put together to digits. */
#include "rules/digits.h"

#include <stdio.h>
#include <string.h>

/* Folded words and what they are worth; 0 to 9, the teens, the tens and the hundreds. */
struct number_word {
    const char *word;
    int value;
};
static const struct number_word english[] = {
    {"zero", 0},      {"oh", 0},        {"o", 0},        {"one", 1},      {"two", 2},
    {"three", 3},     {"four", 4},      {"five", 5},     {"six", 6},      {"seven", 7},
    {"eight", 8},     {"nine", 9},      {"ten", 10},     {"eleven", 11},  {"twelve", 12},
    {"thirteen", 13}, {"fourteen", 14}, {"fifteen", 15}, {"sixteen", 16}, {"seventeen", 17},
    {"eighteen", 18}, {"nineteen", 19}, {"twenty", 20},  {"thirty", 30},  {"forty", 40},
    {"fifty", 50},    {"sixty", 60},    {"seventy", 70}, {"eighty", 80},  {"ninety", 90},
    {NULL, 0},
};
static const struct number_word czech[] = {
    {"nula", 0},      {"nul", 0},        {"jedna", 1},    {"jeden", 1},       {"jedno", 1},
    {"dva", 2},       {"dve", 2},        {"tri", 3},      {"ctyri", 4},       {"pet", 5},
    {"sest", 6},      {"sedm", 7},       {"osm", 8},      {"devet", 9},       {"deset", 10},
    {"jedenact", 11}, {"dvanact", 12},   {"trinact", 13}, {"ctrnact", 14},    {"patnact", 15},
    {"sestnact", 16}, {"sedmnact", 17},  {"osmnact", 18}, {"devatenact", 19}, {"dvacet", 20},
    {"tricet", 30},   {"ctyricet", 40},  {"padesat", 50}, {"sedesat", 60},    {"sedmdesat", 70},
    {"osmdesat", 80}, {"devadesat", 90}, {"sto", 100},    {"dveste", 200},    {NULL, 0},
};
static const struct number_word slovak[] = {
    {"nula", 0},        {"nul", 0},          {"jedna", 1},       {"jeden", 1},
    {"jedno", 1},       {"dva", 2},          {"dve", 2},         {"tri", 3},
    {"styri", 4},       {"pat", 5},          {"sest", 6},        {"sedem", 7},
    {"osem", 8},        {"devat", 9},        {"desat", 10},      {"jedenast", 11},
    {"dvanast", 12},    {"trinast", 13},     {"strnast", 14},    {"patnast", 15},
    {"sestnast", 16},   {"sedemnast", 17},   {"osemnast", 18},   {"devatnast", 19},
    {"dvadsat", 20},    {"tridsat", 30},     {"styridsat", 40},  {"patdesiat", 50},
    {"sestdesiat", 60}, {"sedemdesiat", 70}, {"osemdesiat", 80}, {"devatdesiat", 90},
    {"sto", 100},       {"dvesto", 200},     {NULL, 0},
};
static const struct number_word german[] = {
    {"null", 0},      {"eins", 1},      {"ein", 1},       {"eine", 1},      {"zwei", 2},
    {"zwo", 2},       {"drei", 3},      {"vier", 4},      {"funf", 5},      {"sechs", 6},
    {"sieben", 7},    {"acht", 8},      {"neun", 9},      {"zehn", 10},     {"elf", 11},
    {"zwolf", 12},    {"dreizehn", 13}, {"vierzehn", 14}, {"funfzehn", 15}, {"sechzehn", 16},
    {"siebzehn", 17}, {"achtzehn", 18}, {"neunzehn", 19}, {"zwanzig", 20},  {"dreissig", 30},
    {"vierzig", 40},  {"funfzig", 50},  {"sechzig", 60},  {"siebzig", 70},  {"achtzig", 80},
    {"neunzig", 90},  {"hundert", 100}, {NULL, 0},
};
static const struct number_word *const number_words[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] = english, [LANGUAGE_CS] = czech, [LANGUAGE_SK] = slovak, [LANGUAGE_DE] = german};

static int plain_value(enum language language, struct str folded)
{
    for (const struct number_word *known = number_words[language]; known->word; known++)
        if (str_is(folded, known->word))
            return known->value;
    return -1;
}

/* German says "dreiundzwanzig", Czech sometimes "třiadvacet": units, a joint, tens. */
static int joined_value(enum language language, struct str folded)
{
    const char *joint = language == LANGUAGE_DE ? "und" : "a";
    size_t joint_bytes = strlen(joint);
    for (size_t i = 2; i + joint_bytes < folded.bytes; i++) {
        if (memcmp(folded.at + i, joint, joint_bytes) != 0)
            continue;
        size_t tens_at = i + joint_bytes;
        int units = plain_value(language, (struct str){folded.at, i});
        int tens = plain_value(language, (struct str){folded.at + tens_at, folded.bytes - tens_at});
        if (units > 0 && units < 10 && tens >= 20 && tens < 100)
            return tens + units;
    }
    return -1;
}

static int word_value(enum language language, struct str folded)
{
    int value = plain_value(language, folded);
    return value >= 0 || language == LANGUAGE_EN ? value : joined_value(language, folded);
}

/* "set", "sta", "sto", "hundert", "hundred" after a unit. */
static bool is_hundreds(enum language language, struct str folded)
{
    static const char *const hundreds[LANGUAGE_COUNT] = {[LANGUAGE_EN] = "hundred",
                                                         [LANGUAGE_CS] = "set|sta",
                                                         [LANGUAGE_SK] = "sto",
                                                         [LANGUAGE_DE] = "hundert"};
    struct str rest = str_of(hundreds[language]);
    while (rest.bytes) {
        struct str one = str_cut(&rest, '|');
        if (one.bytes == folded.bytes && memcmp(one.at, folded.at, one.bytes) == 0)
            return true;
    }
    return false;
}

static void add(struct digits *digits, const char *text, size_t bytes)
{
    size_t room = DIGITS_MAX + 1 - strlen(digits->text);
    strncat(digits->text, text, bytes < room ? bytes : room);
}

/* One number in words, its units and tens behind its hundreds and so on; gives the word after it.
 */
static size_t take_spoken(const struct words *words, enum language language, size_t at,
                          struct digits *digits)
{
    int value = word_value(language, words->list[at].folded);
    if (value < 0)
        return 0;
    at++;
    if (value > 0 && value < 10 && at < words->count &&
        is_hundreds(language, words->list[at].folded)) {
        value *= 100;
        at++;
    }
    for (int step = value >= 100 ? 100 : 10; at < words->count && value && value % step == 0;) {
        int next = word_value(language, words->list[at].folded);
        if (next <= 0 || next >= step || (step == 10 && value < 20))
            break;
        value += next;
        at++;
        step = 10;
    }
    char text[12];
    int bytes = snprintf(text, sizeof(text), "%d", value);
    add(digits, text, (size_t)bytes);
    return at;
}

static bool all_digits(struct str text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.bytes > 0;
}

static size_t take_figures(const struct words *words, size_t at, struct digits *digits)
{
    struct str word = words->list[at].text;
    bool plus = word.bytes > 1 && word.at[0] == '+';
    if (plus && digits->text[0])
        return 0; /* another number begins */
    if (!all_digits((struct str){word.at + plus, word.bytes - plus}))
        return 0;
    add(digits, word.at, word.bytes);
    return at + 1;
}

static size_t take_part(const struct words *words, enum language language, size_t at,
                        struct digits *digits)
{
    if (!digits->text[0] && at + 1 < words->count && str_is(words->list[at].folded, "plus")) {
        strcpy(digits->text, "+");
        return at + 1;
    }
    size_t after = take_figures(words, at, digits);
    return after ? after : take_spoken(words, language, at, digits);
}

/* "12. 5. 2026" */
static bool is_date(const struct words *words, struct span span)
{
    if (span.after - span.first != 3)
        return false;
    const struct word *word = &words->list[span.first];
    return word[0].text.bytes <= 2 && word[1].text.bytes <= 2 && word[2].text.bytes == 4 &&
           all_digits(word[0].text) && all_digits(word[2].text);
}

bool digits_find(const struct words *words, enum language language, size_t from,
                 struct digits *digits_out)
{
    for (size_t first = from; first < words->count; first++) {
        struct digits digits = {.span = {first, first}};
        while (digits.span.after < words->count && strlen(digits.text) <= DIGITS_MAX) {
            size_t after = take_part(words, language, digits.span.after, &digits);
            if (!after)
                break;
            digits.span.after = after;
        }
        size_t plus = digits.text[0] == '+';
        if (strlen(digits.text) - plus >= DIGITS_MIN && !is_date(words, digits.span)) {
            *digits_out = digits;
            return true;
        }
        if (digits.span.after > first)
            first = digits.span.after - 1;
    }
    return false;
}

const char *digits_country(enum language language)
{
    static const char *const countries[LANGUAGE_COUNT] = {
        [LANGUAGE_CS] = "CZ", [LANGUAGE_SK] = "SK", [LANGUAGE_DE] = "DE"};
    return countries[language];
}

void digits_group(const char *digits, struct buf *out)
{
    if (*digits == '+')
        buf_putc(out, *digits++);
    size_t left = strlen(digits);
    while (left) {
        size_t group = left == 4 ? 2 : left < 3 ? left : 3;
        buf_add(out, digits, group);
        digits += group;
        left -= group;
        if (left)
            buf_putc(out, ' ');
    }
}
