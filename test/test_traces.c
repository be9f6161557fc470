/* test/test_traces.c: whole conversations as text, to be read aloud: test/data/traces/NAME.txt.
 * What happens stands there with its time; what Karen does about it, on lines with "->", is played
 * by the core and must be what is written. test_traces --write writes it anew, for a change that is
 * wanted; the difference is then read like any other.
 *
 * A file begins with a sentence, and a line "world:" with words of its own out of: cs (else
 * English), dead-voice, message-only, no-transfer. Then come events, in order:
 *
 *      0 started                            5000 caller: voice, still voice 420, silent
 *   5600 words: 5000-5500 I would like      6000 final words: 5000-5900 I would like to
 *   6100 model: says Hello.                 6200 model: is done, fails, calls take_message id1 {}
 *   6300 tool: id1 noted                    6400 recogniser: lost, back
 *   6500 owner: says, whispers, puts through, ends ...
 *   6600 caller: key 5, hangs up            6700 transfer: fails
 *   9000 nothing                            (only time goes by)
 *
 * The carrier plays and returns marks without delay, a voice speaks 60 ms a letter, at once. Marks,
 * and the pieces in which a clip goes out one behind the other, are left out. */
#include "base/mem.h"
#include "test/talk.h"
#include "test/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACES KAREN_SOURCE_ROOT "/test/data/traces"

enum { VOICE_SEEN_MS = 60, SILENCE_SEEN_MS = 160, FILES_MAX = 64, CONTEXT_LINES = 4 };

static bool writes; /* --write */

/* ---- events --------------------------------------------------------------------------------- */

enum shape { NO_MORE, SINCE, VOICED, SPAN, TEXT, TOOL, RESULT, ORDER, KEY };
static const struct row {
    const char *says;
    enum call_event_kind kind;
    enum shape shape;
} rows[] = {
    {"started", EV_STARTED, NO_MORE},
    {"caller: voice", EV_VOICE_ON, SINCE},
    {"caller: still voice ", EV_VOICE_GOING, VOICED},
    {"caller: silent", EV_VOICE_OFF, SINCE},
    {"caller: key ", EV_DTMF, KEY},
    {"caller: hangs up", EV_GONE, NO_MORE},
    {"words: ", EV_WORDS, SPAN},
    {"final words: ", EV_WORDS_FINAL, SPAN},
    {"recogniser: lost", EV_STT_DOWN, NO_MORE},
    {"recogniser: back", EV_STT_UP, NO_MORE},
    {"model: says ", EV_REPLY_TEXT, TEXT},
    {"model: calls ", EV_REPLY_TOOL, TOOL},
    {"model: is done", EV_REPLY_DONE, NO_MORE},
    {"model: fails", EV_REPLY_FAILED, NO_MORE},
    {"tool: ", EV_TOOL_DONE, RESULT},
    {"owner: says ", EV_SAY_ASKED, ORDER},
    {"owner: whispers ", EV_WHISPER, ORDER},
    {"owner: puts through", EV_TRANSFER_ASKED, ORDER},
    {"owner: ends", EV_END_ASKED, ORDER},
    {"transfer: fails", EV_TRANSFER_FAILED, NO_MORE},
    {"nothing", EV_TICK, NO_MORE},
};

struct trace {
    struct talk talk;
    uint32_t conn, order;
    uint32_t clip; /* the one that goes out */
    size_t sent;   /* of it */
    bool softly;
    size_t reported; /* of the talk's actions */
    struct buf out;
};

static void fill(struct trace *trace, struct call_event *event, enum shape shape, struct str more)
{
    long from, to;
    switch (shape) {
    case NO_MORE: break;
    case SINCE:
        event->at_ms =
            trace->talk.now_ms - (event->kind == EV_VOICE_ON ? VOICE_SEEN_MS : SILENCE_SEEN_MS);
        break;
    case VOICED: event->voiced_ms = strtol(more.at, NULL, 10); break;
    case SPAN:
        assert_int_equal(sscanf(more.at, "%ld-%ld", &from, &to), 2);
        event->at_ms = from;
        event->end_ms = to;
        event->confidence = 0.9F;
        event->from_finalize = event->kind == EV_WORDS_FINAL;
        str_cut(&more, ' ');
        event->text = more;
        break;
    case TEXT: event->text = more; break;
    case TOOL:
        event->name = str_cut(&more, ' ');
        event->id = str_cut(&more, ' ');
        event->text = more;
        break;
    case RESULT:
        event->id = str_cut(&more, ' ');
        event->text = more;
        break;
    case ORDER:
        event->order = ++trace->order;
        event->text = str_trim(more);
        break;
    case KEY: event->digit = more.at[0]; break;
    }
}

