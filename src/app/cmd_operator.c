/* app/cmd_operator.c: `karen operator`: who may see the whole installation, from a shell. */
#include "app/cmd.h"

#include "app/cmd_private.h"
#include "rules/phone.h"
#include "store/operators.h"

#include <errno.h>
#include <stdio.h>

static const char help[] =
    "usage: karen operator add +420...\n"
    "       karen operator list [--json]\n"
    "       karen operator remove +420...\n"
    "\n"
    "Whoever signs in with that phone may see and change all tenants, numbers and plans of this\n"
    "installation, but no words of their calls.\n";

static int read_phone(int argc, char **argv, char phone[PHONE_TEXT_BYTES])
{
    const char *word;
    if (cmd_parse(NULL, 0, argc, argv, &word, 1))
        return CMD_USAGE;
    return cmd_read_number(word, phone);
}

static int add(struct cmd *cmd, int argc, char **argv)
{
    char phone[PHONE_TEXT_BYTES];
    int status = read_phone(argc, argv, phone);
    if (status)
        return status;
    operators_add(cmd->db, phone, cmd_actor(cmd), cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    if (err == EEXIST)
        fprintf(stderr, "karen: %s is an operator already\n", phone);
    else if (err)
        return cmd_trouble(cmd, "the operator was not added", err);
    return err ? CMD_FAILED : CMD_DONE;
}

static int take_away(struct cmd *cmd, int argc, char **argv)
{
    char phone[PHONE_TEXT_BYTES];
    int status = read_phone(argc, argv, phone);
    if (status)
        return status;
    operators_remove(cmd->db, phone, cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    if (err == ENOENT)
        fprintf(stderr, "karen: %s is no operator\n", phone);
    else if (err)
        return cmd_trouble(cmd, "the operator was not removed", err);
    return err ? CMD_FAILED : CMD_DONE;
}

struct listing {
    struct cmd *cmd;
    const struct operator* list;
    size_t count;
};

static void on_operators(int err, const struct operator* operators, size_t count, void *arg)
{
    struct listing *listing = arg;
    listing->list = operators;
    listing->count = count;
    cmd_on_end(err, listing->cmd);
}

static void print_table(struct cmd *cmd, const struct listing *listing)
{
    struct cmd_table table = {.columns = 3};
    cmd_table_row(cmd, &table, (const char *[]){"PHONE", "ADDED", "BY"});
    for (size_t i = 0; i < listing->count; i++) {
        const struct operator* one = & listing->list[i];
        cmd_table_row(cmd, &table,
                      (const char *[]){one->phone, cmd_day(cmd, one->added_at_ms), one->added_by});
    }
    cmd_table_print(&table);
}

static void put_json(struct cmd *cmd, const void *list, size_t at, struct buf *json)
{
    const struct operator* one = list;
    one += at;
    buf_putc(json, '{');
    cmd_json_field(json, "phone", one->phone);
    cmd_json_field(json, "added_at", cmd_day(cmd, one->added_at_ms));
    cmd_json_field(json, "added_by", one->added_by);
    buf_putc(json, '}');
}

static int list(struct cmd *cmd, int argc, char **argv)
{
    bool as_json = false;
    const struct cmd_option options[] = {{.name = "--json", .flag = &as_json}};
    struct listing listing = {.cmd = cmd};
    if (cmd_parse(options, countof(options), argc, argv, NULL, 0))
        return CMD_USAGE;
    operators_list(cmd->db, &cmd->arena, on_operators, &listing, NULL);
    int err = cmd_wait(cmd);
    if (err)
        return cmd_trouble(cmd, "the operators could not be read", err);
    if (as_json)
        cmd_print_json(cmd, listing.list, listing.count, put_json);
    else
        print_table(cmd, &listing);
    return CMD_DONE;
}

int cmd_operator(const char *database_url, int argc, char **argv)
{
    static const struct cmd_verb verbs[] = {{"add", add}, {"list", list}, {"remove", take_away}};
    return cmd_run_verb(verbs, countof(verbs), help, database_url, argc, argv);
}
