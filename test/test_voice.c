/* test/test_voice.c: the sandbox's mouth: each voice in each of its languages speaks at a plausible
 * pace and loudness, says when each letter sounds, and is understood by the sandbox's own ears. */
#include "test/test.h"

#include "base/audio.h"
#include "base/mem.h"
#include "sandbox/speech/hear.h"
#include "sandbox/speech/voice.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000, WORDS_MAX = 64 };

/* espeak-ng keeps what it loaded until the process ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libespeak-ng\nleak:libpcaudio\n";
}

static const struct sentence {
    const char *language, *text, *words;
} sentences[] = {
    {"en", "Hello, I am calling about the meeting on Wednesday. Please call me back.",
     "hello i am calling about the meeting on wednesday please call me back"},
    {"cs", "Dobrý den, volám kvůli středeční schůzce. Prosím, zavolejte mi zpátky.",
     "dobrý den volám kvůli středeční schůzce prosím zavolejte mi zpátky"},
    {"sk", "Dobrý deň, volám kvôli stretnutiu v stredu. Prosím, zavolajte mi späť.",
     "dobrý deň volám kvôli stretnutiu v stredu prosím zavolajte mi späť"},
    {"de", "Sie haben einen Preis gewonnen. Vielen Dank, auf Wiederhören.",
     "sie haben einen preis gewonnen vielen dank auf wiederhören"},
};
static struct voices *voices;
static struct hear_models *models;

/* ---- speaking ---- */

struct said {
    struct op *op;
    struct buf ulaw, text;
    int64_t last_ms;
    size_t chars;
    bool done, out_of_order;
    int err;
};

static void on_voice(const struct voice_event *event, void *arg)
{
    struct said *said = arg;
    assert_false(said->done);
    if (event->kind == VOICE_DONE) {
        assert_null(said->op);
        said->done = true;
        said->err = event->err;
        return;
    }
    buf_add(&said->ulaw, event->ulaw, event->ulaw_bytes);
    buf_add_str(&said->text, event->text);
    for (size_t i = 0; i < event->char_count; i++) {
        const struct voice_char *one = &event->chars[i];
        said->out_of_order |= one->start_ms < said->last_ms || one->end_ms < one->start_ms;
        said->last_ms = one->end_ms;
    }
    said->chars += event->char_count;
}

static void await(struct said *said)
{
    struct pollfd pollfd = {.fd = voices_fd(voices), .events = POLLIN};
    while (!said->done) {
        if (poll(&pollfd, 1, WAIT_MS) <= 0)
            fail_msg("nothing is said in %d ms", WAIT_MS);
        voices_deliver(voices);
    }
    assert_int_equal(said->err, 0);
}

static struct said say(const struct voice_ask *ask)
{
    struct said said = {0};
    assert_int_equal(voice_say(voices, ask, on_voice, &said, &said.op), 0);
    await(&said);
    return said;
}

static void said_free(struct said *said)
{
    buf_free(&said->ulaw);
    buf_free(&said->text);
}

static int64_t length_ms(const struct said *said)
{
    return (int64_t)said->ulaw.bytes / AUDIO_BYTES_PER_MS;
}

/* The engines dither and carry their pitch on, so that no two sayings are the same byte for byte.
 */
static void expect_as_long_as(const struct said *said, const struct said *other)
{
    int64_t ms = length_ms(said), other_ms = length_ms(other);
    if (100 * llabs(ms - other_ms) > other_ms)
        fail_msg("%lld ms instead of %lld", (long long)ms, (long long)other_ms);
}

/* ---- what the ears make of it ---- */

static void on_words(const struct hear_event *event, void *arg)
{
    struct buf *words = arg;
    if (event->kind != HEAR_FINAL || !event->text[0])
        return;
    buf_puts(words, words->bytes ? " " : "");
    buf_puts(words, event->text);
}

static struct buf heard(const char *language, const struct said *said)
{
    struct buf words = {0};
    struct hear *hear = NULL;
    struct hear_options options = {.language = language, .mean = HEAR_MEAN_PER_UTTERANCE};
    uint8_t quiet[AUDIO_FRAME_BYTES];
    memset(quiet, ULAW_SILENCE, sizeof(quiet));
    assert_int_equal(hear_open(models, &options, on_words, &words, &hear), 0);
    hear_feed(hear, (const uint8_t *)said->ulaw.data, said->ulaw.bytes);
    for (int i = 0; i < 50; i++)
        hear_feed(hear, quiet, sizeof(quiet));
    hear_close(&hear);
    return words;
}

