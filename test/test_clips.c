/* test/test_clips.c: phrases made once, kept in memory and on disk, and had from there. The voice
 * service is played by the test. */
#include "base/mem.h"
#include "line/clips.h"
#include "test/test.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the voice service: whatever is asked waits until the test speaks ---- */

enum { ASKED_MAX = 16 };
struct asked {
    struct op op;
    tts_event_fn *on_event;
    void *arg;
    char *text, *voice_id;
};
static struct asked *asked[ASKED_MAX];
static size_t asked_count;

static void on_cancel(struct op *op)
{
    struct asked *ask = (struct asked *)op;
    for (size_t i = 0; i < asked_count; i++)
        if (asked[i] == ask)
            asked[i] = NULL;
    free(ask->text);
    free(ask->voice_id);
    free(ask);
}

void tts_speak(struct tts_driver *driver, const struct tts_request *request, tts_event_fn *on_event,
               void *arg, struct op **slot)
{
    (void)driver;
    assert_true(asked_count < ASKED_MAX);
    struct asked *ask = xalloc(sizeof(*ask));
    ask->on_event = on_event;
    ask->arg = arg;
    ask->text = xstrndup(request->text.at, request->text.bytes);
    ask->voice_id = xstrdup(request->voice_id);
    op_begin(&ask->op, on_cancel, slot);
    asked[asked_count++] = ask;
}

static void speak(size_t which, size_t bytes, uint8_t sample)
{
    uint8_t *ulaw = xalloc(bytes);
    memset(ulaw, sample, bytes);
    struct tts_event event = {.kind = TTS_AUDIO, .ulaw = ulaw, .bytes = bytes};
    asked[which]->on_event(&event, asked[which]->arg);
    free(ulaw);
}

static void end(size_t which, int err)
{
    struct asked *ask = asked[which];
    asked[which] = NULL;
    struct tts_event event = {.kind = err ? TTS_FAILED : TTS_DONE, .err = err, .characters = 5};
    op_end(&ask->op);
    ask->on_event(&event, ask->arg);
    free(ask->text);
    free(ask->voice_id);
    free(ask);
}

/* ---- a cache and one who takes from it ---- */

struct fixture {
    struct loop *loop;
    struct clips *clips;
    char directory[64];
    int news;
    struct clip_view **to_return; /* on the next news */
};

static void on_news(void *arg)
{
    struct fixture *f = arg;
    f->news++;
    if (f->to_return)
        clip_return(f->to_return);
}

static void open_cache(struct fixture *f, const char *salt, size_t bytes_max)
{
    struct clips_options options = {
        .loop = f->loop, .directory = f->directory, .salt = salt, .bytes_max = bytes_max};
    f->clips = clips_new(&options);
}

static int set_up(void **state)
{
    struct fixture *f = xalloc(sizeof(*f));
    asked_count = 0;
    snprintf(f->directory, sizeof(f->directory), "/tmp/test_clips_XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    f->loop = loop_new();
    open_cache(f, "a", 1 << 20);
    *state = f;
    return 0;
}

static void reopen(struct fixture *f, const char *salt, size_t bytes_max)
{
    clips_free(&f->clips);
    loop_step(f->loop, 0);
    open_cache(f, salt, bytes_max);
}

static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        char *inside = xprintf("%s/%s", path, entry->d_name);
        if (unlink(inside))
            remove_directory(inside);
        free(inside);
    }
    closedir(dir);
    rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    clips_free(&f->clips);
    loop_step(f->loop, 0);
    loop_free(&f->loop);
    remove_directory(f->directory);
    free(f);
    return 0;
}

static struct clip_view *take(struct fixture *f, const char *voice_id, const char *text)
{
    struct clip_wish wish = {voice_id, "en", str_of(text)};
    return clips_take(f->clips, &wish, on_news, f);
}

static void warm(struct fixture *f, const char *text)
{
    struct clip_wish wish = {"anna", "en", str_of(text)};
    clips_warm(f->clips, &wish);
    loop_step(f->loop, 0);
}

static void assert_audio(const struct clip_view *view, size_t bytes, uint8_t sample)
{
    size_t had = 0;
    const uint8_t *ulaw = clip_audio(view, &had);
    assert_int_equal(had, bytes);
    for (size_t i = 0; i < had; i++)
        assert_int_equal(ulaw[i], sample);
}

