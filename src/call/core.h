/* call/core.h: one conversation, pure: who has the floor and what Karen does next. Events and the
 * time go in, actions come out; no socket, no clock, no provider, no allocation once it stands.
 *
 *   caller:  QUIET -> ONSET -> SPEAKING -> PAUSE -> (a turn) QUIET
 *   agent:   IDLE -> THINKING -> SPEAKING -> IDLE;  any -> CLOSING -> ENDED
 *
 * A turn is answered before it is sure: as soon as the caller is silent and the words stand still
 * the model is asked and the first clause spoken (the turn is staged), but nothing is heard,
 * written down or done until the silence has been long enough for how finished the words sound.
 * Whoever goes on before that has never been answered.
 *
 * Everything in flight has an identity: a turn (one thing the caller said), a gen (one attempt at a
 * reply by the model), a clip (one piece of speech, at most a sentence), an epoch (+1 at each
 * clear) and a connection of the recogniser. An event whose identity is not current is counted and
 * ignored.
 *
 * A recogniser that finds the turns itself is believed: the answer is begun when it says that the
 * turn may be over, and is sure when it says that it is; only a silence that it does not notice is
 * a turn's end without it. Within numbers and spellings it is too quick, and the silence decides.
 *
 * Who speaks over Karen silences her at once, but takes the floor only with two words that are no
 * "mhm", one like "wait", or a voice that goes on; else she goes on where she was heard, and
 * nothing was cancelled or written down. As soon as anybody speaks she goes on softer. Her own
 * words that a loudspeaker brings back are nobody's.
 *
 * A caller that is no person (an announcement, a menu, music, another assistant) is heard out, but
 * not talked to for ever.
 *
 * The core never sees audio bytes: the shell keeps each clip's bytes, the core counts them and says
 * which range to send when (pacing: CALL_LEAD_MS ahead of what is heard, a mark every
 * CALL_MARK_MS). Heard is only what a mark of the current epoch confirmed. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_NEVER INT64_MAX

enum {
    CALL_TEXT_BYTES_MAX = 2000, /* of one caller turn or one reply; more is cut at a word */
    CALL_TURNS_MAX = 200,
    CALL_WHISPERS_BYTES_MAX = 2000, /* of all that was whispered in a call */
    CALL_CLIPS_MAX = 32,            /* pieces of speech held at once */
    CALL_MESSAGES_MAX = 64,         /* of the model's context; the oldest go first, whispers stay */
    CALL_ACTIONS_MAX = 64,          /* one step never asks for more */
    CALL_LEAD_MS = 200,
    CALL_MARK_MS = 100,
    CALL_BYTES_PER_MS = 8,      /* G.711 at 8 kHz */
    CALL_VOICE_WINDOW_MS = 600, /* over which EV_VOICE_GOING counts voiced time */
    CALL_VOICE_GOING_MS = 60,   /* between two of them */
};

/* What is said without the model: the shell has it as cached audio in the tenant's voice. */
enum call_phrase {
    PHRASE_NONE,
    PHRASE_DISCLOSURE,  /* "this is the AI assistant of ...": fixed, first, never interrupted */
    PHRASE_GREETING,    /* the tenant's own greeting behind it; its words come in call_setup */
    PHRASE_FILLER,      /* "one moment" */
    PHRASE_STILL_THERE, /* silence, first and second re-prompt */
    PHRASE_STILL_THERE_2,
    PHRASE_REPEAT,   /* "I did not catch that" */
    PHRASE_TROUBLE,  /* a reply failed: "I am having trouble, please say that once more" */
    PHRASE_DEAF,     /* no recogniser: "I cannot hear you, I will say that you called, goodbye" */
    PHRASE_ASK_NAME, /* no model: "I can take a message; what is your name?" */
    PHRASE_ASK_REASON,
    PHRASE_ASK_NUMBER,
    PHRASE_TAKEN, /* "Thank you, I will pass that on" */
    PHRASE_GOODBYE,
    PHRASE_SILENT_GOODBYE, /* nobody answered */
    PHRASE_TIME_UP,        /* the longest duration of a call is reached */
    PHRASE_TRANSFER,       /* "I am putting you through" */
    PHRASE_RESUMED,        /* "sorry, I lost you for a moment" */
    PHRASE_NOT_REACHED,    /* a transfer came to nothing */
    PHRASE_COUNT,
};

