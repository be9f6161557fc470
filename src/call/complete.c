/* call/complete.c: reads the features of complete.h off a caller's words and weighs them. */
#include "call/complete.h"

#include <math.h>
#include <string.h>

_Static_assert(COMPLETE_FEATURE_COUNT <= 64, "features are bits of a uint64_t");

/* The words that are judged, cut once; borrowed from the normalised text. */
struct said {
    const struct words_tables *tables;
    enum words_asked asked;
    struct str words;        /* all that are judged */
    struct str last, before; /* the last word; all without it */
    size_t count;
    char mark, mark_before; /* the last two bytes of the text as the recogniser writes it */
};

static struct str last_word(struct str words)
{
    size_t at = words.bytes;
    while (at && words.at[at - 1] != ' ')
        at--;
    return (struct str){words.at + at, words.bytes - at};
}

static struct str without_last(struct str words)
{
    words.bytes -= last_word(words).bytes;
    return str_trim(words);
}

static struct said look(enum language language, enum words_asked asked, struct str text,
                        struct str words)
{
    size_t count = words_count(words);
    if (count > COMPLETE_WORDS_MAX)
        words = words_after(words, count - COMPLETE_WORDS_MAX);
    text = str_trim(text);
    return (struct said){.tables = language_words(language),
                         .asked = asked,
                         .words = words,
                         .last = last_word(words),
                         .before = without_last(words),
                         .count = count,
                         .mark = text.bytes ? text.at[text.bytes - 1] : '\0',
                         .mark_before = text.bytes > 1 ? text.at[text.bytes - 2] : '\0'};
}

static uint64_t bit(int feature, bool so)
{
    return (uint64_t)so << feature;
}

/* Numbers. */

struct number {
    size_t digits;  /* of the number the text ends in */
    size_t words;   /* it takes */
    size_t letters; /* lone ones at the end */
    size_t room;    /* digits that may still take the place of its last zeros */
    bool unit;      /* its last word is one */
    bool country;   /* it begins with a country's code */
};

static bool is_written(struct str word)
{
    for (size_t i = 0; i < word.bytes; i++)
        if (word.at[i] < '0' || word.at[i] > '9')
            return false;
    return word.bytes > 0;
}

/* "seven hundred twelve": each word fills places that the one before opened, or opens its own. */
static bool count_spoken(const struct words_tables *tables, struct number *number, struct str word)
{
    bool unit = false;
    if (words_are_all(tables->hundreds, word)) {
        number->digits += number->unit ? 2 : 3;
        number->room = 2;
    } else if (words_are_all(tables->tens, word)) {
        number->digits += number->room == 2 ? 0 : 2;
        number->room = 1;
    } else if (words_are_all(tables->teens, word)) {
        number->digits += number->room == 2 ? 0 : 2;
        number->room = 0;
    } else if (words_are_all(tables->units, word)) {
        unit = number->room == 0;
        number->digits += unit;
        number->room = 0;
    } else {
        return false;
    }
    number->unit = unit;
    return true;
}

static void count_word(const struct words_tables *tables, struct number *number, struct str word)
{
    bool plus = str_is(word, "plus");
    if (is_written(word)) {
        number->digits += word.bytes;
        number->room = number->unit = 0;
    } else if (!plus && !count_spoken(tables, number, word)) {
        *number = (struct number){.letters = word.bytes == 1 ? number->letters + 1 : 0};
        return;
    }
    number->country |= plus;
    number->words++;
    number->letters = 0;
}

static struct number number_last(const struct said *said, struct str text)
{
    struct number number = {0};
    for (struct str rest = said->words; rest.bytes;)
        count_word(said->tables, &number, str_cut(&rest, ' '));
    number.country |= number.digits && memchr(text.at, '+', text.bytes) != NULL;
    return number;
}

static bool is_whole(const struct said *said, const struct number *number)
{
    size_t country = number->country ? said->tables->country_digits : 0;
    return number->digits >= said->tables->phone_digits + country;
}