static size_t words_of(struct str text, struct str *words_out)
{
    size_t count = 0;
    while (text.bytes && count < WORDS_MAX)
        words_out[count++] = str_cut(&text, ' ');
    return count;
}

static bool same(struct str one, struct str other)
{
    return one.bytes == other.bytes && memcmp(one.at, other.at, one.bytes) == 0;
}

/* How many of the expected words come in their order, percent (the longest common subsequence). */
static size_t understood(const char *expected, struct str got)
{
    struct str want[WORDS_MAX], have[WORDS_MAX];
    size_t longest[WORDS_MAX + 1][WORDS_MAX + 1] = {{0}};
    size_t wanted = words_of(str_of(expected), want), had = words_of(got, have);
    for (size_t i = 1; i <= wanted; i++)
        for (size_t j = 1; j <= had; j++) {
            size_t a = longest[i - 1][j], b = longest[i][j - 1];
            longest[i][j] = same(want[i - 1], have[j - 1]) ? longest[i - 1][j - 1] + 1
                            : a > b                        ? a
                                                           : b;
        }
    return 100 * longest[wanted][had] / wanted;
}

/* ---- tests ---- */

static int open_all(void **state)
{
    (void)state;
    assert_int_equal(voices_open(&voices), 0);
    assert_int_equal(hear_models_open(SPEECH_MODEL_DIR, NULL, &models), 0);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    hear_models_close(&models);
    voices_close(&voices);
    return 0;
}

typedef void check_fn(const struct voice_info *voice, const struct sentence *sentence,
                      const struct said *said);

static void each_voice(check_fn *check)
{
    size_t count = 0;
    const struct voice_info *list = voice_list(&count);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < countof(sentences); s++) {
            if (!strstr(list[i].languages, sentences[s].language))
                continue;
            struct said said = say(&(struct voice_ask){.text = sentences[s].text,
                                                       .language = sentences[s].language,
                                                       .voice = list[i].name});
            check(&list[i], &sentences[s], &said);
            said_free(&said);
        }
}

static void expect_pace(const struct voice_info *voice, const struct sentence *sentence,
                        const struct said *said)
{
    int64_t per_second = (int64_t)strlen(sentence->text) * 1000 / length_ms(said);
    if (per_second < 8 || per_second > 25)
        fail_msg("%s speaks %lld letters a second in %s", voice->name, (long long)per_second,
                 sentence->language);
}

static void every_voice_speaks_at_the_pace_of_people(void **state)
{
    (void)state;
    each_voice(expect_pace);
}

static void expect_level(const struct voice_info *voice, const struct sentence *sentence,
                         const struct said *said)
{
    const uint8_t *ulaw = (const uint8_t *)said->ulaw.data;
    double db = ulaw_level_db(ulaw, said->ulaw.bytes);
    size_t loudest = 0;
    for (size_t i = 0; i < said->ulaw.bytes; i++)
        loudest += (ulaw[i] & 0x7F) == 0; /* either end of the scale */
    if (db < -30 || db > -12)
        fail_msg("%s is at %.1f dB in %s", voice->name, db, sentence->language);
    if (loudest > said->ulaw.bytes / 1000)
        fail_msg("%s is clipped %zu times in %s", voice->name, loudest, sentence->language);
}

static void every_voice_is_as_loud_as_people_on_a_telephone(void **state)
{
    (void)state;
    each_voice(expect_level);
}

static void expect_letters(const struct voice_info *voice, const struct sentence *sentence,
                           const struct said *said)
{
    size_t letters = 0;
    for (const char *at = sentence->text; *at; at++)
        letters += ((unsigned char)*at & 0xC0) != 0x80;
    assert_string_equal(buf_text(&said->text), sentence->text);
    assert_int_equal(said->chars, letters);
    if (said->out_of_order || said->last_ms > length_ms(said) + 1)
        fail_msg("%s gives its letters times that cannot be in %s: the last ends at %lld of %lld",
                 voice->name, sentence->language, (long long)said->last_ms,
                 (long long)length_ms(said));
}

static void the_pieces_are_the_text_and_every_letter_has_its_time(void **state)
{
    (void)state;
    each_voice(expect_letters);
}

static void each_languages_own_voice_is_understood(void **state)
{
    (void)state;
    for (size_t s = 0; s < countof(sentences); s++) {
        struct said said =
            say(&(struct voice_ask){.text = sentences[s].text, .language = sentences[s].language});
        struct buf words = heard(sentences[s].language, &said);
        size_t percent = understood(sentences[s].words, buf_str(&words));
        if (percent < 80)
            fail_msg("%zu %% of \"%s\" was understood: \"%s\"", percent, sentences[s].words,
                     buf_text(&words));
        buf_free(&words);
        said_free(&said);
    }
}

