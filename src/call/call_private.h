/* call/call_private.h: the inside of a conversation, shared by the files of this folder:
 *
 *   core.c      events in, timers, beginning and end
 *   turn.c      the caller: voice, words, when the floor is taken
 *   complete.c  how finished the caller's words sound
 *   commit.c    when what was said is a turn: staged, sure
 *   unheard.c   voice without words, the recogniser lost
 *   echo.c      Karen's own words, back from a loudspeaker
 *   machine.c   callers that are no person
 *   reply.c     the agent: one gen after the other, its text to clips, its tools
 *   script.c    the agent without a model: name, reason, number
 *   say.c       utterances and their clips
 *   heard.c     what of a clip's text was heard
 *   playout.c   clips to the carrier: pacing, marks, stopping
 *   orders.c    what the owner wants of the call while it lasts
 *   context.c   the model's context
 *   snapshot.c  all that must survive this process
 *
 * Times ending in _ms are now_ms times; media clock times are said to be so. CALL_NEVER: not set.
 */
#pragma once
#include "call/complete.h"
#include "call/core.h"
#include "call/words.h"

enum {
    VOICE_HOLD_MS = 420,     /* a typical "mm-hmm" is shorter */
    VOICE_BARGE_MS = 800,    /* nobody says "mm-hmm" for so long */
    HOLD_WORDS = 2,          /* so many that are no "mm-hmm" are meant */
    DUCK_MS = 200,           /* of silence, the detector's aside, and Karen is loud again */
    DUCK_PIECE_MS = 60,      /* sent at once meanwhile: it may be for nothing */
    HOLD_MS = 350,           /* of silence, the detector's aside, and it was nothing */
    VOICE_HANGOVER_MS = 160, /* the detector's, before EV_VOICE_OFF */
    VOICE_STUCK_MS = 2500,   /* voice without words for so long is noise */
    EOT_NORM_MS_MIN = 420,   /* of a caller whose pauses are known; between these ... */
    EOT_NORM_MS_MAX = 900,
    PAUSE_MARGIN_MS = 120, /* ... so much longer than his own */
    LIKELY_PERCENT = 40,   /* words that are so likely to be all are worth an answer begun */
    PAUSES_KNOWN = 2,      /* so many tell how he speaks */
    EOT_MISSED_MS = 1500,  /* a recogniser that finds the turns has not noticed this one's end */
    EOT_CAP_MS = 2500,
    STAGE_SILENCE_MS = 120, /* of the caller, with words ... */
    STAGE_STABLE_MS = 160,  /* ... that did not change: an answer to them may be begun */
    STAGE_REACH_MS = 250,   /* ... if they end so near the voice's end, or are final */
    FINAL_WAIT_MS = 350,
    GAP_MIN_MS = 250,
    MERGE_MS = 1200,
    MERGE_HEARD_MS = 400,
    ZONE_MS = 700, /* words that begin so near the end of speech answer it */
    UNHEARD_MS = 900,
    UNHEARD_VOICE_MS = 300,
    UNHEARD_EVERY_MS = 20000,
    FILL_MS = 700,
    FILL_AGAIN_MS = 3000,
    REPLY_FIRST_MS = 2500, /* a model that said nothing by then has failed */
    REPLY_STALL_MS = 3500, /* between two pieces */
    CLIP_FIRST_MS = 2500,  /* a clip without a byte by then, or without another, has failed */
    TOOL_MS = 5000,
    IDLE_1_MS = 6000,
    IDLE_2_MS = 13000,
    IDLE_3_MS = 20000,
    IDLE_PAUSE_MS = 2500, /* between a re-prompt and the next */
    FIRST_VOICE_MS = 4000,
    MARKS_LATE_MS = 2000, /* after the end of speech: the carrier has lost its marks */
    STT_LOST_MS = 2000,
    STT_DEAD_MS = 15000,
    TRANSFER_MS = 60000,
    HANG_UP_MS = 5000,
    LEAVE_WAIT_MS = 1500, /* a farewell was heard, but the caller is speaking */
    DURATION_DEFAULT_MS = 300000,
    DURATION_GRACE_MS = 30000,

