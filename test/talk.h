/* test/talk.h: a conversation in virtual time: talk_at() moves the clock, ticking whenever the core
 * asked for it, and a small world behind the core answers what no test is about: clips get sound,
 * marks come back when they were played. */
#pragma once
#include "call/core.h"

#include <stdbool.h>

enum { TALK_ACTIONS_MAX = 4000, TALK_WORLD_MAX = 512 };

/* What the world does to a piece of speech; a test that is about clips says CLIPS_BY_HAND. */
enum talk_clips { CLIPS_AT_ONCE, CLIPS_BY_HAND, CLIPS_FAIL };
enum talk_marks { MARKS_PLAYED, MARKS_BY_HAND };

struct talk_action {
    int64_t at_ms;
    struct call_action action; /* its texts are the talk's own copies */
};
struct talk_due {
    int64_t at_ms;
    struct call_event event;
};
struct talk {
    struct call_core *core;
    int64_t now_ms;
    enum talk_clips clips;
    enum talk_marks marks;
    int ms_per_letter;
    size_t clip_bytes; /* of the next clips when not 0 */
    int64_t play_end_ms;
    struct talk_action *actions;
    size_t count, seen;
    struct talk_due due[TALK_WORLD_MAX];
    size_t due_count;
    char *texts[TALK_ACTIONS_MAX * 2];
    size_t text_count;
};

struct call_setup talk_setup(void); /* English, all phrases, two minutes */
struct talk talk_new(const struct call_setup *setup);
struct talk talk_begin(void); /* started at 0, the greeting heard, the clock at 4,900 */
void talk_end(struct talk *talk);
void talk_at(struct talk *talk, int64_t at_ms, struct call_event event);
void talk_until(struct talk *talk, int64_t at_ms); /* nothing happens but the clock */

/* The caller speaks from..to, the words come as one final 300 ms after the voice ended. */
void talk_says(struct talk *talk, int64_t from_ms, int64_t to_ms, const char *words);
/* The same piece by piece: the detector's news of a voice, words of a segment. */
void talk_voice_on(struct talk *talk, int64_t from_ms);
void talk_voice_off(struct talk *talk, int64_t to_ms);
void talk_interim(struct talk *talk, int64_t at_ms, int64_t from_ms, int64_t to_ms,
                  const char *text);
void talk_final(struct talk *talk, int64_t at_ms, int64_t from_ms, int64_t to_ms, const char *text);
/* The model answers the newest gen. */
void talk_replies(struct talk *talk, int64_t at_ms, const char *text);
void talk_text(struct talk *talk, int64_t at_ms, const char *text); /* a piece, more will come */
void talk_tool(struct talk *talk, int64_t at_ms, const char *id, const char *name,
               const char *arguments);
void talk_done(struct talk *talk, int64_t at_ms);

/* The next action of a kind since the last look; those passed over are seen too. NULL: none. */
const struct talk_action *talk_next(struct talk *talk, enum call_action_kind kind);
const struct talk_action *talk_last(const struct talk *talk, enum call_action_kind kind);
size_t talk_count(const struct talk *talk, enum call_action_kind kind); /* from the beginning */
size_t talk_phrases(const struct talk *talk, enum call_phrase phrase);  /* asked to be spoken */
/* The transcript as text: "agent: ...\ncaller: ...\n"; interrupted lines end in " --". */
const char *talk_lines(struct talk *talk);
const char *talk_context(struct talk *talk); /* the same of the model's context */