enum call_event_kind {
    EV_STARTED,       /* the carrier's stream is open; now the greeting can go out */
    EV_VOICE_ON,      /* the caller makes voiced sound since at_ms (media clock) */
    EV_VOICE_GOING,   /* every CALL_VOICE_GOING_MS of it: voiced_ms of the last CALL_VOICE_WINDOW_MS
                       */
    EV_VOICE_OFF,     /* ... and has been silent for the detector's hang-over; voice ended at_ms */
    EV_WORDS,         /* an interim: replaces the unfinished tail of what is being said */
    EV_WORDS_FINAL,   /* a segment is final; from_finalize, speech_final, turn_over */
    EV_UTTERANCE_END, /* the recogniser's backup sign; at_ms is the last word's end */
    EV_STT_UP,        /* conn is open (again) */
    EV_STT_DOWN,      /* conn is lost or silent; the shell is reconnecting */
    EV_REPLY_TEXT,    /* gen: a piece of the reply */
    EV_REPLY_TOOL,    /* gen: a whole tool call: id, name, text = arguments (JSON); err: the shell
                       * will not have it done */
    EV_REPLY_DONE,    /* gen: the reply is whole */
    EV_REPLY_FAILED,  /* gen: err */
    EV_CLIP_AUDIO,    /* clip: so many more bytes of audio are there */
    EV_CLIP_DONE,     /* clip: no more will come */
    EV_CLIP_FAILED,   /* clip: err; what came before may be played */
    EV_MARK,          /* mark: the carrier played up to it, or cleared it */
    EV_DTMF,          /* digit */
    EV_TOOL_DONE,     /* id: text is the result for the model */
    EV_TRANSFER_FAILED, /* nobody took the call: the caller is back */
    EV_TICK,            /* the time asked for by call_wake_at() has come */
    EV_END_ASKED, /* the owner, an operator or a limit wants the call ended politely: text why */
    EV_SAY_ASKED, /* the owner wants text said, word for word, in Karen's voice */
    EV_WHISPER,   /* ... gives the model an instruction for the rest of the call */
    EV_TRANSFER_ASKED, /* ... wants the caller put through now */
    EV_GONE,           /* the caller hung up or the stream is lost */
};

/* Orders: the four kinds of event above that come from whoever watches a live call. Each carries
 * an `order` and is answered by exactly one DO_ORDER_OVER with it, at once or later (0: nobody
 * waits to hear of it, and no answer comes):
 *
 *              while Karen or the caller speaks          while a farewell is   while transferring
 *                                                        said or the line is
 *                                                        being let go
 *   say        after the sentence being heard, once      EBUSY                 EBUSY
 *              the caller is silent; instead of the
 *              rest of the reply, or of the one that
 *              is still thought about
 *   whisper    at once; counts from the next question    EBUSY                 at once: the caller
 *              to the model on                                                 may come back
 *   transfer   after the sentence being heard, once      EBUSY                 EBUSY
 *              the caller is silent; nothing stops it
 *   end        at once: Karen says goodbye               0: it is ending       EBUSY
 *
 * The disclosure is heard to its end whatever is ordered, and so is the greeting, but for an end.
 * Beside EBUSY an order is over with:
 *   0             said and heard to its end; kept; handed to the carrier; ending
 *   EINTR         said, but the caller talked over it: the transcript has what was heard
 *   EINVAL        no text, or more than CALL_TEXT_BYTES_MAX
 *   ENOBUFS       as much waits to be said, or was whispered, as a call holds
 *   ENOTSUP       a whisper, but no model takes part in this call any more
 *   EIO           there was no voice for it, or not for all of it
 *   EHOSTUNREACH  the transfer came to nothing, the caller is back
 *   ECANCELED     the call ended, or began to, before it was done
 *
 * A call taken up again takes orders like any other; what was whispered before is in its snapshot,
 * what was not said yet is not. */