    BYTES_PER_LETTER = 65 * CALL_BYTES_PER_MS, /* while a clip's length is not known */

    ORDERED_SAYS_MAX = 2, /* that wait to be said */
    SAYS_MAX = 8 + ORDERED_SAYS_MAX,
    SAY_TEXTS = 3 + ORDERED_SAYS_MAX,
    MARKS_MAX = 64,
    CLIPS_AHEAD = 4,       /* so that little speech is paid for that nobody hears */
    CLIP_ANCHORS_MAX = 24, /* a sentence has fewer words, as a rule */
    CLIPS_HELD_MAX = 12,   /* of replies; the rest of CALL_CLIPS_MAX is for phrases */
    SEGMENT_SLACK_MS = 60, /* word times of interims are not exact */
    LATE_WORDS_MAX = 2,    /* so few words in a late final do not make a turn of their own */
    TOOLS_PER_TURN = 3,
    TOOLS_AT_ONCE = 3,
    TOOL_IDS_MAX = 16,
    TOOL_BYTES_MAX = 1000,
    NAME_BYTES_MAX = 64,
    FAILURES_MAX = 2,
    REOPENS_MAX = 2,
    GENS_MAX = 3,   /* of a turn, those after a tool aside */
    STAGED_MAX = 2, /* of them, before the turn is sure */
    CONTEXT_BYTES = 12 * 1024,
    TIMER_ROUNDS_MAX = 32,
    ACTIONS_SPARE = 32, /* of CALL_ACTIONS_MAX: kept free by what can wait a step */
};

struct text {
    size_t bytes;
    char at[CALL_TEXT_BYTES_MAX];
};

enum caller_state { CALLER_QUIET, CALLER_ONSET, CALLER_SPEAKING, CALLER_PAUSE };

/* How long this caller pauses within what he says. */
struct pauses {
    uint32_t count;
    double mean_ms, spread_ms;
};

/* What the caller is saying now; nothing of it is committed. */
struct caller {
    enum caller_state state;
    uint32_t conn;
    bool voice_on;
    bool ever; /* words or voice since the call began */
    int64_t voice_since_ms, voiced_ms, last_voice_ms, words_ms;
    int64_t start_ms; /* of the open turn; CALL_NEVER while it has neither voice nor words */
    struct text finals, interim;
    size_t skip;      /* words of the running segment that a committed turn has already */
    int64_t skip_end; /* media clock: end of the last of them */
    int64_t word_end; /* media clock: end of the last word known */
    bool finalize_sent, final_came;
    int64_t finalize_ms;
    bool told_turns; /* the recogniser finds the turns itself, and says of this one that ... */
    bool maybe_over, over;
    float confidence;
    int completeness;      /* of its words, in percent; complete.h */
    bool digits;           /* they break off within a number */
    bool keyed;            /* DTMF is part of it */
    bool over_speech;      /* it began while the agent spoke or thought ... */
    bool zone;             /* ... but so near the end that it is an answer */
    bool owed;             /* it stopped the agent, so it is owed a sound even without words */
    int64_t owed_voice_ms; /* ... when the voice that did began */
    int64_t unheard_ms;    /* of the last PHRASE_REPEAT */
    int64_t down_ms;       /* since when the recogniser is lost */
    bool down_voice, down_told;
    struct pauses pauses;
};

/* What Karen said, word by word, and when it was played; the last ECHO_WORDS_MAX of them. */
enum { ECHO_WORDS_MAX = WORDS_COMPARED_MAX };
struct echo_word {
    uint32_t hash;
    int64_t at_ms; /* media clock */
};
struct echo {
    size_t count; /* since the call began */
    struct echo_word said[ECHO_WORDS_MAX];
    int64_t until_ms; /* media clock: she is heard no longer */
    bool on_line;     /* this caller's line brings her back */
};

