/* line/line_private.h: the inside of a line, shared by the files of this folder:
 *
 *   line.c         beginning and end, events into the core, its actions carried out
 *   line_speech.c  clips: made, sent, counted
 *   line_model.c   replies asked of the model
 *   line_record.c  what the store is told: lines, snapshots, messages, the end
 *   line_orders.c  what the owner orders, and who waits to hear how it ended
 *
 * Nothing here outlives the line but what was copied into the tray. */
#pragma once
#include "base/log.h"
#include "call/core.h"
#include "call/phrases.h"
#include "carrier/leg.h"
#include "line/clips.h"
#include "line/ears.h"
#include "line/line.h"
#include "line/listener.h"
#include "line/switchboard.h"
#include "line/tray.h"
#include "line/usage.h"

enum {
    LINE_REPLIES_MAX = 4,             /* gens at the model at once; the core runs one */
    LINE_TOOLS_AT_ONCE = 4,           /* ... and three of these */
    LINE_AUDIO_BYTES_MAX = 30 * 8000, /* of speech synthesised and not yet played */
    LINE_ID_BYTES_MAX = 64,
    LINE_SID_BYTES_MAX = 64,
    LINE_WHY_BYTES_MAX = 31,
    LINE_PREVIOUS_BYTES_MAX = 200, /* of what was said before, for the voice's tone */
    LINE_SAVE_AGAIN_MS = 2000,     /* after the database did not take it */
    LINE_ORDERS_MAX = 16,          /* under way at once */
    LINE_GREETING_BYTES_MAX = 700, /* what a rule says and the greeting; a longer one is left out */
};

/* What the lines of a worker share; owned by the switchboard. */
struct line_parts {
    struct loop *loop;
    struct db *db;
    struct stt_driver *stt;
    struct llm_driver *llm;
    struct line_carrier carrier;
    struct tts_driver *tts;
    struct clips *clips;
    struct tray *tray;
    struct journal *journal;
    line_texts_fn *texts;
    void *texts_arg;
    struct switchboard_stats *stats;
    void (*on_opened)(struct line *line, void *arg); /* before its first step */
    void (*on_gone)(struct line *line, void *arg);   /* it is closed: forget it */
    void *arg;
};

struct line_clip { /* one DO_SYNTH until its DO_DROP_CLIP */
    struct line *line;
    uint32_t id;              /* 0: free */
    struct clip_view *phrase; /* of the cache; NULL: synthesised for this call */
    struct op *speaking;
    struct buf audio;
    bool ended, told_end;
    int err;
    size_t told;     /* bytes the core was told of */
    size_t letters;  /* of the text, spoken when the audio so far ends; 0: not known */
    struct buf text; /* where it is not what the voice was given: figures are words there */
    int64_t characters;
};

struct line_reply { /* one DO_ASK until its last event */
    struct line *line;
    uint32_t gen; /* 0: free */
    struct op *asking;
    size_t prompt_bytes, reply_bytes;
};

struct line_tool {
    struct line *line;
    struct op *storing;
    const char *result; /* known at once; NULL: it is being stored */
    char id[LINE_ID_BYTES_MAX + 1];
};

struct line_row { /* a line of the transcript that the store has not taken yet */
    struct line_row *next;
    struct call_line line; /* its texts stand behind it */
};

struct line {
    const struct line_parts *parts;
    struct line *next; /* of the switchboard's */
    struct log log;
    struct uuid call, tenant;
    char usage_tag[UUID_TEXT_BYTES]; /* the tenant's id: sorts the recogniser's bill by tenant */
    char call_sid[LINE_SID_BYTES_MAX + 1];
    char *language, *voice_id, *transfer_to;
    char *system;       /* the model's instructions */
    char safety_id[33]; /* a digest of the tenant, for the model's provider */
    char **keyterms;
    char **transfer_words; /* one of them must have been said; NULL: no word is needed */
    bool can_transfer;