enum order_kind { ORDER_END, ORDER_TRANSFER, ORDER_SAY, ORDER_WHISPER, ORDER_KINDS };

struct call_event {
    enum call_event_kind kind;
    uint32_t gen, clip, mark, conn, order; /* whichever the kind names */
    int64_t at_ms;  /* media clock: ms since the stream started; words: start of their segment */
    int64_t end_ms; /* words: end of the last word, media clock */
    int64_t voiced_ms;
    bool from_finalize, speech_final;
    /* Words of a recogniser that finds the turns itself: the turn's number from 1, 0 else; a turn
     * is one segment. It may be over; is not, after all; is. */
    uint32_t turn;
    bool eager, resumed, turn_over;
    float confidence; /* words: 0 to 1 */
    size_t bytes;     /* clip audio */
    size_t letters; /* clip audio: so many bytes of the clip's text are spoken when it ends, as the
                     * voice itself says; 0: not known */
    int err;
    char digit;
    struct str text, id, name; /* borrowed until the step returns */
};

enum call_action_kind {
    DO_FINALIZE,     /* tell the recogniser that the caller paused */
    DO_ASK,          /* start gen: a reply of the model to call_messages() */
    DO_CANCEL_REPLY, /* gen: forget it at the model */
    DO_SYNTH,        /* clip: have text spoken (phrase: take it from the cache, text is its words).
                      * Answered by EV_CLIP_AUDIO..., EV_CLIP_DONE or EV_CLIP_FAILED */
    DO_SEND,         /* clip: bytes from offset on go to the carrier, now; ducked: softer, since
                      * somebody speaks over them */
    DO_MARK,         /* mark: ask the carrier to say when it has played everything so far */
    DO_CLEAR,        /* the carrier forgets what it has not played */
    DO_DROP_CLIP,    /* clip: its audio will not be needed any more; cancel its synthesis */
    DO_RECORD,       /* a line of the transcript is settled: see call_line */
    DO_TOOL,     /* id, name, text: carry out once (take_message); answer with EV_TOOL_DONE. Without
                  * a model the core itself asks for it, id "script" */
    DO_TRANSFER, /* hand the caller over to the owner; text: one sentence about the call; order: the
                  * one that asked for it, 0: the model did */
    DO_ORDER_OVER, /* order: it came to its end with err, see there */
    DO_HANG_UP,    /* end the call at the carrier; what had to be heard was heard: text says why */
    DO_ENDED,      /* nothing more will come: text says why in one word */
};

enum call_speaker { SPEAKER_CALLER, SPEAKER_AGENT, SPEAKER_TOOL };
enum call_line_kind {
    LINE_SAID,   /* by the caller, or a reply of the agent */
    LINE_PHRASE, /* the agent's own: greeting, filler, re-prompt, goodbye */
    LINE_TOOL,   /* a tool ran: text is "name arguments", generated its answer */
    LINE_DTMF,
    LINE_BACKCHANNEL, /* "mhm" while Karen went on: heard, but no turn */
};

/* The stages of a turn and its reply; 0: not reached. In now_ms time, those of a call_line on the
 * media clock. */
struct call_stages {
    uint32_t turn;
    int64_t last_voice_ms, commit_ms, asked_ms, reply_first_ms, clip_first_ms, sent_first_ms,
        heard_ms;
};