enum machine_kind { MACHINE_NONE, MACHINE_TALKS, MACHINE_MUSIC };
struct machine {
    enum machine_kind kind;
    int64_t since_ms;
    int64_t wordless_ms; /* of voice since the last word */
    bool assistant;      /* the other end says that it is one */
    uint32_t turns;      /* since then */
    uint32_t same;       /* turns on end that said much the same */
    size_t word_count;
    uint32_t words[WORDS_COMPARED_MAX]; /* of the turn before */
};

/* The newest turn and the one reply it gets. It is staged first: what was said is taken for the
 * whole and answered, but the answer is held back, and so are its tools, until the caller was
 * silent for long enough. If he goes on it is open again, and nobody has heard of it. */
struct turn {
    uint32_t id, seq;
    bool staged;
    int64_t eot_ms;    /* staged: of silence make it sure */
    int64_t end_ms;    /* media clock */
    struct text *text; /* of texts by turns: what was written down stays until the next step */
    struct text texts[2];
    size_t base_bytes;  /* of text: final words; behind them an interim whose final may come */
    bool pending;       /* ... has not come */
    size_t skip_before; /* words of that segment that belong to the turn before */
    bool open;          /* the caller went on: the next commit amends this turn */
    bool answering;     /* its reply is not through yet */
    bool model_asked;   /* by a gen, not by the script */
    bool filled, tool_ran, keyed;
    uint32_t gens, reopens, aborted, tools;
    int64_t commit_ms, start_ms; /* start: media clock */
    float confidence;
    uint32_t context;
};

struct pending_tool {
    bool out;
    bool held;    /* its turn is not sure yet */
    int err;      /* held: EV_REPLY_TOOL's */
    uint32_t gen; /* that waits for its result; 0: nobody does */
    int64_t since_ms;
    size_t id_bytes, name_bytes, text_bytes;
    char id[NAME_BYTES_MAX], name[NAME_BYTES_MAX], text[TOOL_BYTES_MAX];
};

enum intent { INTENT_STAY, INTENT_HANG_UP, INTENT_TRANSFER };

struct reply {
    uint32_t gen; /* the running or last one; 0: none yet */
    bool running;
    bool any_text;
    int64_t asked_ms, piece_ms;
    uint32_t say;   /* its speech; 0: none */
    bool ask_again; /* for a tool's result wants an answer */
    struct pending_tool tools[TOOLS_AT_ONCE];
    struct pending_tool transfer;
    enum intent intent;     /* asked for by this gen's tools */
    enum words_asked asked; /* by what was last heard of it */
    uint32_t failures_in_row;
    uint64_t tool_ids[TOOL_IDS_MAX]; /* hashes: no tool runs twice */
    size_t tool_id_count;
};

enum protection { INTERRUPTIBLE, PROTECTED };
enum keep { KEEP_HEARD, KEEP_SENT }; /* of an utterance that is broken off */

/* One utterance of the agent: a gen's speech, what the owner ordered, or a phrase; a line of the
 * transcript. */
struct say {
    uint32_t id, gen, turn, seq, context;
    uint32_t order; /* ordered: whose end is told; 0: nobody's */
    bool ordered;
    enum call_phrase phrase;
    enum protection protection;
    char *text;        /* a slot of the playout's; a phrase's: the setup's copy */
    size_t bytes, cut; /* cut: so much was given to clips */
    bool open;         /* more text may come */
    bool started, truncated;
    bool lost;                /* a part of it had no sound */
    size_t searched;          /* so much of it was searched for a clause in vain */
    size_t heard_text;        /* bytes of text whose clips were played out */
    size_t heard_bytes;       /* of audio, confirmed by marks */
    int64_t start_ms, end_ms; /* media clock */
    size_t clips_asked;
    struct call_stages stages; /* of a gen's, from its first sound on */
};

struct anchor { /* of a clip's text so many letters (bytes) are spoken within so many ms */
    uint16_t ms, letters;
};
struct clip {
    uint32_t id, say;
    size_t from, to; /* of the say's text */
    size_t bytes, sent, heard;
    bool done, failed, dropped;
    int64_t asked_ms;
    int64_t wanted_ms; /* since when its next byte is what we wait for */
    size_t anchor_count;
    struct anchor anchors[CLIP_ANCHORS_MAX];
};

