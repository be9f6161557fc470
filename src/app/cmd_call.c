/* app/cmd_call.c: `karen call`: the list of calls, one of them whole, and a talk as it happens. */
#include "app/cmd.h"

#include "base/mem.h"
#include "net/loop.h"
#include "store/history.h"
#include "store/turns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LIST_LIMIT = 20,
    LOOK_MS = 200, /* how often a live call is looked at */
    SCREENING_MS_MAX = 90000,
    FIRST_CALL_MS_MAX = 120000,
    EXIT_USAGE = 2,
};

static const char usage[] =
    "usage: karen call list [--limit N] [--tenant ID]   the newest calls\n"
    "       karen call show ID                          one call: its talk, label and note\n"
    "       karen call watch [--next | ID]              a talk as it happens, then label and note\n"
    "\n"
    "watch without an id takes the newest call; --next waits for one that begins from now on.\n";

struct shown_line {
    uint32_t seq;
    char *text;
};
struct cmd {
    struct loop *loop;
    struct db *db;
    struct arena arena; /* of one look */
    struct op *waiting;
    struct timer *timer;
    int status; /* exit status */

    struct uuid tenant, call; /* the one that is shown */
    int64_t limit, started_after_ms;
    int64_t give_up_ms;
    bool found, live, ended;
    struct shown_line *shown;
    size_t shown_count;
};

static void finish(struct cmd *cmd, int status)
{
    cmd->status = status;
    loop_stop(cmd->loop);
}

static void trouble(struct cmd *cmd, int err)
{
    fprintf(stderr, "karen: the calls could not be read: %s\n",
            err == ENOTCONN ? db_trouble(cmd->db) : strerror(err));
    finish(cmd, 1);
}

static void look_again(struct cmd *cmd)
{
    arena_free(&cmd->arena);
    timer_set(cmd->timer, loop_now_ms(cmd->loop) + LOOK_MS);
}

/* ---- what is printed ------------------------------------------------------------------------ */

static const char *or_dash(const char *text)
{
    return text && text[0] ? text : "-";
}

static void print_day(int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm local;
    char text[32];
    localtime_r(&seconds, &local);
    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &local);
    fputs(text, stdout);
}

static void print_entry(const struct history_entry *entry)
{
    char id[UUID_TEXT_BYTES];
    uuid_print(entry->call.id, id);
    print_day(entry->call.started_at_ms);
    printf("  %s  %-16s  %-12s  %s", id, or_dash(entry->call.from_number),
           entry->screened ? screening_label_code(entry->screening.legitimacy)
                           : call_status_code(entry->call.status),
           entry->tenant_name);
    if (entry->screened && entry->screening.summary[0])
        printf(": %s", entry->screening.summary);
    putchar('\n');
}

static const char *speaker_name(const struct call_line *line)
{
    if (line->speaker == SPEAKER_TOOL)
        return "(tool)";
    return line->speaker == SPEAKER_AGENT ? "Karen" : "Caller";
}

static void print_line(const struct call_line *line, bool corrected)
{
    int64_t second = line->start_ms / 1000;
    printf("%3" PRId64 ":%02" PRId64 "  %-7s %.*s%s%s\n", second / 60, second % 60,
           speaker_name(line), (int)line->text.bytes, line->text.bytes ? line->text.at : "",
           line->interrupted ? " ..." : "", corrected ? "  (corrected)" : "");
    fflush(stdout);
}

static void print_fact(const char *name, const char *value)
{
    if (value[0])
        printf("%-12s %s\n", name, value);
}

static void print_screening(const struct screening *screening)
{
    printf("\n%-12s %s (%.0f %%)\n", "Label", screening_label_code(screening->legitimacy),
           screening->confidence * 100);
    print_fact("Lead", screening_lead_code(screening->lead));
    print_fact("Urgency", screening_urgency_code(screening->urgency));
    print_fact("Caller", screening->caller_name);
    print_fact("Company", screening->company);
    print_fact("Call back", screening->callback_number);
    print_fact("Intent", screening->intent);
    print_fact("Note", screening->summary);
}

/* ---- a talk, line by line ------------------------------------------------------------------- */

static struct shown_line *shown_line(struct cmd *cmd, uint32_t seq)
{
    for (size_t i = 0; i < cmd->shown_count; i++)
        if (cmd->shown[i].seq == seq)
            return &cmd->shown[i];
    cmd->shown = xrealloc(cmd->shown, (cmd->shown_count + 1) * sizeof(*cmd->shown));
    cmd->shown[cmd->shown_count] = (struct shown_line){.seq = seq};
    return &cmd->shown[cmd->shown_count++];
}

static void show_line(struct cmd *cmd, const struct call_line *line)
{
    struct shown_line *shown = shown_line(cmd, line->seq);
    bool known = shown->text != NULL;
    if (known && str_is(line->text, shown->text))
        return;
    free(shown->text);
    shown->text = xstrndup(line->text.at ? line->text.at : "", line->text.bytes);
    print_line(line, known);
}

static void on_screening(int err, const struct screening_record *record, void *arg)
{
    struct cmd *cmd = arg;
    if (!err) {
        print_screening(&record->screening);
        finish(cmd, 0);
    } else if (err != ENOENT) {
        trouble(cmd, err);
    } else if (!cmd->live) {
        puts("\nNot screened yet.");
        finish(cmd, 0);
    } else if (loop_now_ms(cmd->loop) > cmd->give_up_ms) {
        fputs("karen: the call ended but was not screened in time\n", stderr);
        finish(cmd, 1);
    } else {
        look_again(cmd);
    }
}

