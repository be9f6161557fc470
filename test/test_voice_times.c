/* test/test_voice_times.c: what a voice says of its own times, from the sandbox's real voices over
 * its socket to the anchors of a sentence: where the sound pauses, the words of the first clause
 * are spoken and the next are not, give or take one. */
#include "base/audio.h"
#include "base/mem.h"
#include "provider/tts.h"
#include "sandbox/sandbox.h"
#include "test/peer.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANCHORS_MAX = 200, QUIET_DB = -45 };

struct world {
    struct loop *loop;
    struct sandbox *sandbox;
    struct http_client *http;
    struct tts_driver *driver;
    struct op *op;
    struct buf audio;
    struct tts_anchor anchors[ANCHORS_MAX]; /* of the whole */
    size_t anchor_count, pieces;
    bool over;
    enum tts_event_kind last;
};

static void on_event(const struct tts_event *event, void *arg)
{
    struct world *world = arg;
    for (size_t i = 0; i < event->anchor_count; i++) {
        assert_true(world->anchor_count < ANCHORS_MAX);
        assert_in_range(event->anchors[i].bytes, 1, event->bytes);
        world->anchors[world->anchor_count] = event->anchors[i];
        world->anchors[world->anchor_count++].bytes += world->audio.bytes;
    }
    buf_add(&world->audio, event->ulaw, event->bytes);
    world->pieces += event->kind == TTS_AUDIO;
    world->over = event->kind != TTS_AUDIO;
    world->last = event->kind;
}

static char *value_of(const struct buf *env, const char *name)
{
    const char *at = strstr(buf_text(env), name);
    assert_non_null(at);
    at += strlen(name) + 1;
    return xstrndup(at, strcspn(at, "\n"));
}

static int open_world(void **state)
{
    struct world *world = xalloc(sizeof(*world));
    struct sandbox_options options = {.listen = "127.0.0.1:0", .settings = settings_usual};
    struct buf env = {0};
    const char *why;
    *state = world;
    world->loop = loop_new();
    settings_hurry(&options.settings);
    assert_int_equal(sandbox_open(world->loop, &options, &world->sandbox, &why), 0);
    sandbox_print_env(world->sandbox, &env);
    char *url = value_of(&env, "ELEVENLABS_BASE_URL"), *key = value_of(&env, "ELEVENLABS_API_KEY");
    world->http = http_client_new(world->loop, &(struct http_client_options){0});
    world->driver = elevenlabs_new(
        world->http,
        &(struct elevenlabs_options){.base_url = url, .api_key = key, .sockets = true});
    free(url);
    free(key);
    buf_free(&env);
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    tts_driver_free(&world->driver);
    http_client_free(&world->http);
    sandbox_close(&world->sandbox);
    settle(world->loop);
    loop_free(&world->loop);
    buf_free(&world->audio);
    free(world);
    return 0;
}

static void speak(struct world *world, const char *language, const char *text)
{
    static const char voice[] = "21m00Tcm4TlvDq8ikWAM";
    struct tts_session *session = tts_session_open(
        world->driver, &(struct tts_voicing){.voice_id = voice, .language = language});
    world->anchor_count = world->pieces = 0;
    world->over = false;
    buf_clear(&world->audio);
    tts_speak(world->driver,
              &(struct tts_request){.text = str_of(text),
                                    .voice_id = voice,
                                    .language = language,
                                    .session = session,
                                    .first_byte_ms_max = PEER_WAIT_MS,
                                    .between_ms_max = PEER_WAIT_MS},
              on_event, world, &world->op);
    wait_for(world->loop, &world->over);
    assert_int_equal(world->last, TTS_DONE);
    tts_session_close(&session);
}

/* The middle of the longest quiet stretch between the first sound and the last. */
static size_t pause_of(const struct world *world)
{
    size_t since = 0, longest = 0, middle = 0;
    bool began = false, quiet = false;
    for (size_t at = 0; at + AUDIO_FRAME_BYTES <= world->audio.bytes; at += AUDIO_FRAME_BYTES) {
        bool still =
            ulaw_level_db((const uint8_t *)world->audio.data + at, AUDIO_FRAME_BYTES) < QUIET_DB;
        if (still && !quiet)
            since = at;
        if (!still && quiet && began && at - since > longest) {
            longest = at - since;
            middle = since + longest / 2;
        }
        began |= !still;
        quiet = still;
    }
    return middle;
}

static size_t letters_at(const struct world *world, size_t bytes)
{
    size_t letters = 0;
    for (size_t i = 0; i < world->anchor_count && world->anchors[i].bytes <= bytes; i++)
        letters = world->anchors[i].letters;
    return letters;
}

static int words_in(const char *text, size_t bytes)
{
    int words = 0;
    for (size_t i = 1; i <= bytes; i++)
        words += text[i - 1] != ' ' && (i == bytes || text[i] == ' ');
    return words;
}

static const struct {
    const char *language, *text;
} sentences[] = {
    {"en", "I will tell Jane that you called, and she is going to call you back tomorrow."},
    {"en", "That is fine. I am going to tell Jane Miller that you have called her today."},
    {"cs", "Vzkaz vyřídím. Paní Jana se vám zítra ozve."},
    {"de", "Ich richte ihr gern alles aus, und sie meldet sich dann morgen bei Ihnen."},
    {"sk", "Odkaz vybavím. Pani Jana sa vám zajtra ozve."},
};

static void a_pause_stands_where_the_clause_ends(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < countof(sentences); i++) {
        const char *text = sentences[i].text;
        speak(world, sentences[i].language, text);
        size_t pause = pause_of(world);
        int said = words_in(text, letters_at(world, pause));
        int before = words_in(text, strcspn(text, ",."));
        if (!pause || abs(said - before) > 1)
            fail_msg("%s at %zu ms of %zu: %d words, not %d: %s", sentences[i].language, pause / 8,
                     world->audio.bytes / 8, said, before, text);
    }
}

static void the_last_word_ends_with_the_text(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < countof(sentences); i++) {
        speak(world, sentences[i].language, sentences[i].text);
        assert_true(world->anchor_count >= 8);
        assert_int_equal(world->anchors[world->anchor_count - 1].letters,
                         strlen(sentences[i].text));
        for (size_t j = 1; j < world->anchor_count; j++) {
            assert_true(world->anchors[j].bytes > world->anchors[j - 1].bytes);
            assert_true(world->anchors[j].letters >= world->anchors[j - 1].letters);
        }
    }
}

static void long_text_comes_in_pieces_and_goes_on_being_known(void **state)
{
    struct world *world = *state;
    static const char text[] = "First of all, thank you for calling. Jane is in a meeting now, and "
                               "it will last until noon. May I tell her who called?";
    speak(world, "en", text);
    assert_true(world->pieces >= 3);
    assert_int_equal(world->anchors[world->anchor_count - 1].letters, strlen(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_stands_where_the_clause_ends),
        cmocka_unit_test(the_last_word_ends_with_the_text),
        cmocka_unit_test(long_text_comes_in_pieces_and_goes_on_being_known),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