struct mark {
    uint32_t id, clip;
    size_t offset;
};

struct playout {
    uint32_t epoch, last_clip, last_say, last_mark;
    bool held; /* silent in mid-sentence: somebody may be taking the floor */
    struct say says[SAYS_MAX];
    size_t say_count;
    struct clip clips[CALL_CLIPS_MAX];
    size_t clip_count;
    struct mark marks[MARKS_MAX];
    size_t mark_count;
    size_t since_mark;      /* bytes */
    int64_t play_end_ms;    /* when all that was sent will have been played */
    int64_t quiet_since_ms; /* when the last sound was over */
    struct text texts[SAY_TEXTS];
};

struct context_entry {
    uint32_t key;
    enum call_role role;
    uint32_t say; /* its words are still being heard; 0: settled */
    size_t at, text_bytes, name_bytes, id_bytes;
};
struct context {
    uint32_t last_key;
    size_t count, bytes;
    struct context_entry list[CALL_MESSAGES_MAX];
    char pool[CONTEXT_BYTES];
};

enum script_step { SCRIPT_OFF, SCRIPT_NAME, SCRIPT_REASON, SCRIPT_NUMBER, SCRIPT_DONE };
struct script {
    enum script_step step;
    bool asked; /* its question was begun to be spoken */
    uint32_t tries;
    struct buf answers[SCRIPT_DONE]; /* by step; [SCRIPT_OFF]: said before it was asked for */
};

enum phase { PHASE_NEW, PHASE_TALKING, PHASE_TRANSFERRING, PHASE_HANGING_UP, PHASE_ENDED };

struct orders {
    uint32_t end, transfer; /* that are under way; 0: none, or nobody waits for them */
    struct text whispers;   /* each on a line */
};

struct call_core {
    enum language language;
    char *phrases[PHRASE_COUNT];
    bool can_transfer, message_only, resumed, transfer_failed;
    bool moving; /* goes on elsewhere from a moment at which nothing is lost */
    int64_t duration_ms_max;

    int64_t now_ms;
    struct call_actions *out; /* of the step that runs */
    enum phase phase;
    int64_t started_ms, phase_ms;
    int64_t elapsed_ms; /* before the snapshot this was restored from */
    enum intent intent;
    uint32_t filler_turn; /* the last one with a filler */
    int64_t filler_ms;
    bool leave_for_good; /* no speaking up will keep the call */
    bool time_up;
    bool left_once; /* a farewell was interrupted before */
    char why[32];
    int idle_stage;
    int64_t idle_since_ms;
    bool ask_at_start;
    uint32_t last_seq;

    struct caller caller;
    struct echo echo;
    struct machine machine;
    struct turn turn;
    struct reply reply;
    struct playout playout;
    struct context context;
    struct script script;
    struct orders orders;
    struct call_counts counts;
    struct call_stages stages;
    struct buf scratch, scratch2, line;
};

_Static_assert(CALL_WHISPERS_BYTES_MAX <= CALL_TEXT_BYTES_MAX, "they are kept in a struct text");

/* Words that answer the caller: the model's, or the owner's in their place. */
static inline bool say_answers(const struct say *say)
{
    return say->gen || say->ordered;
}

static inline struct str text_str(const struct text *text)
{
    return (struct str){text->at, text->bytes};
}

/* core.c */
struct call_action *act(struct call_core *core, enum call_action_kind kind);
int64_t media_now(const struct call_core *core);
int64_t from_media(const struct call_core *core, int64_t at_ms); /* never in the future */
int64_t to_media(const struct call_core *core, int64_t at_ms);
void text_set(struct text *text, struct str words);
void text_join(struct text *text, struct str words); /* with a space between; cut at a word */
void record(struct call_core *core, const struct call_line *line);
void plan(struct call_core *core, enum intent intent, const char *why);
/* Say one last thing that cannot be talked over, then hang up. */
void leave(struct call_core *core, enum call_phrase phrase, const char *why);