/* "at five thirty", "in 1948" end in a number, too, but nobody dictates it. */
static bool is_dictated(const struct said *said, const struct number *number)
{
    return said->asked == ASKED_NUMBER || number->digits > 4 || number->words >= 3 ||
           words_contain(said->tables->digit_questions, said->words);
}

static uint64_t numbers(const struct said *said, struct str text, bool *digits_out)
{
    struct number number = number_last(said, text);
    bool whole = is_whole(said, &number);
    bool open = number.words && !whole && is_dictated(said, &number);
    bool spelling = number.letters >= 2;
    *digits_out = open || spelling;
    return bit(COMPLETE_NUMBER_OPEN, open) | bit(COMPLETE_NUMBER_WHOLE, whole) |
           bit(COMPLETE_NUMBER_LAST, number.words && !open && !whole) |
           bit(COMPLETE_SPELLING, spelling) |
           bit(COMPLETE_NUMBER_REFUSED,
               said->asked == ASKED_NUMBER && !number.words && said->count >= 2);
}

/* The rest. */

static uint64_t marks(const struct said *said)
{
    bool broken = said->mark == '-' || (said->mark == '.' && said->mark_before == '.');
    return bit(COMPLETE_FULL_STOP, said->mark == '.' && !broken) |
           bit(COMPLETE_QUESTION_MARK, said->mark == '?' || said->mark == '!') |
           bit(COMPLETE_COMMA, said->mark == ',' || said->mark == ':' || said->mark == ';') |
           bit(COMPLETE_BROKEN_OFF, broken);
}

static bool begins_in(const char *const *table, struct str words)
{
    return words_take(table, &words);
}

static bool has_beginning(const char *const *beginnings, struct str word)
{
    for (; word.bytes && *beginnings; beginnings++) /* the first letter rules out nearly all */
        if (**beginnings == word.at[0] && str_starts(word, *beginnings))
            return true;
    return false;
}

static bool has_ending(const char *const *endings, struct str word)
{
    for (; *endings; endings++) {
        size_t bytes = strlen(*endings);
        if (word.bytes > bytes && memcmp(word.at + word.bytes - bytes, *endings, bytes) == 0)
            return true;
    }
    return false;
}

static bool is_verb(const struct words_tables *tables, struct str word)
{
    size_t negation = str_starts(word, "ne") ? 2 : 0; /* Czech and Slovak write it as one word */
    struct str plain = {word.at + negation, word.bytes - negation};
    return has_beginning(tables->verbs, word) || has_beginning(tables->verbs, plain) ||
           has_ending(tables->verb_endings, word);
}

static bool has_verb(const struct words_tables *tables, struct str words)
{
    while (words.bytes)
        if (is_verb(tables, str_cut(&words, ' ')))
            return true;
    return false;
}

/* The words after the last subordinating conjunction, and whether there is one. */
static bool last_clause(const struct words_tables *tables, struct str words, struct str *clause_out)
{
    bool found = false;
    while (words.bytes) {
        bool here = words_take(tables->subordinators, &words);
        if (here)
            *clause_out = words;
        else
            words = words_after(words, 1);
        found |= here;
    }
    return found && clause_out->bytes > 0;
}

static uint64_t ends(const struct said *said)
{
    const struct words_tables *t = said->tables;
    struct str words = said->words;
    return bit(COMPLETE_ENDS_CONJUNCTION, words_end_in(t->conjunctions, words)) |
           bit(COMPLETE_ENDS_SUBORDINATOR, words_end_in(t->subordinators, words)) |
           bit(COMPLETE_ENDS_PREPOSITION, words_end_in(t->prepositions, words)) |
           bit(COMPLETE_ENDS_DETERMINER, words_end_in(t->determiners, words)) |
           bit(COMPLETE_ENDS_FILLER, words_end_in(t->fillers, words)) |
           bit(COMPLETE_ENDS_HESITATION, words_end_in(t->hesitations, words)) |
           bit(COMPLETE_ENDS_WANTING, words_end_in(t->wanting, words)) |
           bit(COMPLETE_ENDS_LEANING, words_end_in(t->leaning, words)) |
           bit(COMPLETE_ENDS_ADJECTIVE, has_ending(t->adjectives, said->last)) |
           bit(COMPLETE_ENDS_TAG, words_end_in(t->tags, words)) |
           bit(COMPLETE_ENDS_VERB, is_verb(t, said->last));
}

