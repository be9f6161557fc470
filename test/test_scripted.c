/* test/test_scripted.c: the recogniser that is told what it will understand. */
#include "sandbox/scripted.h"

#include "base/audio.h"
#include "base/buf.h"
#include "base/mem.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>

/* What was heard, an event a line: "started", "partial Hello", "silence Hello there." */
struct ear {
    struct scripted *scripted;
    struct buf heard;
};

static void on_event(const struct hear_event *event, void *arg)
{
    static const char *const ends[] = {[HEAR_GOES_ON] = "partial",
                                       [HEAR_BY_SILENCE] = "silence",
                                       [HEAR_BY_FINALIZE] = "finalize",
                                       [HEAR_BY_LENGTH] = "length"};
    struct ear *ear = arg;
    if (event->kind == HEAR_SPEECH_STARTED)
        buf_puts(&ear->heard, "started\n");
    else
        buf_printf(&ear->heard, "%s %s\n", ends[event->end], event->text);
    for (size_t i = 0; i < event->word_count; i++) {
        assert_true(event->words[i].start_ms >= event->start_ms);
        assert_true(event->words[i].end_ms > event->words[i].start_ms);
        assert_true(!i || event->words[i].start_ms >= event->words[i - 1].end_ms);
    }
}

static struct ear *listen(const char *const *lines, bool repeats)
{
    struct script_lines *script = xalloc(sizeof(*script));
    struct ear *ear = xalloc(sizeof(*ear));
    script->references = 1;
    script->gap_ms = SCRIPTED_GAP_MS;
    script->repeats = repeats;
    for (; *lines; lines++)
        script->list[script->count++] =
            (struct script_line){.text = xstrdup(*lines), .confidence = 0.9};
    ear->scripted = scripted_new(script, 300, on_event, ear);
    script_lines_drop(&script);
    return ear;
}

static void stop(struct ear *ear)
{
    scripted_free(&ear->scripted);
    buf_free(&ear->heard);
    free(ear);
}

static void feed(struct ear *ear, bool voice, int ms)
{
    uint8_t frame[AUDIO_FRAME_BYTES];
    memset(frame, voice ? 0x10 : ULAW_SILENCE, sizeof(frame));
    for (; ms > 0; ms -= AUDIO_FRAME_MS)
        scripted_feed(ear->scripted, frame, sizeof(frame));
}

/* Only what is final, as partial results depend on the length of the voice. */
static void expect_finals(const struct ear *ear, const char *expected)
{
    struct str rest = buf_str(&ear->heard);
    struct buf finals = {0};
    while (rest.bytes) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, "partial") || str_is(line, "started"))
            continue;
        buf_add_str(&finals, line);
        buf_putc(&finals, '\n');
    }
    assert_string_equal(buf_text(&finals), expected);
    buf_free(&finals);
}

static const char *const two_lines[] = {"Hello there.", "Call me back.", NULL};

static void each_utterance_gives_the_next_line(void **state)
{
    struct ear *ear = listen(two_lines, false);
    (void)state;
    feed(ear, false, 500);
    feed(ear, true, 900);
    feed(ear, false, 1000);
    feed(ear, true, 900);
    feed(ear, false, 1000);
    feed(ear, true, 900); /* the script is over: nothing more is understood */
    feed(ear, false, 1000);
    expect_finals(ear, "silence Hello there.\nsilence Call me back.\nsilence \n");
    stop(ear);
}

static void a_script_that_repeats_begins_again(void **state)
{
    struct ear *ear = listen(two_lines, true);
    (void)state;
    for (int i = 0; i < 3; i++) {
        feed(ear, true, 600);
        feed(ear, false, 1000);
    }
    expect_finals(ear, "silence Hello there.\nsilence Call me back.\nsilence Hello there.\n");
    stop(ear);
}

static void a_short_pause_adds_no_words(void **state)
{
    struct ear *ear = listen(two_lines, false);
    (void)state;
    feed(ear, true, 600);
    feed(ear, false, 160);
    scripted_finalize(ear->scripted);
    feed(ear, false, 240);
    feed(ear, true, 600);
    feed(ear, false, 1000);
    feed(ear, true, 600);
    feed(ear, false, 1000);
    expect_finals(ear, "finalize Hello there.\nsilence \nsilence Call me back.\n");
    stop(ear);
}

static void partial_results_show_more_and_more_words(void **state)
{
    static const char *const lines[] = {"One two three four.", NULL};
    struct ear *ear = listen(lines, false);
    (void)state;
    feed(ear, true, 2000);
    feed(ear, false, 400);
    assert_string_equal(buf_text(&ear->heard), "started\n"
                                               "partial One\n"
                                               "partial One two\n"
                                               "partial One two three\n"
                                               "partial One two three four.\n"
                                               "silence One two three four.\n");
    stop(ear);
}

static void finalize_in_silence_gives_an_empty_result(void **state)
{
    struct ear *ear = listen(two_lines, false);
    (void)state;
    feed(ear, false, 200);
    scripted_finalize(ear->scripted);
    expect_finals(ear, "finalize \n");
    stop(ear);
}

static void a_click_is_no_voice(void **state)
{
    struct ear *ear = listen(two_lines, false);
    (void)state;
    for (int i = 0; i < 20; i++) {
        feed(ear, true, 40);
        feed(ear, false, 100);
    }
    assert_string_equal(buf_text(&ear->heard), "");
    stop(ear);
}

static void an_endless_utterance_is_cut(void **state)
{
    struct ear *ear = listen(two_lines, false);
    (void)state;
    feed(ear, true, HEAR_UTTERANCE_MS_MAX + 100);
    expect_finals(ear, "length Hello there.\n");
    stop(ear);
}

static void pieces_of_any_size_give_the_same_events(void **state)
{
    enum { BYTES = 8 * 6000 };
    static uint8_t audio[BYTES];
    struct ear *whole = listen(two_lines, false), *cut = listen(two_lines, false);
    (void)state;
    memset(audio, ULAW_SILENCE, sizeof(audio));
    memset(audio + 8 * 500, 0x10, 8 * 1200);
    memset(audio + 8 * 3500, 0x90, 8 * 700);
    scripted_feed(whole->scripted, audio, BYTES);
    for (size_t at = 0, piece = 1; at < BYTES; at += piece, piece = piece * 7 % 509 + 1)
        scripted_feed(cut->scripted, audio + at, BYTES - at < piece ? BYTES - at : piece);
    assert_string_equal(buf_text(&cut->heard), buf_text(&whole->heard));
    assert_int_equal(scripted_fed_ms(cut->scripted), 6000);
    stop(whole);
    stop(cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_utterance_gives_the_next_line),
        cmocka_unit_test(a_script_that_repeats_begins_again),
        cmocka_unit_test(a_short_pause_adds_no_words),
        cmocka_unit_test(partial_results_show_more_and_more_words),
        cmocka_unit_test(finalize_in_silence_gives_an_empty_result),
        cmocka_unit_test(a_click_is_no_voice),
        cmocka_unit_test(an_endless_utterance_is_cut),
        cmocka_unit_test(pieces_of_any_size_give_the_same_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