static void happen(struct trace *trace, int64_t at_ms, struct str what)
{
    const struct row *row = rows;
    while (row < rows + countof(rows) && !str_starts(what, row->says))
        row++;
    if (row == rows + countof(rows))
        fail_msg("nobody knows what this is: %.*s", (int)what.bytes, what.at);
    if (row->kind == EV_TICK)
        return;
    size_t said = strlen(row->says);
    struct call_event event = {.kind = row->kind,
                               .gen = call_counts(trace->talk.core)->gens,
                               .err = row->kind == EV_REPLY_FAILED ? 5 : 0};
    trace->conn += row->kind == EV_STT_UP;
    event.conn = trace->conn;
    fill(trace, &event, row->shape, (struct str){what.at + said, what.bytes - said});
    talk_at(&trace->talk, at_ms, event);
}

/* ---- actions -------------------------------------------------------------------------------- */

static void put_line(struct buf *out, const struct call_line *line)
{
    static const char *const speakers[] = {"caller", "Karen", "tool"};
    buf_printf(out, "writes %u, %s%s: %.*s%s", line->seq, speakers[line->speaker],
               line->kind == LINE_BACKCHANNEL ? " meanwhile" : "", (int)line->text.bytes,
               line->text.at, line->interrupted ? " --" : "");
}

/* False: it needs no line of its own. */
static bool put_sent(struct trace *trace, const struct call_action *action)
{
    bool goes_on = action->clip == trace->clip && action->offset == trace->sent &&
                   action->ducked == trace->softly;
    trace->clip = action->clip;
    trace->sent = action->offset + action->bytes;
    trace->softly = action->ducked;
    if (goes_on)
        return false;
    buf_printf(&trace->out, "plays clip %u", action->clip);
    if (action->offset)
        buf_printf(&trace->out, " from %zu ms", action->offset / CALL_BYTES_PER_MS);
    buf_puts(&trace->out, action->ducked ? ", softly" : "");
    return true;
}

static bool put_action(struct trace *trace, const struct call_action *action)
{
    struct buf *out = &trace->out;
    int bytes = (int)action->text.bytes;
    const char *text = bytes ? action->text.at : "";
    switch (action->kind) {
    case DO_FINALIZE: buf_puts(out, "asks the recogniser for the rest"); break;
    case DO_ASK: buf_printf(out, "asks the model, gen %u", action->gen); break;
    case DO_CANCEL_REPLY: buf_printf(out, "cancels gen %u", action->gen); break;
    case DO_SYNTH: buf_printf(out, "has clip %u made: %.*s", action->clip, bytes, text); break;
    case DO_SEND: return put_sent(trace, action);
    case DO_MARK: return false;
    case DO_CLEAR: buf_puts(out, "silences the carrier"); break;
    case DO_DROP_CLIP: buf_printf(out, "is through with clip %u", action->clip); break;
    case DO_RECORD: put_line(out, &action->line); break;
    case DO_TOOL:
        buf_printf(out, "runs %.*s: %.*s", (int)action->name.bytes, action->name.at, bytes, text);
        break;
    case DO_TRANSFER: buf_printf(out, "puts through: %.*s", bytes, text); break;
    case DO_ORDER_OVER:
        buf_printf(out, "order %u is over%s%s", action->order, action->err ? ": " : "",
                   action->err ? strerrorname_np(action->err) : "");
        break;
    case DO_HANG_UP: buf_printf(out, "hangs up: %.*s", bytes, text); break;
    case DO_ENDED: buf_printf(out, "the call is over: %.*s", bytes, text); break;
    }
    return true;
}

static void put_actions(struct trace *trace)
{
    for (; trace->reported < trace->talk.count; trace->reported++) {
        const struct talk_action *done = &trace->talk.actions[trace->reported];
        size_t begin = trace->out.bytes;
        buf_printf(&trace->out, "%10lld -> ", (long long)done->at_ms);
        if (put_action(trace, &done->action))
            buf_putc(&trace->out, '\n');
        else
            trace->out.bytes = begin;
    }
}

/* ---- a file --------------------------------------------------------------------------------- */

static struct call_setup setup_of(struct str world)
{
    struct call_setup setup = talk_setup();
    while (world.bytes) {
        struct str word = str_cut(&world, ' ');
        if (str_is(word, "cs")) {
            setup.language = "cs";
            setup.greeting = "Co pro vás mohu udělat?";
            setup.phrases[PHRASE_DISCLOSURE] = "Dobrý den, tady je asistentka Jana Nováka.";
            setup.phrases[PHRASE_FILLER] = "Okamžik, prosím.";
            setup.phrases[PHRASE_GOODBYE] = "Na shledanou.";
        }
        setup.message_only |= str_is(word, "message-only");
        setup.can_transfer &= !str_is(word, "no-transfer");
    }
    return setup;
}

