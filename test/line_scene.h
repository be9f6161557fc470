/* test/line_scene.h: a whole line in one process: the switchboard and its lines are real, and so is
 * the time; the carrier, the providers and the store are played by the test. The caller's audio
 * flows all the while, 20 ms at a time, and marks come back when what stands before them would have
 * been heard. */
#pragma once
#include "carrier/leg_private.h"
#include "line/switchboard.h"
#include "net/loop.h"
#include "provider/tts.h"
#include "store/calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCENE_MAX = 64, SCENE_TEXT_MAX = 400, SCENE_MARKS_MAX = 256 };

struct scene_mark {
    uint32_t mark;
    int64_t due_ms;
};

struct scene {
    struct loop *loop;
    struct switchboard *board;
    char directory[64];
    int64_t opened_ms;

    /* the carrier */
    struct scene_leg {
        struct leg leg; /* first */
        struct scene *scene;
        const struct leg_handler *handler;
        void *arg;
        bool open, held;
        char close_why[64];
    } * leg; /* of the newest call */
    struct timer *media;
    int64_t media_ms, voice_until_ms; /* media clock */
    int64_t play_end_ms;
    struct scene_mark marks[SCENE_MARKS_MAX];
    size_t mark_count;
    size_t sent_bytes, clears;
    int64_t first_sent_us; /* after opening; -1: nothing yet */
    size_t unheard_bytes;  /* sent and not played at the moment of hang_up */
    char hung_up[64], transferred_to[32], whisper[SCENE_TEXT_MAX];
    size_t hang_ups, transfers;
    int carrier_err;
    bool stop_on_request; /* the carrier stops the stream when it is asked to hang up or transfer */

    /* the recogniser */
    struct stt *stt;
    size_t stt_opened, stt_finalized;
    int stt_err; /* refuses with it */
    bool stt_deaf;

    /* the model */
    struct scene_ask {
        struct op op; /* first */
        struct scene *scene;
        void *on_event;
        void *arg;
    } * ask;
    size_t asks, asks_cancelled;
    char user[SCENE_TEXT_MAX]; /* the caller's newest words in what was asked */
    char system[16000];
    char tool_result[SCENE_TEXT_MAX];
    size_t tools_offered;

    /* the voice */
    size_t speaks, speaks_cancelled;
    int64_t speech_ms; /* of each sentence */
    struct tts_anchor speech_anchors[4];
    size_t speech_anchor_count, sessions; /* sessions: open */
    int tts_err;
    bool tts_silent;
    char spoken[SCENE_TEXT_MAX]; /* the newest sentence asked for */

    /* the store */
    int db_err;     /* every write ends with it */
    bool db_silent; /* no write ever ends */
    size_t saves, saved_lines, finishes, messages, attempts;
    char transcript[8000]; /* "seq speaker: text\n" as saved or finished, in that order */
    char snapshot[40000];
    char why[32], message_name[200], message_reason[400];
    struct call_counts counts;
    struct call_waits waits;
    int64_t carrier_ms, stt_ms, characters, tokens; /* as saved or finished, the newest */
    bool empty;                                     /* drained */
};

int scene_set_up(void **state); /* cmocka's */
int scene_tear_down(void **state);

struct line_setup scene_setup(int number); /* of a call, the number-th of the same tenant */
void scene_open(struct scene *s, const struct line_setup *setup); /* must be admitted */
struct scene_leg *scene_leg_new(struct scene *s);

/* Lets time pass until the condition holds; fails the test after 10 s. */
#define scene_until(s, condition)                                                                  \
    for (int64_t until_ms = loop_now_ms((s)->loop) + 10000; !(condition);) {                       \
        if (loop_now_ms((s)->loop) > until_ms)                                                     \
            fail_msg("never came true: %s", #condition);                                           \
        loop_step((s)->loop, 50);                                                                  \
    }
void scene_wait(struct scene *s, int64_t ms); /* what must not happen does not, for so long */

void scene_speak(struct scene *s, int64_t ms); /* the caller, from now on */
void scene_words(struct scene *s, const char *text, bool final);
void scene_say(struct scene *s, const char *text); /* speaks, and the words are understood */
void scene_reply(struct scene *s, const char *text);
void scene_reply_tool(struct scene *s, const char *id, const char *name, const char *arguments);
void scene_reply_done(struct scene *s);
void scene_reply_failed(struct scene *s, int err);
void scene_gone(struct scene *s, bool stopped);
void scene_heard_all(struct scene *s); /* until all that was sent was played */
