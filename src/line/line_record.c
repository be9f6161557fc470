/* line/line_record.c: what the store is told of a call: each line of the transcript as it settles,
 * with a snapshot to take the call up from; messages; the end. One save is under way at a time and
 * nothing waits for it; what the store has not taken yet is kept, and goes to the tray at the end.
 *
 * A call ends here when its caller hung up or we did. When its stream broke, or it was handed over
 * to the owner, it goes on elsewhere: then only lines and snapshot are written, and whoever takes
 * it up again, or the end of the transfer, or the sweep, writes the end. */
#include "base/mem.h"
#include "line/line_private.h"
#include "line/message.h"
#include "store/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *copy_behind(char *at, struct str text, struct str *copy_out)
{
    if (text.bytes > 0)
        memcpy(at, text.at, text.bytes);
    *copy_out = (struct str){at, text.bytes};
    return at + text.bytes;
}

void line_record(struct line *line, const struct call_line *row)
{
    struct line_row *copy = xalloc(sizeof(*copy) + row->text.bytes + row->generated.bytes);
    copy->line = *row;
    copy->line.seq += line->seq_base;
    char *at = copy_behind((char *)(copy + 1), row->text, &copy->line.text);
    copy_behind(at, row->generated, &copy->line.generated);
    *(line->last_row ? &line->last_row->next : &line->first_row) = copy;
    line->last_row = copy;
    line->row_count++;
    line->dirty = true;
    if (row->stages.turn)
        stats_reply(line->parts->stats, &row->stages);
}

static void drop_rows(struct line *line, size_t count)
{
    line->kept_count -= count < line->kept_count ? count : line->kept_count;
    for (; count > 0; count--) {
        struct line_row *row = line->first_row;
        line->first_row = row->next;
        if (!row->next)
            line->last_row = NULL;
        line->row_count--;
        free(row);
    }
}

/* The oldest rows but so many, at most TURNS_BATCH_MAX of them; borrowed texts. */
static size_t list_rows_after(const struct line *line, size_t skipped,
                              struct call_line out[TURNS_BATCH_MAX])
{
    size_t count = 0;
    for (const struct line_row *row = line->first_row; row && count < TURNS_BATCH_MAX;
         row = row->next) {
        if (skipped == 0)
            out[count++] = row->line;
        else
            skipped--;
    }
    return count;
}

static size_t list_rows(const struct line *line, struct call_line out[TURNS_BATCH_MAX])
{
    return list_rows_after(line, 0, out);
}

static size_t list_usage(const struct line *line, const struct line_usage *usage,
                         struct usage_item items_out[LINE_USAGE_ITEMS])
{
    return usage_items(usage, line->model[0] ? line->model : NULL, items_out);
}

/* state: the snapshot's own memory. */
static struct turns_snapshot take_snapshot(const struct line *line, struct buf *state,
                                           struct usage_item items[LINE_USAGE_ITEMS])
{
    struct line_usage usage = line->usage;
    struct buf core = {0};
    if (!line->closed) { /* else it is counted already */
        usage.carrier_ms += loop_now_ms(line->parts->loop) - line->opened_ms;
        usage.stt_ms += listener_sent_ms(line->listener);
    }
    call_snapshot(line->core, &core);
    snapshot_begin(state, &usage, &line->waits);
    buf_add_str(state, buf_str(&core));
    buf_free(&core);
    return (struct turns_snapshot){buf_str(state), items, list_usage(line, &usage, items)};
}

/* What waits for the store goes to the journal, so that it outlives us. */
static void keep_rows(struct line *line)
{
    struct call_line rows[TURNS_BATCH_MAX];
    struct usage_item items[LINE_USAGE_ITEMS];
    struct buf state = {0};
    size_t count = list_rows_after(line, line->kept_count, rows);
    if (count == 0 || !line->parts->journal)
        return;
    const struct turns_snapshot snapshot = take_snapshot(line, &state, items);
    journal_turns(line->parts->journal, line->tenant, line->call, rows, count, &snapshot,
                  &line->kept);
    line->kept_count += count;
    buf_free(&state);
}

static void on_saved(int err, void *arg)
{
    struct line *line = arg;
    if (!err || db_refused(err)) {
        drop_rows(line, line->saving_count);
        if (line->row_count == 0)
            journal_release(line->parts->journal, &line->kept);
    } else {
        line->dirty = true;
        line->save_again_ms = loop_now_ms(line->parts->loop) + LINE_SAVE_AGAIN_MS;
    }
    if (err)
        log_warn(&line->log, "not_saved", "err=%d rows=%zu", err, line->row_count);
    line->saving_count = 0;
    line_save(line);
    line_wake(line);
}

void line_save(struct line *line)
{
    if (line->saving || line->save_again_ms || journal_wanted(line->parts->journal))
        keep_rows(line);
    if (!line->dirty || line->saving || line->save_again_ms)
        return;
    struct call_line rows[TURNS_BATCH_MAX];
    struct usage_item items[LINE_USAGE_ITEMS];
    struct buf state = {0};
    line->dirty = line->row_count > TURNS_BATCH_MAX;
    line->saving_count = list_rows(line, rows);
    const struct turns_snapshot snapshot = take_snapshot(line, &state, items);
    turns_save(line->parts->db, line->tenant, line->call, rows, line->saving_count, &snapshot,
               on_saved, line, &line->saving);
    buf_free(&state);
}