static bool is_action(struct str line)
{
    return memmem(line.at, line.bytes, " -> ", 4) != NULL;
}

static void play(struct trace *trace, struct str text)
{
    bool begun = false;
    while (text.bytes) {
        struct str line = str_cut(&text, '\n'), what = str_trim(line);
        if (is_action(line))
            continue;
        put_actions(trace);
        char *end = NULL;
        long at_ms = what.bytes ? strtol(what.at, &end, 10) : 0;
        if (str_starts(what, "world:")) {
            struct call_setup setup = setup_of(what);
            trace->talk = talk_new(&setup);
            trace->talk.clips =
                memmem(what.at, what.bytes, "dead-voice", 10) ? CLIPS_FAIL : CLIPS_AT_ONCE;
            begun = true;
        } else if (begun && what.bytes && end > what.at) {
            what = (struct str){end, what.bytes - (size_t)(end - what.at)};
            talk_until(&trace->talk, at_ms);
            put_actions(trace);
            buf_add_str(&trace->out, line);
            buf_putc(&trace->out, '\n');
            happen(trace, at_ms, str_trim(what));
            put_actions(trace);
            continue;
        }
        buf_add_str(&trace->out, line);
        buf_putc(&trace->out, '\n');
    }
    assert_true(begun);
}

/* The first place where they differ, with what stands before it. */
static void show_difference(const char *name, struct str written, struct str now)
{
    struct str before[CONTEXT_LINES] = {{0}};
    size_t number = 0;
    while (written.bytes || now.bytes) {
        struct str one = str_cut(&written, '\n'), other = str_cut(&now, '\n');
        number++;
        if (one.bytes == other.bytes && (!one.bytes || !memcmp(one.at, other.at, one.bytes))) {
            before[number % CONTEXT_LINES] = one;
            continue;
        }
        fprintf(stderr, "%s, line %zu:\n", name, number);
        for (size_t i = 1; i < CONTEXT_LINES; i++) {
            struct str line = before[(number + i) % CONTEXT_LINES];
            fprintf(stderr, "  %.*s\n", (int)line.bytes, line.bytes ? line.at : "");
        }
        for (int i = 0; i < CONTEXT_LINES; i++, one = str_cut(&written, '\n'))
            fprintf(stderr, "- %.*s\n", (int)one.bytes, one.bytes ? one.at : "");
        for (int i = 0; i < CONTEXT_LINES; i++, other = str_cut(&now, '\n'))
            fprintf(stderr, "+ %.*s\n", (int)other.bytes, other.bytes ? other.at : "");
        return;
    }
}

static void read_file(const char *path, struct buf *out)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char piece[4096];
    for (size_t got; (got = fread(piece, 1, sizeof(piece), file)) > 0;)
        buf_add(out, piece, got);
    fclose(file);
}

static void write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.bytes, file), text.bytes);
    assert_int_equal(fclose(file), 0);
}

static void conversation_goes_as_it_is_written(void **state)
{
    const char *name = *state;
    char *path = xprintf("%s/%s", TRACES, name);
    struct buf written = {0};
    struct trace trace = {0};
    read_file(path, &written);
    play(&trace, buf_str(&written));
    struct str was = buf_str(&written), now = buf_str(&trace.out);
    bool same = was.bytes == now.bytes && memcmp(was.at, now.at, was.bytes) == 0;
    if (!same && writes)
        write_file(path, now);
    else if (!same)
        show_difference(name, was, now);
    talk_end(&trace.talk);
    buf_free(&trace.out);
    buf_free(&written);
    free(path);
    assert_true(same || writes);
}

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct CMUnitTest *)one)->name, ((const struct CMUnitTest *)other)->name);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[FILES_MAX];
    static char names[FILES_MAX][64];
    size_t count = 0;
    writes = argc == 2 && strcmp(argv[1], "--write") == 0;
    DIR *folder = opendir(TRACES);
    if (!folder)
        return 1;
    for (struct dirent *file; count < FILES_MAX && (file = readdir(folder));)
        if (strstr(file->d_name, ".txt")) {
            snprintf(names[count], sizeof(names[0]), "%.60s", file->d_name);
            tests[count] = (struct CMUnitTest){.name = names[count],
                                               .test_func = conversation_goes_as_it_is_written,
                                               .initial_state = names[count]};
            count++;
        }
    closedir(folder);
    qsort(tests, count, sizeof(tests[0]), by_name);
    return count ? _cmocka_run_group_tests("traces", tests, count, NULL, NULL) : 1;
}