static void on_turns(int err, const struct call_line *lines, size_t count, void *arg)
{
    struct cmd *cmd = arg;
    if (err) {
        trouble(cmd, err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        show_line(cmd, &lines[i]);
    if (cmd->ended || !cmd->live)
        screenings_get(cmd->db, cmd->tenant, cmd->call, &cmd->arena, on_screening, cmd,
                       &cmd->waiting);
    else
        look_again(cmd);
}

static void on_record(int err, const struct call_record *record, void *arg)
{
    struct cmd *cmd = arg;
    if (err) {
        trouble(cmd, err);
        return;
    }
    if (record->status != STATUS_IN_PROGRESS && !cmd->ended) {
        cmd->ended = true;
        cmd->give_up_ms = loop_now_ms(cmd->loop) + SCREENING_MS_MAX;
    }
    turns_list(cmd->db, cmd->tenant, cmd->call, &cmd->arena, on_turns, cmd, &cmd->waiting);
}

/* ---- finding the call ----------------------------------------------------------------------- */

static void on_history(int err, const struct history_entry *entries, size_t count, void *arg);

static void look(void *arg)
{
    struct cmd *cmd = arg;
    const struct history_query query = {.tenant = cmd->tenant,
                                        .call = cmd->call,
                                        .started_after_ms = cmd->started_after_ms,
                                        .limit = 1};
    if (cmd->found)
        calls_get(cmd->db, cmd->tenant, cmd->call, &cmd->arena, on_record, cmd, &cmd->waiting);
    else
        history_list(cmd->db, &query, &cmd->arena, on_history, cmd, &cmd->waiting);
}

static void on_history(int err, const struct history_entry *entries, size_t count, void *arg)
{
    struct cmd *cmd = arg;
    if (err) {
        trouble(cmd, err);
    } else if (count) {
        cmd->found = true;
        cmd->tenant = entries[0].call.tenant;
        cmd->call = entries[0].call.id;
        look(cmd);
    } else if (cmd->live && uuid_is_nil(cmd->call) && loop_now_ms(cmd->loop) < cmd->give_up_ms) {
        look_again(cmd);
    } else {
        fputs("karen: there is no such call; `karen call list` shows the newest\n", stderr);
        finish(cmd, 1);
    }
}

static void on_list(int err, const struct history_entry *entries, size_t count, void *arg)
{
    struct cmd *cmd = arg;
    if (err) {
        trouble(cmd, err);
        return;
    }
    for (size_t i = 0; i < count; i++)
        print_entry(&entries[i]);
    if (!count)
        puts("No calls yet.");
    finish(cmd, 0);
}

static void start_list(void *arg)
{
    struct cmd *cmd = arg;
    history_list(cmd->db, &(struct history_query){.tenant = cmd->tenant, .limit = cmd->limit},
                 &cmd->arena, on_list, cmd, &cmd->waiting);
}

/* ---- the command line ----------------------------------------------------------------------- */

static int run(struct cmd *cmd, const char *database_url, loop_fn *fn)
{
    cmd->loop = loop_new();
    if (db_open(cmd->loop, &(struct db_options){.url = database_url, .connections = 1}, &cmd->db)) {
        fputs("karen: DATABASE_URL is not a PostgreSQL URL\n", stderr);
        loop_free(&cmd->loop);
        return 1;
    }
    cmd->timer = timer_new(cmd->loop, fn, cmd);
    timer_set(cmd->timer, loop_now_ms(cmd->loop));
    cmd->give_up_ms = loop_now_ms(cmd->loop) + FIRST_CALL_MS_MAX;
    loop_run(cmd->loop);
    op_cancel(&cmd->waiting);
    timer_free(&cmd->timer);
    db_close(&cmd->db);
    loop_free(&cmd->loop);
    arena_free(&cmd->arena);
    for (size_t i = 0; i < cmd->shown_count; i++)
        free(cmd->shown[i].text);
    free(cmd->shown);
    return cmd->status;
}

static int wrong(const char *what, const char *word)
{
    fprintf(stderr, "karen call: %s \"%s\"\n%s", what, word, usage);
    return EXIT_USAGE;
}

static int list(const char *database_url, int argc, char **argv)
{
    struct cmd cmd = {.limit = LIST_LIMIT};
    for (int i = 0; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--limit") == 0) {
            cmd.limit = atoll(value);
            if (cmd.limit < 1 || cmd.limit > HISTORY_LIST_MAX)
                return wrong("--limit takes a number from 1 to 1000, not", value);
        } else if (strcmp(argv[i], "--tenant") == 0) {
            if (uuid_parse(str_of(value), &cmd.tenant))
                return wrong("--tenant takes a tenant's id, not", value);
        } else {
            return wrong("unknown option", argv[i]);
        }
    }
    return run(&cmd, database_url, start_list);
}

static int show(const char *database_url, int argc, char **argv)
{
    struct cmd cmd = {0};
    if (argc != 1 || uuid_parse(str_of(argv[0]), &cmd.call))
        return wrong("show takes one call's id, not", argc ? argv[0] : "");
    return run(&cmd, database_url, look);
}

static int watch(const char *database_url, int argc, char **argv)
{
    struct cmd cmd = {.live = true};
    if (argc == 1 && strcmp(argv[0], "--next") == 0)
        cmd.started_after_ms = wall_now_ms();
    else if (argc > 1 || (argc == 1 && uuid_parse(str_of(argv[0]), &cmd.call)))
        return wrong("watch takes --next or one call's id, not", argv[0]);
    return run(&cmd, database_url, look);
}

int cmd_call(const char *database_url, int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "list") == 0)
        return list(database_url, argc - 2, argv + 2);
    if (strcmp(what, "show") == 0)
        return show(database_url, argc - 2, argv + 2);
    if (strcmp(what, "watch") == 0)
        return watch(database_url, argc - 2, argv + 2);
    if (strcmp(what, "help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    return wrong("unknown word", what);
}