    struct leg *leg;
    struct call_core *core;
    struct ears *ears;
    struct listener *listener;
    struct timer *tick;
    bool closed;
    bool stepping;     /* inside call_step() and its actions */
    bool leg_stopped;  /* the carrier said so */
    bool leg_lost;     /* the connection broke */
    bool handing_over; /* a transfer was asked for and did not fail */
    bool hanging_up;   /* we asked for it */
    enum line_move { MOVE_NOT, MOVE_WANTED, MOVE_SAVED } move; /* to another worker */
    struct op *carrying; /* hang-up or transfer, at the carrier */
    struct line_wish *wishes;
    uint32_t last_order;

    struct tts_session *voice; /* may be NULL */
    struct line_clip clips[CALL_CLIPS_MAX];
    char previous[LINE_PREVIOUS_BYTES_MAX + 1];
    struct line_reply replies[LINE_REPLIES_MAX];
    struct line_tool tools[LINE_TOOLS_AT_ONCE];

    int64_t opened_ms, opened_us;
    int64_t clock_ms; /* media time behind the newest audio */
    int64_t zero_ms;  /* media time when the core's clock began */
    bool clock_set;
    char key;          /* the newest, and when: carrier and ears both hear it */
    int64_t key_at_ms; /* media clock */

    struct line_row *first_row, *last_row;
    size_t row_count, saving_count;
    size_t kept_count; /* of the rows, from the first: in the journal */
    bool kept;         /* something of this call is */
    struct op *saving;
    bool dirty;            /* something to save since the newest save began */
    int64_t save_again_ms; /* loop time; 0: nothing is put off */
    uint32_t seq_base;
    struct line_usage usage;
    struct call_waits waits;
    char model[48];

    int64_t arrived_us; /* when the event that is being handled came in */
    int64_t own_us;     /* spent by us on the turn being answered */
    uint32_t measured;  /* turn whose answer is in the histograms */
    bool greeted;
};

void line_open(const struct line_parts *parts, struct leg *leg, const struct line_setup *setup);
void line_end(struct line *line, const char *why);   /* politely */
void line_close(struct line *line, const char *why); /* at once */
void line_move(struct line *line); /* to another worker, as soon as nobody notices */

/* line.c */
void line_phrases(const struct line_parts *parts, const char *language, const char *owner,
                  struct phrases *phrases_out);
void line_feed(struct line *line, const struct call_event *event);
void line_wake(struct line *line);

/* line_speech.c */
void line_voice_open(struct line *line);
void line_synth(struct line *line, const struct call_action *action);
void line_send(struct line *line, const struct call_action *action);
void line_drop_clip(struct line *line, uint32_t id);
bool line_clip_news(struct line *line, struct call_event *event_out); /* what the core must hear */
void line_speech_close(struct line *line);

/* line_model.c */
void line_prepare_model(struct line *line, const struct line_setup *setup);
void line_ask(struct line *line, uint32_t gen);
void line_cancel_reply(struct line *line, uint32_t gen);
void line_model_close(struct line *line);

/* line_orders.c */
/* line may be NULL: the call is not live here. */
void line_order(struct loop *loop, struct line *line, const struct line_order *order,
                line_order_fn *on_done, void *arg, struct op **slot);
void line_order_over(struct line *line, uint32_t order, int err);
const char *line_transfer_to(const struct line *line, uint32_t order); /* NULL: nowhere */
void line_orders_close(struct line *line);

/* line_record.c */
bool line_saved(const struct line *line); /* the store has it as it is */
void line_record(struct line *line, const struct call_line *row);
void line_save(struct line *line); /* what is new, unless a save is under way */
void line_tool(struct line *line, const struct call_action *action);
bool line_tool_news(struct line *line, struct call_event *event_out); /* refused at once */
void line_record_close(struct line *line, const char *why);

/* switchboard.c */
void stats_observe(struct line_histogram *histogram, double ms);
void stats_reply(struct switchboard_stats *stats, const struct call_stages *stages);
void stats_end(struct switchboard_stats *stats, const char *why, const struct call_counts *counts);