static uint64_t ends_but_one(const struct said *said)
{
    const struct words_tables *t = said->tables;
    struct str words = said->before;
    return bit(COMPLETE_ONE_AFTER_CONJUNCTION, words_end_in(t->conjunctions, words)) |
           bit(COMPLETE_ONE_AFTER_PREPOSITION, words_end_in(t->prepositions, words)) |
           bit(COMPLETE_ONE_AFTER_DETERMINER, words_end_in(t->determiners, words)) |
           bit(COMPLETE_ONE_AFTER_WANTING, words_end_in(t->wanting, words)) |
           bit(COMPLETE_ONE_AFTER_LEANING, words_end_in(t->leaning, words));
}

static uint64_t counts(const struct said *said)
{
    size_t n = said->count;
    return bit(COMPLETE_WORDS_1, n == 1) | bit(COMPLETE_WORDS_2, n == 2) |
           bit(COMPLETE_WORDS_3_4, n == 3 || n == 4) | bit(COMPLETE_WORDS_5_7, n >= 5 && n <= 7);
}

static bool introduced(const struct said *said)
{
    struct str words = said->before;
    return words_end_in(said->tables->introductions, words) ||
           words_end_in(said->tables->introductions, without_last(words));
}

static uint64_t clauses(const struct said *said)
{
    const struct words_tables *t = said->tables;
    struct str clause = {0};
    bool subordinate = last_clause(t, said->words, &clause);
    bool verb = has_verb(t, clause);
    return bit(COMPLETE_NO_VERB, !has_verb(t, said->words)) |
           bit(COMPLETE_CLAUSE_WITHOUT_VERB, subordinate && !verb) |
           bit(COMPLETE_CLAUSE_WITH_VERB, subordinate && verb);
}

/* "good morning, is he there" */
static bool asks(const struct words_tables *tables, struct str words)
{
    while (words_take(tables->greetings, &words))
        ;
    return begins_in(tables->questions, words);
}

static uint64_t kinds(enum language language, const struct said *said)
{
    const struct words_tables *t = said->tables;
    return bit(COMPLETE_BACKCHANNEL, words_are_backchannel(language, said->words)) |
           bit(COMPLETE_SHORT_ANSWER, words_are_all(t->short_answers, said->words)) |
           bit(COMPLETE_FAREWELL, words_are_farewell(language, said->words)) |
           bit(COMPLETE_GREETING_ONLY, words_are_all(t->greetings, said->words)) |
           bit(COMPLETE_INTRODUCTION_LAST, introduced(said)) |
           bit(COMPLETE_BEGINS_CONJUNCTION, begins_in(t->conjunctions, said->words)) |
           bit(COMPLETE_QUESTION_WORD, asks(t, said->words));
}

static uint64_t mails(const struct said *said, struct str text)
{
    static const char *const domains[] = {"com", "cz",  "sk",   "de", "eu", "uk",
                                          "net", "org", "info", "at", NULL};
    bool mail = words_contain(said->tables->mail_signs, said->before) ||
                (text.bytes && memchr(text.at, '@', text.bytes));
    bool whole = mail && words_are_all(domains, said->last);
    return bit(COMPLETE_MAIL_WHOLE, whole) |
           bit(COMPLETE_MAIL_OPEN,
               !whole && (mail || words_are_all(said->tables->mail_signs, said->last)));
}

/* Any of them, and the last word hangs in the air. */
static const uint64_t open_ends =
    1ull << COMPLETE_COMMA | 1ull << COMPLETE_BROKEN_OFF | 1ull << COMPLETE_ENDS_CONJUNCTION |
    1ull << COMPLETE_ENDS_SUBORDINATOR | 1ull << COMPLETE_ENDS_PREPOSITION |
    1ull << COMPLETE_ENDS_DETERMINER | 1ull << COMPLETE_ENDS_FILLER |
    1ull << COMPLETE_ENDS_HESITATION | 1ull << COMPLETE_ENDS_WANTING;

