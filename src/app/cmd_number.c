/* app/cmd_number.c: `karen number`: the installation's telephone numbers, from a shell. */
#include "app/cmd.h"

#include "app/cmd_private.h"
#include "rules/phone.h"

#include <errno.h>
#include <stdio.h>

static const char help[] =
    "usage: karen number add +420... [--sid PN...] [--shared]\n"
    "       karen number list [--json]\n"
    "       karen number assign +420... TENANT [--primary] [--forwarding-source +420...]\n"
    "       karen number release +420...\n"
    "\n"
    "TENANT is an id or a name. --shared: a number many tenants forward to, as on trial.\n"
    "--forwarding-source: the owner's own line, which forwards its calls here.\n"
    "A released number rests for 60 days before another tenant can have it: the last one's phone\n"
    "may still forward to it.\n";

static int add(struct cmd *cmd, int argc, char **argv)
{
    const char *word, *sid = NULL;
    bool shared = false;
    char number[PHONE_TEXT_BYTES];
    const struct cmd_option options[] = {{.name = "--sid", .value = &sid},
                                         {.name = "--shared", .flag = &shared}};
    if (cmd_parse(options, countof(options), argc, argv, &word, 1))
        return CMD_USAGE;
    if (cmd_read_number(word, number))
        return CMD_FAILED;
    numbers_add(cmd->db, number, sid, shared, cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    if (err == EEXIST)
        fprintf(stderr, "karen: %s%s is known already\n", number, sid ? " or its sid" : "");
    else if (err)
        return cmd_trouble(cmd, "the number was not added", err);
    return err ? CMD_FAILED : CMD_DONE;
}

static void print_table(struct cmd *cmd, const struct cmd_numbers *numbers)
{
    struct cmd_table table = {.columns = 6};
    cmd_table_row(
        cmd, &table,
        (const char *[]){"NUMBER", "STATE", "TENANT", "FORWARDED FROM", "PRIMARY", "FREE AGAIN"});
    for (size_t i = 0; i < numbers->count; i++) {
        const struct number *number = &numbers->list[i];
        cmd_table_row(
            cmd, &table,
            (const char *[]){number->number, number_state_code(number->state), number->tenant_name,
                             number->forwarding_source, number->primary ? "yes" : NULL,
                             number->free_at_ms ? cmd_day(cmd, number->free_at_ms) : NULL});
    }
    cmd_table_print(&table);
}

static void put_json(struct cmd *cmd, const void *list, size_t at, struct buf *json)
{
    const struct number *number = (const struct number *)list + at;
    char tenant[UUID_TEXT_BYTES];
    uuid_print(number->tenant, tenant);
    buf_putc(json, '{');
    cmd_json_field(json, "number", number->number);
    cmd_json_field(json, "state", number_state_code(number->state));
    cmd_json_field(json, "twilio_sid", number->twilio_sid);
    cmd_json_field(json, "tenant_id", uuid_is_nil(number->tenant) ? NULL : tenant);
    cmd_json_field(json, "tenant_name", number->tenant_name);
    cmd_json_field(json, "forwarding_source", number->forwarding_source);
    cmd_json_field(json, "free_at", number->free_at_ms ? cmd_day(cmd, number->free_at_ms) : NULL);
    buf_printf(json, ",\"is_primary\":%s}", number->primary ? "true" : "false");
}

static int list(struct cmd *cmd, int argc, char **argv)
{
    bool as_json = false;
    const struct cmd_option options[] = {{.name = "--json", .flag = &as_json}};
    struct cmd_numbers numbers;
    if (cmd_parse(options, countof(options), argc, argv, NULL, 0))
        return CMD_USAGE;
    if (cmd_read_numbers(cmd, &numbers))
        return CMD_FAILED;
    if (as_json)
        cmd_print_json(cmd, numbers.list, numbers.count, put_json);
    else
        print_table(cmd, &numbers);
    return CMD_DONE;
}

static int assign_trouble(struct cmd *cmd, const char *number, int err)
{
    switch (err) {
    case ENOENT:
        fprintf(stderr, "karen: %s is not among the numbers; `karen number add` makes it one\n",
                number);
        return CMD_FAILED;
    case EBUSY:
        fprintf(stderr,
                "karen: %s is another tenant's, shared, or resting after another tenant's "
                "release\n",
                number);
        return CMD_FAILED;
    case EEXIST:
        fputs("karen: another number has that forwarding source already\n", stderr);
        return CMD_FAILED;
    default: return cmd_trouble(cmd, "the number was not assigned", err);
    }
}

static int assign(struct cmd *cmd, int argc, char **argv)
{
    const char *words[2], *source = NULL;
    bool primary = false;
    char number[PHONE_TEXT_BYTES], forwarder[PHONE_TEXT_BYTES];
    const struct cmd_option options[] = {{.name = "--primary", .flag = &primary},
                                         {.name = "--forwarding-source", .value = &source}};
    if (cmd_parse(options, countof(options), argc, argv, words, 2))
        return CMD_USAGE;
    if (cmd_read_number(words[0], number) || (source && cmd_read_number(source, forwarder)))
        return CMD_FAILED;
    const struct tenant *tenant = cmd_find_tenant(cmd, words[1]);
    if (!tenant)
        return CMD_FAILED;
    const struct number_assignment assignment = {.number = number,
                                                 .tenant = tenant->id,
                                                 .forwarding_source = source ? forwarder : NULL,
                                                 .primary = primary,
                                                 .actor = cmd_actor(cmd)};
    numbers_assign(cmd->db, &assignment, cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    return err ? assign_trouble(cmd, number, err) : CMD_DONE;
}

static int release(struct cmd *cmd, int argc, char **argv)
{
    const char *word;
    char number[PHONE_TEXT_BYTES];
    if (cmd_parse(NULL, 0, argc, argv, &word, 1))
        return CMD_USAGE;
    if (cmd_read_number(word, number))
        return CMD_FAILED;
    numbers_release(cmd->db, number, cmd_actor(cmd), cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    if (err == ENOENT)
        fprintf(stderr, "karen: %s is nobody's\n", number);
    else if (err)
        return cmd_trouble(cmd, "the number was not released", err);
    return err ? CMD_FAILED : CMD_DONE;
}

int cmd_number(const char *database_url, int argc, char **argv)
{
    static const struct cmd_verb verbs[] = {
        {"add", add}, {"list", list}, {"assign", assign}, {"release", release}};
    return cmd_run_verb(verbs, countof(verbs), help, database_url, argc, argv);
}