static void a_voice_that_does_not_know_the_language_is_replaced_by_one_of_its_sex(void **state)
{
    (void)state;
    struct said she =
        say(&(struct voice_ask){.text = sentences[3].text, .language = "de-AT", .voice = "slt"});
    struct said own =
        say(&(struct voice_ask){.text = sentences[3].text, .language = "de", .voice = "espeak-f"});
    struct said he =
        say(&(struct voice_ask){.text = sentences[3].text, .language = "de", .voice = "rms"});
    struct buf words = heard("de", &she);
    expect_as_long_as(&she, &own);
    assert_true(understood(sentences[3].words, buf_str(&words)) >= 60);
    assert_true(length_ms(&he) > 1000);
    buf_free(&words);
    said_free(&she);
    said_free(&own);
    said_free(&he);
}

static void speed_is_obeyed_within_its_bounds(void **state)
{
    (void)state;
    for (size_t s = 0; s < countof(sentences); s++) {
        struct voice_ask ask = {.text = sentences[s].text, .language = sentences[s].language};
        ask.speed = 0.7;
        struct said slow = say(&ask);
        ask.speed = 1.2;
        struct said quick = say(&ask);
        ask.speed = 9;
        struct said quickest = say(&ask);
        if (length_ms(&slow) * 10 < length_ms(&quick) * 13)
            fail_msg("%s: %lld ms slow, %lld ms quick", ask.language, (long long)length_ms(&slow),
                     (long long)length_ms(&quick));
        expect_as_long_as(&quickest, &quick);
        said_free(&slow);
        said_free(&quick);
        said_free(&quickest);
    }
}

static void two_who_ask_at_once_get_each_his_own(void **state)
{
    (void)state;
    struct said both[2] = {{0}};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(voice_say(voices,
                                   &(struct voice_ask){.text = sentences[i].text,
                                                       .language = sentences[i].language},
                                   on_voice, &both[i], &both[i].op),
                         0);
    for (size_t i = 0; i < 2; i++) {
        await(&both[i]);
        struct buf words = heard(sentences[i].language, &both[i]);
        assert_string_equal(buf_text(&both[i].text), sentences[i].text);
        assert_true(understood(sentences[i].words, buf_str(&words)) >= 80);
        buf_free(&words);
        said_free(&both[i]);
    }
}

static void who_has_cancelled_hears_nothing(void **state)
{
    (void)state;
    struct said cancelled = {0};
    assert_int_equal(voice_say(voices,
                               &(struct voice_ask){.text = sentences[0].text, .language = "en"},
                               on_voice, &cancelled, &cancelled.op),
                     0);
    op_cancel(&cancelled.op);
    assert_null(cancelled.op);
    struct said next = say(&(struct voice_ask){.text = "Hello.", .language = "en"});
    assert_false(cancelled.done);
    assert_int_equal(cancelled.ulaw.bytes, 0);
    said_free(&next);
}

static void what_nobody_can_say_is_refused(void **state)
{
    (void)state;
    struct said said = {0};
    char *endless = xalloc(VOICE_TEXT_BYTES_MAX + 2);
    memset(endless, 'a', VOICE_TEXT_BYTES_MAX + 1);
    struct voice_ask ask = {.text = "Hola.", .language = "es"};
    assert_int_equal(voice_say(voices, &ask, on_voice, &said, &said.op), ENOTSUP);
    ask = (struct voice_ask){.text = "\xFF\xFE", .language = "en"};
    assert_int_equal(voice_say(voices, &ask, on_voice, &said, &said.op), EINVAL);
    ask.text = endless;
    assert_int_equal(voice_say(voices, &ask, on_voice, &said, &said.op), E2BIG);
    assert_null(said.op);
    free(endless);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_voice_speaks_at_the_pace_of_people),
        cmocka_unit_test(every_voice_is_as_loud_as_people_on_a_telephone),
        cmocka_unit_test(the_pieces_are_the_text_and_every_letter_has_its_time),
        cmocka_unit_test(each_languages_own_voice_is_understood),
        cmocka_unit_test(a_voice_that_does_not_know_the_language_is_replaced_by_one_of_its_sex),
        cmocka_unit_test(speed_is_obeyed_within_its_bounds),
        cmocka_unit_test(two_who_ask_at_once_get_each_his_own),
        cmocka_unit_test(who_has_cancelled_hears_nothing),
        cmocka_unit_test(what_nobody_can_say_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