static void make(struct fixture *f, const char *voice_id, const char *text, size_t bytes,
                 uint8_t sample)
{
    struct clip_view *view = take(f, voice_id, text);
    size_t which = asked_count - 1;
    speak(which, bytes, sample);
    end(which, 0);
    clip_return(&view);
}

static void a_phrase_comes_as_it_is_spoken(void **state)
{
    struct fixture *f = *state;
    struct clip_view *view = take(f, "anna", "Good day.");
    assert_int_equal(clip_state(view), CLIP_COMING);
    assert_string_equal(asked[0]->text, "Good day.");
    assert_string_equal(asked[0]->voice_id, "anna");
    speak(0, 100, 7);
    assert_int_equal(f->news, 1);
    assert_audio(view, 100, 7);
    speak(0, 60, 7);
    end(0, 0);
    assert_int_equal(f->news, 3);
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    assert_audio(view, 160, 7);
    clip_return(&view);
    assert_null(view);
}

static void the_second_call_has_it_at_once(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 160, 7);
    struct clip_view *view = take(f, "anna", "Good day.");
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    assert_audio(view, 160, 7);
    assert_int_equal(asked_count, 1);
    assert_int_equal(clips_stats(f->clips)->served, 1);
    clip_return(&view);
}

static void two_calls_share_one_synthesis(void **state)
{
    struct fixture *f = *state;
    struct clip_view *one = take(f, "anna", "Good day.");
    struct clip_view *other = take(f, "anna", "Good day.");
    assert_int_equal(asked_count, 1);
    clip_return(&one); /* hung up */
    speak(0, 50, 1);
    end(0, 0);
    assert_audio(other, 50, 1);
    clip_return(&other);
}

static void a_phrase_nobody_waits_for_is_kept_all_the_same(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 80, 3);
    struct clip_view *view = take(f, "anna", "One moment.");
    clip_return(&view);
    speak(1, 80, 4);
    end(1, 0);
    view = take(f, "anna", "One moment.");
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    clip_return(&view);
}

static void a_phrase_may_be_returned_from_its_own_news(void **state)
{
    struct fixture *f = *state;
    struct clip_view *one = take(f, "anna", "Good day."), *other = take(f, "anna", "Good day.");
    f->to_return = &other;
    speak(0, 50, 1);
    assert_null(other);
    clip_return(&one);
    end(0, EPROTO);
    loop_step(f->loop, 0);
}

static void phrases_outlive_the_process(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 160, 7);
    reopen(f, "a", 1 << 20);
    struct clip_view *view = take(f, "anna", "Good day.");
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    assert_audio(view, 160, 7);
    clip_return(&view);
}

static void another_model_or_voice_is_another_phrase(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 160, 7);
    reopen(f, "b", 1 << 20);
    struct clip_view *view = take(f, "anna", "Good day.");
    assert_int_equal(clip_state(view), CLIP_COMING);
    clip_return(&view);
    reopen(f, "a", 1 << 20);
    view = take(f, "karl", "Good day.");
    assert_int_equal(clip_state(view), CLIP_COMING);
    clip_return(&view);
}

static void a_failure_is_told_and_tried_anew(void **state)
{
    struct fixture *f = *state;
    struct clip_view *view = take(f, "anna", "Good day.");
    speak(0, 40, 9);
    end(0, ECONNRESET);
    assert_int_equal(clip_state(view), CLIP_FAILED);
    assert_int_equal(clip_error(view), ECONNRESET);
    assert_audio(view, 40, 9); /* what came may be played */
    clip_return(&view);
    view = take(f, "anna", "Good day.");
    assert_int_equal(asked_count, 2);
    clip_return(&view);
}

static void another_voice_says_it_when_this_one_cannot(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 160, 7);
    for (int from_disk = 0; from_disk < 2; from_disk++) {
        struct clip_view *view = take(f, "karl", "Good day.");
        end(asked_count - 1, ETIMEDOUT);
        assert_int_equal(clip_state(view), CLIP_WHOLE);
        assert_audio(view, 160, 7);
        clip_return(&view);
        reopen(f, "a", 1 << 20);
    }
}

static void memory_is_bounded_and_the_least_used_goes(void **state)
{
    struct fixture *f = *state;
    reopen(f, "a", 1000);
    make(f, "anna", "one", 400, 1);
    make(f, "anna", "two", 400, 2);
    struct clip_view *one = take(f, "anna", "one"); /* used again, and held */
    make(f, "anna", "three", 400, 3);
    assert_int_equal(clips_stats(f->clips)->bytes, 800);
    assert_int_equal(clips_stats(f->clips)->phrases, 2);
    assert_audio(one, 400, 1);
    clip_return(&one);
}