bool line_saved(const struct line *line)
{
    return !line->dirty && !line->saving;
}

/* ---- tools ---- */

static void tool_done(struct line *line, const char *id, const char *result)
{
    line_feed(line,
              &(struct call_event){.kind = EV_TOOL_DONE, .id = str_of(id), .text = str_of(result)});
}

static void on_message_tried(int err, void *arg)
{
    struct line_tool *tool = arg;
    struct line *line = tool->line;
    char id[LINE_ID_BYTES_MAX + 1];
    memcpy(id, tool->id, sizeof(id));
    *tool = (struct line_tool){0};
    if (db_refused(err))
        log_error(&line->log, "message_refused", "err=%d", err);
    tool_done(line, id, db_refused(err) ? "{\"saved\":false}" : "{\"saved\":true}");
}

static struct line_tool *free_tool(struct line *line)
{
    for (size_t i = 0; i < LINE_TOOLS_AT_ONCE; i++)
        if (!line->tools[i].line)
            return &line->tools[i];
    return NULL;
}

/* The same message of the same call is one row, however often it is taken: the key is the call and
 * the tool's own id. */
static int take_message(struct line *line, struct line_tool *tool, struct str arguments)
{
    struct arena arena = {0};
    struct message message = {.tenant = line->tenant, .call = line->call, .tool_call_id = tool->id};
    int err = message_read(arguments, &arena, &message);
    if (!err)
        tray_message(line->parts->tray, &message, on_message_tried, tool, &tool->storing);
    arena_free(&arena);
    return err;
}

void line_tool(struct line *line, const struct call_action *action)
{
    struct line_tool *tool = free_tool(line);
    if (!tool || action->id.bytes > LINE_ID_BYTES_MAX)
        return; /* the core goes on without an answer */
    *tool = (struct line_tool){.line = line};
    memcpy(tool->id, action->id.at, action->id.bytes);
    int err =
        str_is(action->name, "take_message") ? take_message(line, tool, action->text) : ENOSYS;
    if (!err)
        return;
    log_warn(&line->log, "tool_refused", "err=%d", err);
    tool->result = err == ENOSYS ? "{\"error\":\"no such tool\"}"
                                 : "{\"error\":\"the arguments are not as asked for\"}";
}

bool line_tool_news(struct line *line, struct call_event *event_out)
{
    for (size_t i = 0; i < LINE_TOOLS_AT_ONCE; i++) {
        struct line_tool *tool = &line->tools[i];
        if (!tool->line || !tool->result)
            continue;
        *event_out = (struct call_event){
            .kind = EV_TOOL_DONE, .id = str_of(tool->id), .text = str_of(tool->result)};
        tool->line = NULL; /* free again; its id is read before it is taken anew */
        return true;
    }
    return false;
}

/* ---- the end ---- */

static bool goes_on_elsewhere(const struct line *line)
{
    if (line->hanging_up)
        return false;
    return line->leg_lost || (line->handing_over && line->leg_stopped);
}

static void leave(struct line *line)
{
    struct buf state = {0};
    struct call_line rows[TURNS_BATCH_MAX];
    struct usage_item items[LINE_USAGE_ITEMS];
    const struct turns_snapshot snapshot = take_snapshot(line, &state, items);
    tray_turns(line->parts->tray, line->tenant, line->call, rows, list_rows(line, rows), &snapshot);
    buf_free(&state);
}

static void finish(struct line *line, const char *why)
{
    struct call_line rows[TURNS_BATCH_MAX];
    struct usage_item items[LINE_USAGE_ITEMS];
    struct call_finish finish = {
        .tenant = line->tenant,
        .call = line->call,
        .status = STATUS_COMPLETED,
        .why = why,
        .ended_at_ms = wall_now_ms(),
        .lines = rows,
        .line_count = list_rows(line, rows),
        .usage = items,
        .usage_count = list_usage(line, &line->usage, items),
        .counts = call_counts(line->core),
        .waits = &line->waits,
    };
    tray_finish(line->parts->tray, &finish);
}

void line_record_close(struct line *line, const char *why)
{
    bool elsewhere = goes_on_elsewhere(line);
    bool moved = line->move == MOVE_SAVED && line_saved(line);
    const char *ended = !elsewhere       ? why
                        : moved          ? "moved"
                        : line->leg_lost ? "lost"
                                         : "transferred";
    log_info(&line->log, "closed", "why=%s state=%s", ended, call_state_name(line->core));
    stats_end(line->parts->stats, ended, call_counts(line->core));
    op_cancel(&line->saving); /* it may be done or not: what it held is written again */
    for (size_t i = 0; i < LINE_TOOLS_AT_ONCE; i++)
        op_cancel(&line->tools[i].storing); /* the message stays in the tray */
    if (!elsewhere)
        finish(line, why);
    else if (!moved) /* else all is stored, and it may go on already */
        leave(line);
    drop_rows(line, line->row_count);
    journal_release(line->parts->journal, &line->kept); /* the tray has its own hold */
}