/* turn.c */
struct str turn_words(struct call_core *core, struct buf *out); /* not committed yet */
bool turn_is_only_backchannel(struct call_core *core);
bool turn_is_number(const struct call_core *core);        /* and may go on after a pause */
int64_t turn_voice_end(const struct call_core *core);     /* media clock */
void turn_record(struct call_core *core, int64_t end_ms); /* the newest turn's line */
void turn_on_voice_on(struct call_core *core, int64_t at_ms);
void turn_on_voice_going(struct call_core *core, int64_t voiced_ms);
void turn_on_voice_off(struct call_core *core, int64_t at_ms);
void turn_on_words(struct call_core *core, const struct call_event *event);
void turn_on_utterance_end(struct call_core *core, const struct call_event *event);
void turn_on_dtmf(struct call_core *core, char digit);
int64_t turn_barge_due(const struct call_core *core);
void turn_barge_check(struct call_core *core);
int64_t turn_hold_due(const struct call_core *core);
void turn_hold_over(struct call_core *core);         /* it was an interruption, or nothing */
int64_t turn_quiet_at(const struct call_core *core); /* when speech may begin; CALL_NEVER */
bool turn_has_words(const struct call_core *core);
int64_t turn_last_sign_ms(const struct call_core *core);
void turn_drop(struct call_core *core); /* what was being said is used up, or was nothing */
int64_t turn_voice_until(const struct call_core *core);

/* commit.c */
int64_t turn_commit_due(const struct call_core *core);
void turn_try_commit(struct call_core *core);
int64_t turn_stage_due(const struct call_core *core);
void turn_stage(struct call_core *core);
int64_t turn_sure_due(const struct call_core *core);
void turn_sure(struct call_core *core);   /* a staged turn is what it seemed to be */
void turn_settle(struct call_core *core); /* whatever comes: what was taken for a turn is one */
void turn_end(struct call_core *core);    /* the call is over: what was being said is a line */

/* unheard.c */
void turn_on_stt(struct call_core *core, const struct call_event *event);
int64_t turn_unheard_due(const struct call_core *core);
void turn_unheard(struct call_core *core);
int64_t turn_stt_due(const struct call_core *core);
void turn_stt_check(struct call_core *core);

/* echo.c; times: media clock */
void echo_said(struct call_core *core, struct str text, int64_t from_ms, int64_t to_ms);
void echo_hushed(struct call_core *core);
/* How many words at the front of what was heard then are Karen's own. */
size_t echo_words(struct call_core *core, struct str text, int64_t start_ms, int64_t end_ms);

/* machine.c */
bool machine_takes(struct call_core *core); /* the newest turn is not to be answered */
void machine_on_voice(struct call_core *core, int64_t voiced_ms);
void machine_on_words(struct call_core *core);
int64_t machine_due(const struct call_core *core);
void machine_check(struct call_core *core);

/* reply.c */
void reply_ask(struct call_core *core);     /* the turn wants its answer */
void reply_release(struct call_core *core); /* ... and is sure: what was held back may be done */
void reply_cancel(struct call_core *core);
void reply_on_event(struct call_core *core, const struct call_event *event);
void reply_on_tool_done(struct call_core *core, const struct call_event *event);
void reply_speak(struct call_core *core); /* text to clips, as far as clips are wanted */
bool reply_is_thinking(const struct call_core *core);
enum reply_fate { REPLY_HEARD, REPLY_UNHEARD, REPLY_CUT }; /* unheard: no clip had sound */
void reply_spoken(struct call_core *core, uint32_t gen, enum reply_fate fate);
void reply_fail(struct call_core *core);            /* the turn has got none */
void reply_forget_transfer(struct call_core *core); /* what a tool said of an earlier one */
struct str reply_transfer_reason(struct call_core *core);
void reply_not_transferred(struct call_core *core);
void reply_settle(struct call_core *core); /* the call is over */
int64_t reply_due(const struct call_core *core);
void reply_check(struct call_core *core);
/* False: too many run. gen 0: nobody waits for the result. */
bool run_tool(struct call_core *core, uint32_t gen, struct str id, struct str name,
              struct str text);