static void a_broken_file_is_made_anew(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "Good day.", 160, 7);
    char *command = xprintf("for f in %s/*/*; do : > $f; done", f->directory);
    assert_int_equal(system(command), 0);
    free(command);
    reopen(f, "a", 1 << 20);
    struct clip_view *view = take(f, "anna", "Good day.");
    assert_int_equal(clip_state(view), CLIP_COMING);
    clip_return(&view);
}

static void what_is_old_is_thrown_out(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "old", 160, 7);
    char *command = xprintf("touch -d '200 days ago' %s/*/*", f->directory);
    assert_int_equal(system(command), 0);
    free(command);
    make(f, "anna", "new", 160, 8);
    reopen(f, "a", 1 << 20);
    struct clip_view *view = take(f, "anna", "old");
    assert_int_equal(clip_state(view), CLIP_COMING);
    clip_return(&view);
    view = take(f, "anna", "new");
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    clip_return(&view);
}

static void folders_above_are_made(void **state)
{
    struct fixture *f = *state;
    char *deeper = xprintf("%s/a/b", f->directory);
    clips_free(&f->clips);
    snprintf(f->directory + strlen(f->directory), sizeof(f->directory) - strlen(f->directory),
             "/a/b");
    open_cache(f, "a", 1 << 20);
    make(f, "anna", "Good day.", 160, 7);
    assert_int_equal(access(deeper, W_OK), 0);
    free(deeper);
    f->directory[strlen(f->directory) - 4] = '\0';
}

static void endless_speech_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct clip_view *view = take(f, "anna", "Good day.");
    for (int i = 0; i < 4; i++)
        speak(0, CLIP_BYTES_MAX / 4, 1);
    speak(0, 1, 1);
    assert_int_equal(clip_state(view), CLIP_FAILED);
    assert_int_equal(clip_error(view), EMSGSIZE);
    assert_null(asked[0]);
    clip_return(&view);
}

static void phrases_are_warmed_two_at_a_time(void **state)
{
    struct fixture *f = *state;
    make(f, "anna", "one", 100, 1);
    warm(f, "one"); /* is there */
    warm(f, "two");
    warm(f, "three");
    warm(f, "four");
    assert_int_equal(asked_count, 3);
    speak(1, 100, 2);
    end(1, 0);
    loop_step(f->loop, 0);
    assert_int_equal(asked_count, 4);
    struct clip_view *view = take(f, "anna", "two");
    assert_int_equal(clip_state(view), CLIP_WHOLE);
    clip_return(&view);
}

static void warming_waits_while_the_voice_service_is_away(void **state)
{
    struct fixture *f = *state;
    warm(f, "one");
    end(0, ECONNREFUSED);
    loop_step(f->loop, 0);
    assert_int_equal(asked_count, 1);
    assert_int_equal(clips_stats(f->clips)->warm_waiting, 1);
    warm(f, "two");
    assert_int_equal(asked_count, 1);                /* not before the pause is over */
    struct clip_view *view = take(f, "anna", "one"); /* a call is not made to wait */
    assert_int_equal(asked_count, 2);
    clip_return(&view);
}

static void a_voice_that_does_not_exist_is_not_warmed_again(void **state)
{
    struct fixture *f = *state;
    warm(f, "one");
    end(0, ENOENT);
    assert_int_equal(clips_stats(f->clips)->warm_waiting, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_phrase_comes_as_it_is_spoken),
        CASE(the_second_call_has_it_at_once),
        CASE(two_calls_share_one_synthesis),
        CASE(a_phrase_nobody_waits_for_is_kept_all_the_same),
        CASE(a_phrase_may_be_returned_from_its_own_news),
        CASE(phrases_outlive_the_process),
        CASE(another_model_or_voice_is_another_phrase),
        CASE(a_failure_is_told_and_tried_anew),
        CASE(another_voice_says_it_when_this_one_cannot),
        CASE(memory_is_bounded_and_the_least_used_goes),
        CASE(a_broken_file_is_made_anew),
        CASE(what_is_old_is_thrown_out),
        CASE(folders_above_are_made),
        CASE(endless_speech_is_cut_off),
        CASE(phrases_are_warmed_two_at_a_time),
        CASE(warming_waits_while_the_voice_service_is_away),
        CASE(a_voice_that_does_not_exist_is_not_warmed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
