/* test/test_hear.c: the sandbox's recogniser: every recording word for word, fed as a call is. */
#include "test/test.h"

#include "base/audio.h"
#include "base/mem.h"
#include "phone/wav.h"
#include "sandbox/speech/hear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct recording {
    const char *language, *name, *words;
} recordings[] = {
    {"en", "en-01-message-callback",
     "hello this is jan novak from abc solutions i am calling about the meeting on wednesday "
     "please "
     "call me back"},
    {"en", "en-02-prize-spam",
     "congratulations you have won a prize please press one to claim your prize"},
    {"en", "en-03-energy-marketing",
     "we offer cheaper energy would you like to save money on your electricity bill"},
    {"en", "en-04-bank-fraud",
     "this is your bank we noticed a suspicious transaction on your account"},
    {"en", "en-05-mum-family", "it is mum please call me when you have time"},
    {"en", "en-06-speak-to-manager",
     "good morning my name is peter svoboda i would like to speak to the manager"},
    {"en", "en-07-delivery-at-door",
     "hello i have a package for you and i am standing at the door"},
    {"en", "en-08-card-number-fraud", "please confirm your card number and the security code"},
    {"en", "en-09-phone-number", "my phone number is six zero two three four five six seven eight"},
    {"en", "en-10-urgent-callback", "it is urgent please call me as soon as possible"},
    {"en", "en-11-yes-correct", "yes that is correct"},
    {"en", "en-12-investment",
     "i want to talk to you about a great investment opportunity in bitcoin"},
    {"en", "en-13-goodbye", "thank you very much goodbye"},
    {"cs", "cs-01-message-callback",
     "dobrý den tady novák z firmy abc volám kvůli středeční schůzce prosím zavolejte mi zpátky"},
    {"cs", "cs-02-bank-fraud", "tady vaše banka zaznamenali jsme podezřelou platbu na vašem účtu"},
    {"cs", "cs-03-goodbye", "děkuji na shledanou"},
    {"cs", "cs-04-prize-spam", "gratulujeme vyhráli jste hlavní cenu"},
    {"cs", "cs-05-yes-correct", "ano to je správně"},
    {"cs", "cs-06-energy-marketing", "nabízíme levnější energie chcete ušetřit na elektřině"},
    {"cs", "cs-07-phone-number", "moje číslo je šest nula dva tři čtyři pět šest sedm osm"},
    {"sk", "sk-01-message-callback",
     "dobrý deň tu je novák z firmy abc volám kvôli stretnutiu v stredu prosím zavolajte mi späť"},
    {"sk", "sk-02-bank-fraud", "tu je vaša banka zaznamenali sme podozrivú platbu na vašom účte"},
    {"sk", "sk-03-goodbye", "ďakujem dovidenia"},
    {"sk", "sk-04-prize-spam", "gratulujeme vyhrali ste hlavnú cenu"},
    {"sk", "sk-05-yes-correct", "áno to je správne"},
    {"sk", "sk-06-energy-marketing", "ponúkame lacnejšiu energiu chcete ušetriť na elektrine"},
    {"de", "de-01-bank-fraud",
     "hier ist ihre bank wir haben eine verdächtige zahlung auf ihrem konto bemerkt"},
    {"de", "de-02-goodbye", "vielen dank auf wiederhören"},
    {"de", "de-04-prize-spam", "sie haben einen preis gewonnen"},
    {"de", "de-05-yes-correct", "ja das ist richtig"},
    {"de", "de-06-energy-marketing",
     "wir bieten günstigen strom möchten sie bei der stromrechnung sparen"},
};
static struct hear_models *models;

/* What one recogniser said, finals one after the other. */
struct heard {
    struct buf text;
    int finals, partials, starts;
    enum hear_end last_end;
    int64_t last_word_end_ms;
    bool out_of_order;
};

