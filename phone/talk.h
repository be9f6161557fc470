/* phone/talk.h: a caller who waits for his turn: says one clip after the other, each when Karen has
 * finished speaking, and measures how long she took. Fed with the events of one phone_call. */
#pragma once
#include "phone/phone.h"

enum { TALK_REPLIES_MAX = 64 };

struct talk_script {         /* borrowed as long as the talk lives */
    const struct str *clips; /* mu-law */
    size_t clip_count;
    const char *keys;          /* pressed after the greeting; NULL: none */
    const char *const *digits; /* typed when the carrier asks for some, one text each time */
    size_t digits_count;
    int64_t silence_ms;  /* of Karen, after which it is the caller's turn; default 700 */
    int64_t patience_ms; /* how long to wait for her to begin; default 8000 */
    int64_t linger_ms;   /* after her last answer, before hanging up; default 2000 */
    int64_t longest_ms;  /* of the whole call; default 180000 */
};
enum talk_note {
    TALK_SAYS,   /* the caller begins clip number */
    TALK_SAID,   /* ... and has ended it */
    TALK_HEARS,  /* Karen begins to speak; number: ms since the caller's last word or the start */
    TALK_HEARD,  /* ... and has ended; number: ms she spoke, level_db how loud */
    TALK_LEAVES, /* the caller hangs up */
};
typedef void talk_note_fn(enum talk_note note, int64_t at_ms, int64_t number, double level_db,
                          void *arg);

struct talk { /* {0}, then talk_begin() */
    const struct talk_script *script;
    talk_note_fn *on_note;
    void *arg;
    size_t next_clip, next_digits;
    bool talking, hearing, answered, left;
    int64_t quiet_ms, spoke_ms, waited_ms; /* of Karen; of the caller */
    int64_t last_word_at_ms; /* of the caller: his last sound, not the end of his clip */
    int64_t early_ms;    /* a reply that began before the clip's end; -1: none, or it was none */
    double energy;       /* of what is being heard */
    int64_t greeting_ms; /* stream to her first sound; -1: never */
    int64_t reply_ms[TALK_REPLIES_MAX];
    size_t reply_count;
    size_t unanswered; /* clips she said nothing to */
    int64_t stream_at_ms;
};
void talk_begin(struct talk *talk, const struct talk_script *script, talk_note_fn *on_note,
                void *arg);
void talk_on_event(struct talk *talk, struct phone_call *call, const struct phone_event *event);