/* orders.c */
void orders_on_say(struct call_core *core, const struct call_event *event);
void orders_on_whisper(struct call_core *core, const struct call_event *event);
void orders_on_transfer(struct call_core *core, const struct call_event *event);
void order_over(struct call_core *core, uint32_t order, int err);
void order_spoken(struct call_core *core, const struct say *say, struct str heard);
bool orders_answer(struct call_core *core); /* words wait that are what the caller is owed */
void orders_ended(struct call_core *core, uint32_t *slot, int err); /* end or transfer */
bool orders_keep_whisper(struct call_core *core, struct str text);  /* false: no room */

/* script.c */
void script_ask(struct call_core *core); /* the question that is due, again */
void script_begin(struct call_core *core);
void script_on_asked(struct call_core *core, enum call_phrase phrase);
void script_answer(struct call_core *core, struct str words);

/* say.c */
size_t say_at(const struct call_core *core, uint32_t id); /* its place; say_count: it is over */
struct say *say_find(struct call_core *core, uint32_t id);
struct say *say_new_reply(struct call_core *core, uint32_t gen); /* NULL: too many at once */
bool say_ordered(struct call_core *core, uint32_t order, struct str text); /* false: too many */
void say_add(struct call_core *core, struct say *say, struct str text);
bool say_phrase(struct call_core *core, enum call_phrase phrase, enum protection protection);
void say_start(struct call_core *core, struct say *say);
struct str say_heard(const struct call_core *core, uint32_t say);
void say_truncate(struct call_core *core, struct say *say, enum keep keep);
void says_settle_finished(struct call_core *core);
struct clip *clip_find(struct call_core *core, uint32_t id);
void clip_new(struct call_core *core, struct say *say, size_t bytes);
void clip_drop(struct call_core *core, struct clip *clip);
void clip_remove(struct call_core *core, size_t at);
size_t playout_ahead(const struct call_core *core); /* clips of which nothing was sent */
void playout_advance(struct call_core *core);       /* what was heard to its end leaves the queue */

/* heard.c */
/* The sound so far ends with that letter of the text the voice was given. */
void clip_anchor(const struct say *say, struct clip *clip, size_t letters);
/* Where in the say's text: at the end of a word, which counts when most of it was heard. */
size_t clip_heard_until(const struct say *say, const struct clip *clip);

/* playout.c */
void playout_on_clip(struct call_core *core, const struct call_event *event);
void playout_on_mark(struct call_core *core, uint32_t mark);
void playout_hold(struct call_core *core);         /* silence, but nothing is forgotten */
void playout_go_on(struct call_core *core);        /* ... from where it was heard */
void playout_stop(struct call_core *core);         /* barge-in: clear, forget, settle */
void playout_hush(struct call_core *core);         /* what has not begun is never said */
void playout_yield(struct call_core *core);        /* replies end with the sentence being heard */
void playout_drop_ordered(struct call_core *core); /* of the owner's words those not begun */
void playout_quit(struct call_core *core);         /* protected or not: all is forgotten */
void playout_pump(struct call_core *core);
int64_t playout_pump_due(const struct call_core *core);
int64_t playout_late_due(const struct call_core *core);
void playout_late(struct call_core *core);
bool playout_busy(const struct call_core *core);     /* something is said or waits to be */
bool playout_speaking(const struct call_core *core); /* sound is out that was not all heard */
bool playout_protected(const struct call_core *core);
int64_t playout_left_ms(const struct call_core *core); /* until the end; CALL_NEVER: not known */
int64_t playout_reply_heard_ms(const struct call_core *core, uint32_t turn);
bool playout_reply_sent(const struct call_core *core, uint32_t turn);

/* context.c */
uint32_t context_add(struct context *context, enum call_role role, struct str text, struct str name,
                     struct str id);
uint32_t context_open(struct context *context, uint32_t say);
void context_settle(struct context *context, uint32_t key, struct str text); /* empty: forget it */
void context_result(struct context *context, struct str id, struct str text);
void context_set(struct context *context, uint32_t key, struct str text);
/* call_messages() without the whispers. */
size_t context_messages(const struct call_core *core, struct call_message *out, size_t room);