static void on_event(const struct hear_event *event, void *arg)
{
    struct heard *heard = arg;
    heard->starts += event->kind == HEAR_SPEECH_STARTED;
    heard->partials += event->kind == HEAR_PARTIAL;
    if (event->kind != HEAR_FINAL)
        return;
    heard->finals++;
    heard->last_end = event->end;
    if (heard->text.bytes && event->text[0])
        buf_putc(&heard->text, ' ');
    buf_puts(&heard->text, event->text);
    for (size_t i = 0; i < event->word_count; i++) {
        heard->out_of_order |= event->words[i].end_ms < heard->last_word_end_ms;
        heard->last_word_end_ms = event->words[i].end_ms;
    }
}

static struct hear *open_ears(const char *language, struct heard *heard)
{
    struct hear *hear = NULL;
    struct hear_options options = {.language = language, .mean = HEAR_MEAN_PER_UTTERANCE};
    assert_int_equal(hear_open(models, &options, on_event, heard, &hear), 0);
    return hear;
}

static struct buf audio_of(const char *name)
{
    struct buf ulaw = {0};
    struct stat unused;
    char *path = xprintf("%s/test/audio/%s.wav", KAREN_SOURCE_ROOT, name);
    if (stat(path, &unused)) {
        free(path);
        path = xprintf("%s/test/audio/%s.wav", KAREN_BUILD_ROOT, name);
    }
    const char *why = "";
    if (wav_read(path, &ulaw, &why))
        fail_msg("%s: %s", path, why);
    free(path);
    return ulaw;
}

static void feed_silence(struct hear *hear, int64_t ms)
{
    uint8_t frame[AUDIO_FRAME_BYTES];
    memset(frame, ULAW_SILENCE, sizeof(frame));
    for (int64_t fed = 0; fed < ms; fed += AUDIO_FRAME_MS)
        hear_feed(hear, frame, sizeof(frame));
}

static void feed(struct hear *hear, struct str audio, size_t piece)
{
    for (size_t at = 0; at < audio.bytes; at += piece)
        hear_feed(hear, (const uint8_t *)audio.at + at,
                  audio.bytes - at < piece ? audio.bytes - at : piece);
}

static void expect_language(const char *language)
{
    struct heard heard = {0};
    struct hear *hear = open_ears(language, &heard);
    for (size_t i = 0; i < countof(recordings); i++) {
        if (strcmp(recordings[i].language, language) != 0)
            continue;
        struct buf audio = audio_of(recordings[i].name);
        buf_clear(&heard.text);
        feed(hear, buf_str(&audio), AUDIO_FRAME_BYTES);
        feed_silence(hear, 1000);
        if (strcmp(buf_text(&heard.text), recordings[i].words) != 0)
            fail_msg("%s: \"%s\"", recordings[i].name, buf_text(&heard.text));
        buf_free(&audio);
    }
    assert_false(heard.out_of_order);
    hear_close(&hear);
    buf_free(&heard.text);
}

static void english_recordings_are_understood_word_for_word(void **state)
{
    (void)state;
    expect_language("en");
}

static void czech_recordings_are_understood_word_for_word(void **state)
{
    (void)state;
    expect_language("cs");
}

static void slovak_recordings_are_understood_word_for_word(void **state)
{
    (void)state;
    expect_language("sk");
}

static void german_recordings_are_understood_word_for_word(void **state)
{
    (void)state;
    expect_language("de");
}

static void the_cutting_of_the_audio_makes_no_difference(void **state)
{
    (void)state;
    const size_t pieces[] = {1, 160, 777, 100000};
    struct buf audio = audio_of("en-11-yes-correct");
    for (size_t i = 0; i < countof(pieces); i++) {
        struct heard heard = {0};
        struct hear *hear = open_ears("en", &heard);
        feed(hear, buf_str(&audio), pieces[i]);
        feed_silence(hear, 1000);
        assert_string_equal(buf_text(&heard.text), "yes that is correct");
        assert_int_equal(heard.starts, 1);
        hear_close(&hear);
        buf_free(&heard.text);
    }
    buf_free(&audio);
}

