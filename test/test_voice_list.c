/* test/test_voice_list.c: voices remembered: the service is asked once, for all who wait. */
#include "base/mem.h"
#include "provider/tts_private.h"
#include "provider/voice_list.h"
#include "test/peer.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct world {
    struct loop *loop;
    struct tts_driver driver;
    struct voice_list *list;
    size_t asks;
    struct asked {
        struct op op; /* first */
        tts_voices_fn *on_voices;
        void *arg;
    } * asked;
} w;

static void cancel(struct op *op)
{
    w.asked = NULL;
    free(op);
}

static void ask(struct tts_driver *driver, tts_voices_fn *on_voices, void *arg, struct op **slot)
{
    (void)driver;
    w.asks++;
    w.asked = xalloc(sizeof(*w.asked));
    w.asked->on_voices = on_voices;
    w.asked->arg = arg;
    op_begin(&w.asked->op, cancel, slot);
}

static void answer(int err, const char *id)
{
    static const char *const languages[] = {"cs"};
    char bytes[20];
    struct asked asked = *w.asked;
    strcpy(bytes, id);
    const struct tts_voice voice = {
        .id = bytes, .name = "Karen", .languages = languages, .language_count = 1};
    op_end(&w.asked->op);
    free(w.asked);
    w.asked = NULL;
    asked.on_voices(err, err ? NULL : &voice, err ? 0 : 1, asked.arg);
    memset(bytes, 0, sizeof(bytes)); /* what was borrowed is gone */
}

static void open_list(int64_t fresh_ms)
{
    static const struct tts_ops ops = {.voices = ask};
    w = (struct world){.loop = loop_new(), .driver.ops = &ops};
    w.list = voice_list_new(w.loop, &w.driver, fresh_ms);
}

static void close_list(void)
{
    voice_list_free(&w.list);
    loop_free(&w.loop);
}

struct got {
    bool done;
    int err, times;
    char id[20];
    struct op *op, **cancels;
};

static void on_voices(int err, const struct tts_voice *voices, size_t count, void *arg)
{
    struct got *got = arg;
    const struct tts_voice *voice = count ? voice_find(voices, count, voices[0].id) : NULL;
    got->done = true;
    got->err = err;
    got->times++;
    if (voice)
        strcpy(got->id, voice->id);
    if (got->cancels)
        op_cancel(got->cancels);
}

static void get(struct got *got)
{
    voice_list_get(w.list, on_voices, got, &got->op);
    assert_false(got->done);
}

static void service_is_asked_once_for_all_who_wait(void **state)
{
    (void)state;
    struct got one = {0}, two = {0}, later = {0};
    open_list(60000);
    get(&one);
    get(&two);
    assert_int_equal(w.asks, 1);
    answer(0, "v1");
    assert_true(one.done && two.done && !one.op && !two.op);
    assert_string_equal(one.id, "v1");
    get(&later);
    wait_for(w.loop, &later.done);
    assert_string_equal(later.id, "v1");
    assert_int_equal(w.asks, 1);
    close_list();
}

static void old_list_is_asked_for_anew(void **state)
{
    (void)state;
    struct got one = {0}, two = {0};
    open_list(0);
    get(&one);
    answer(0, "v1");
    get(&two);
    answer(0, "v2");
    assert_string_equal(two.id, "v2");
    assert_int_equal(w.asks, 2);
    close_list();
}

static void old_list_is_better_than_none(void **state)
{
    (void)state;
    struct got none = {0}, one = {0}, two = {0};
    open_list(0);
    get(&none);
    answer(ECONNREFUSED, "");
    assert_int_equal(none.err, ECONNREFUSED);
    get(&one);
    answer(0, "v1");
    get(&two);
    answer(ETIMEDOUT, "");
    assert_int_equal(two.err, 0);
    assert_string_equal(two.id, "v1");
    close_list();
}

static void whoever_went_away_hears_nothing(void **state)
{
    (void)state;
    struct got gone = {0}, one = {0}, two = {0}, left = {0};
    open_list(60000);
    get(&gone);
    op_cancel(&gone.op);
    get(&one);
    get(&two);
    one.cancels = &two.op; /* whichever is told first cancels the other */
    two.cancels = &one.op;
    answer(0, "v1");
    assert_int_equal(gone.times, 0);
    assert_int_equal(one.times + two.times, 1);
    get(&left);
    close_list(); /* with somebody waiting */
    assert_int_equal(left.times, 0);
    assert_null(left.op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_is_asked_once_for_all_who_wait),
        cmocka_unit_test(old_list_is_asked_for_anew),
        cmocka_unit_test(old_list_is_better_than_none),
        cmocka_unit_test(whoever_went_away_hears_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