/* A first name and a surname: two words and no more, or two after "my name is". */
static bool is_full_name(const struct said *said)
{
    struct str first = without_last(said->before);
    return said->count == 2 || words_end_in(said->tables->introductions, first);
}

/* It has a verb, and the last word is one that may well stand last. */
static bool is_sentence(const struct said *said, uint64_t found)
{
    static const uint64_t odd = 1ull << COMPLETE_ENDS_LEANING | 1ull << COMPLETE_ENDS_ADJECTIVE |
                                1ull << COMPLETE_ENDS_VERB | 1ull << COMPLETE_NO_VERB |
                                1ull << COMPLETE_CLAUSE_WITHOUT_VERB;
    return said->count >= 3 && !(found & (open_ends | odd));
}

static uint64_t answers(const struct said *said, uint64_t found)
{
    const struct words_tables *t = said->tables;
    bool yes_no = said->asked == ASKED_YES_NO, closed = !(found & open_ends);
    bool name = said->asked == ASKED_NAME && closed && !(found & 1ull << COMPLETE_SPELLING);
    bool whole_name = said->count <= 3 || found & 1ull << COMPLETE_INTRODUCTION_LAST;
    return bit(COMPLETE_AFTER_NOTHING, said->asked == ASKED_NOTHING) |
           bit(COMPLETE_AFTER_YES_NO, yes_no) |
           bit(COMPLETE_AFTER_NAME, said->asked == ASKED_NAME) |
           bit(COMPLETE_AFTER_NUMBER, said->asked == ASKED_NUMBER) |
           bit(COMPLETE_YES_NO_ANSWERED, yes_no && begins_in(t->short_answers, said->words)) |
           bit(COMPLETE_YES_NO_FEW_WORDS, yes_no && said->count <= 2 && closed) |
           bit(COMPLETE_NAME_ANSWERED, name && whole_name) |
           bit(COMPLETE_NAME_IN_FULL, name && is_full_name(said)) |
           bit(COMPLETE_SENTENCE, is_sentence(said, found)) |
           bit(COMPLETE_OPEN_WITH_STOP, !closed && found & 1ull << COMPLETE_FULL_STOP);
}

uint64_t complete_features(enum language language, enum words_asked asked, struct str text,
                           struct str normalised, bool *digits_out)
{
    struct said said = look(language, asked, text, normalised);
    uint64_t found = numbers(&said, text, digits_out) | marks(&said) | ends(&said) |
                     ends_but_one(&said) | counts(&said) | kinds(language, &said) | clauses(&said) |
                     mails(&said, text);
    return found | answers(&said, found) | bit(COMPLETE_ALWAYS, true) |
           bit(COMPLETE_SLOVAK, language == LANGUAGE_SK) |
           bit(COMPLETE_ENGLISH, language == LANGUAGE_EN) |
           bit(COMPLETE_GERMAN, language == LANGUAGE_DE);
}

int complete_of(const struct complete_fit *fit, uint64_t features)
{
    int sum = 0;
    for (int i = 0; i < COMPLETE_FEATURE_COUNT; i++)
        if (features >> i & 1)
            sum += fit->weights[i];
    return (int)lround(100 / (1 + exp(-sum / 100.0)));
}

int complete_percent(enum language language, enum words_asked asked, struct str text,
                     struct buf *scratch, bool *digits_out)
{
    words_normalise(text, scratch);
    *digits_out = false;
    if (!scratch->bytes)
        return 0;
    return complete_of(&complete_fit,
                       complete_features(language, asked, text, buf_str(scratch), digits_out));
}

int64_t complete_wait_ms(const struct complete_fit *fit, enum language language, int percent,
                         bool digits)
{
    if (digits)
        return EOT_DIGITS_MS;
    if (percent >= fit->sure[language])
        return EOT_FAST_MS;
    return percent < fit->open[language] ? EOT_SLOW_MS : EOT_NORM_MS;
}