static void two_recognisers_side_by_side_do_not_disturb_each_other(void **state)
{
    (void)state;
    struct buf audio[2] = {audio_of("en-04-bank-fraud"), audio_of("cs-04-prize-spam")};
    struct heard heard[2] = {0};
    struct hear *hear[2] = {open_ears("en", &heard[0]), open_ears("cs", &heard[1])};
    for (size_t at = 0; at < audio[0].bytes || at < audio[1].bytes; at += AUDIO_FRAME_BYTES)
        for (int i = 0; i < 2; i++)
            if (at + AUDIO_FRAME_BYTES <= audio[i].bytes)
                hear_feed(hear[i], (const uint8_t *)audio[i].data + at, AUDIO_FRAME_BYTES);
    for (int i = 0; i < 2; i++)
        feed_silence(hear[i], 1000);
    assert_string_equal(buf_text(&heard[0].text),
                        "this is your bank we noticed a suspicious transaction on your account");
    assert_string_equal(buf_text(&heard[1].text), "gratulujeme vyhráli jste hlavní cenu");
    for (int i = 0; i < 2; i++) {
        hear_close(&hear[i]);
        buf_free(&heard[i].text);
        buf_free(&audio[i]);
    }
}

static void silence_gives_nothing(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct hear *hear = open_ears("en", &heard);
    feed_silence(hear, 5000);
    assert_int_equal(heard.starts + heard.partials + heard.finals, 0);
    hear_close(&hear);
}

static void a_finalize_in_silence_is_answered_with_nothing(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct hear *hear = open_ears("en", &heard);
    feed_silence(hear, 200);
    hear_finalize(hear);
    assert_int_equal(heard.finals, 1);
    assert_int_equal(heard.last_end, HEAR_BY_FINALIZE);
    assert_string_equal(buf_text(&heard.text), "");
    hear_close(&hear);
    buf_free(&heard.text);
}

static void finalizes_in_mid_sentence_lose_and_repeat_no_word(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct hear *hear = open_ears("en", &heard);
    struct buf audio = audio_of("en-01-message-callback");
    for (size_t at = 0, piece = 12000; at < audio.bytes; at += piece) {
        feed(hear,
             (struct str){audio.data + at, audio.bytes - at < piece ? audio.bytes - at : piece},
             AUDIO_FRAME_BYTES);
        hear_finalize(hear);
    }
    feed_silence(hear, 1000);
    assert_true(heard.finals >= 4);
    assert_false(heard.out_of_order);
    assert_non_null(strstr(buf_text(&heard.text), "calling about the meeting on wednesday"));
    /* cut anywhere, a word may be taken for another, but none is said twice */
    size_t words = 1;
    for (const char *c = buf_text(&heard.text); *c; c++)
        words += *c == ' ';
    assert_in_range(words, 18, 23);
    hear_close(&hear);
    buf_free(&heard.text);
    buf_free(&audio);
}

static void a_language_without_a_model_is_refused(void **state)
{
    (void)state;
    struct hear *hear = NULL;
    struct hear_options options = {.language = "xx"};
    assert_int_not_equal(hear_open(models, &options, on_event, NULL, &hear), 0);
}

static int open_models(void **state)
{
    (void)state;
    return hear_models_open(SPEECH_MODEL_DIR, NULL, &models);
}

static int close_models(void **state)
{
    (void)state;
    hear_models_close(&models);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_recordings_are_understood_word_for_word),
        cmocka_unit_test(czech_recordings_are_understood_word_for_word),
        cmocka_unit_test(slovak_recordings_are_understood_word_for_word),
        cmocka_unit_test(german_recordings_are_understood_word_for_word),
        cmocka_unit_test(the_cutting_of_the_audio_makes_no_difference),
        cmocka_unit_test(two_recognisers_side_by_side_do_not_disturb_each_other),
        cmocka_unit_test(silence_gives_nothing),
        cmocka_unit_test(a_finalize_in_silence_is_answered_with_nothing),
        cmocka_unit_test(finalizes_in_mid_sentence_lose_and_repeat_no_word),
        cmocka_unit_test(a_language_without_a_model_is_refused),
    };
    return cmocka_run_group_tests(tests, open_models, close_models);
}