/* A line of the transcript: what was really said and really heard. */
struct call_line {
    uint32_t
        seq; /* rises in the order lines began, with gaps; the same seq again amends the line */
    enum call_speaker speaker;
    enum call_line_kind kind;
    enum call_phrase phrase;
    int64_t start_ms, end_ms; /* media clock */
    bool interrupted;         /* text is the part that was heard, cut at a word */
    float confidence;         /* caller: the recogniser's; 1 for the agent */
    struct str text;
    struct str generated;      /* agent: the whole reply when it was interrupted, else empty */
    struct call_stages stages; /* of a reply of the model; turn 0: it is none */
};

struct call_action {
    enum call_action_kind kind;
    uint32_t gen, clip, mark, epoch, order;
    enum call_phrase phrase;
    size_t offset, bytes;
    bool ducked;
    int err;                   /* DO_ORDER_OVER */
    struct str text, id, name; /* borrowed until the next step */
    struct call_line line;     /* DO_RECORD */
};
struct call_actions {
    size_t count;
    struct call_action list[CALL_ACTIONS_MAX];
};

/* A message of the model's context, oldest first: only what was really said and heard. */
enum call_role { ROLE_ASSISTANT, ROLE_USER, ROLE_TOOL_CALL, ROLE_TOOL_RESULT, ROLE_WHISPER };
struct call_message {
    enum call_role role;
    struct str text;     /* tool call: its arguments; whisper: all of them, each on a line */
    struct str id, name; /* of the tool */
};

struct call_setup {
    const char *language; /* "cs", "sk", "en", "de": cutting of clauses, backchannels */
    const char *greeting; /* words of PHRASE_GREETING; NULL or "" says the disclosure only */
    const char *phrases[PHRASE_COUNT]; /* words of the others; NULL: this one is not to be had */
    bool can_transfer;
    bool message_only; /* no model: name, reason and number are asked for, and that is the call */
    bool resumed;      /* taken up again after a crash: PHRASE_RESUMED, no greeting */
    bool transfer_failed;    /* resumed because nobody took the transfer: PHRASE_NOT_REACHED */
    int64_t duration_ms_max; /* tenant's; polite end, hard end 30 s later */
    uint64_t seed;           /* the core's only chance */
};

struct call_counts { /* for metrics and the call's record; staged: gens of turns not sure yet */
    uint32_t turns, gens, staged, staged_in_vain, holds, barge_ins, stale_events, reprompts,
        fillers, stt_losses, reply_failures, clip_failures, unheard, echoes, machines;
};

struct call_core;
struct call_core *call_new(const struct call_setup *setup, int64_t now_ms); /* setup is copied */
void call_free(struct call_core **core);
/* The one way in. *out is overwritten. */
void call_step(struct call_core *core, int64_t now_ms, const struct call_event *event,
               struct call_actions *out);
int64_t call_wake_at(const struct call_core *core); /* when EV_TICK is wanted; CALL_NEVER */
bool call_ended(const struct call_core *core);
bool call_listens(const struct call_core *core); /* it is the caller's turn to speak */
/* The model's context for the gen just asked for; returns how many of `room` were written. What was
 * whispered comes first, as one message. */
size_t call_messages(const struct call_core *core, struct call_message *out, size_t room);
/* Nobody speaks, nothing is played or thought of: the call may go on from a snapshot elsewhere and
 * nobody notices. */
bool call_is_quiet(const struct call_core *core);
/* What is taken up from a snapshot made while it moves goes on without PHRASE_RESUMED. */
void call_set_moving(struct call_core *core, bool moving);
const struct call_counts *call_counts(const struct call_core *core);
const struct call_stages *call_stages(const struct call_core *core); /* of the newest turn */
const char *
call_state_name(const struct call_core *core); /* "listening", "speaking" ... for logs */

/* A snapshot small enough to store at each commit, and the core taken up again from it. EINVAL: not
 * a snapshot of this version. */
void call_snapshot(const struct call_core *core, struct buf *out);
int call_restore(const struct call_setup *setup, struct str snapshot, int64_t now_ms,
                 struct call_core **core_out);
