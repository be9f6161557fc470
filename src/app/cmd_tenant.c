/* app/cmd_tenant.c: `karen tenant`: those Karen answers for, from a shell. */
#include "app/cmd.h"

#include "app/cmd_private.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: karen tenant add --name NAME --owner NAME --language cs|en|de|sk\n"
    "                        [--greeting TEXT] [--voice ID] [--prompt-file FILE]\n"
    "                        [--forward +420...] [--timezone Europe/Prague] [--email ADDRESS]\n"
    "                        [--seconds N] [--plan trial|basic|pro]\n"
    "       karen tenant list [--json]\n"
    "       karen tenant show ID|NAME [--json]\n"
    "       karen tenant set ID|NAME KEY=VALUE...\n"
    "\n"
    "add prints the new tenant's id. The settings of `set`, several at once or none of them:\n"
    "  name owner_name language timezone call_seconds_max formality   (cannot be empty)\n"
    "  system_prompt greeting_text voice_id forward_number marketing_email owner_spoken\n"
    "  vip_names (one a line)                                         (KEY= clears)\n"
    "  retention_calls_days retention_transcripts_days retention_recordings_days\n"
    "  retention_audit_days                       (KEY= keeps it ten years, the longest)\n"
    "The operator's:\n"
    "  plan status                                                    (cannot be empty)\n"
    "  suspended_reason trial_ends_at unpaid_since usage_anchor       (KEY= clears)\n"
    "  limit_calls limit_members limit_numbers                        (KEY=: the plan's)\n"
    "KEY=@FILE takes the value from a file. Times are like 2026-12-31T00:00:00Z. A tenant that is\n"
    "cancelled is erased after 30 days; until then status=active takes it back.\n";

enum { SETTINGS_MAX = 30, FILE_BYTES_MAX = 64 * 1024, NAME_WIDTH = 28 };

/* A file's text without the newline at its end; NULL after saying why not. */
static const char *read_file(struct cmd *cmd, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "karen: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    char *text = arena_alloc(&cmd->arena, FILE_BYTES_MAX + 1);
    size_t bytes = fread(text, 1, FILE_BYTES_MAX + 1, file);
    bool broken = ferror(file);
    fclose(file);
    if (broken || bytes > FILE_BYTES_MAX) {
        fprintf(stderr, "karen: %s: %s\n", path, broken ? "cannot be read" : "is too long");
        return NULL;
    }
    while (bytes && text[bytes - 1] == '\n')
        bytes--;
    text[bytes] = 0;
    return text;
}

static int check_settings(const struct tenant_setting *settings, size_t count)
{
    int status = CMD_DONE;
    for (size_t i = 0; i < count; i++) {
        const char *why;
        if (!tenant_setting_check(settings[i], &why))
            continue;
        fprintf(stderr, "karen: %.*s: %s\n", (int)settings[i].name.bytes, settings[i].name.at, why);
        status = CMD_FAILED;
    }
    return status;
}

/* The database's own refusal: time zones and calendars are what it knows better. */
static int set_trouble(struct cmd *cmd, const char *what, int err)
{
    if (err != EINVAL)
        return cmd_trouble(cmd, what, err);
    fprintf(stderr, "karen: %s: a value is refused; is it a time zone, or a day, that exists?\n",
            what);
    return CMD_FAILED;
}

static int add_tenant(struct cmd *cmd, const struct tenant_setting *settings, size_t count)
{
    struct uuid id = uuid_new(wall_now_ms());
    char text[UUID_TEXT_BYTES];
    if (check_settings(settings, count))
        return CMD_FAILED;
    tenants_add(cmd->db, id, settings, count, cmd_actor(cmd), cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    if (err)
        return set_trouble(cmd, "the tenant was not added", err);
    uuid_print(id, text);
    puts(text);
    return CMD_DONE;
}

static int add(struct cmd *cmd, int argc, char **argv)
{
    static const char *const names[] = {"name",     "owner_name",      "language",
                                        "voice_id", "greeting_text",   "forward_number",
                                        "timezone", "marketing_email", "call_seconds_max",
                                        "plan",     "system_prompt"};
    const char *values[countof(names)] = {0}, *prompt_file = NULL;
    const struct cmd_option options[] = {
        {.name = "--name", .value = &values[0]},         {.name = "--owner", .value = &values[1]},
        {.name = "--language", .value = &values[2]},     {.name = "--voice", .value = &values[3]},
        {.name = "--greeting", .value = &values[4]},     {.name = "--forward", .value = &values[5]},
        {.name = "--timezone", .value = &values[6]},     {.name = "--email", .value = &values[7]},
        {.name = "--seconds", .value = &values[8]},      {.name = "--plan", .value = &values[9]},
        {.name = "--prompt-file", .value = &prompt_file}};
    struct tenant_setting settings[countof(names)];
    size_t count = 0;
    if (cmd_parse(options, countof(options), argc, argv, NULL, 0))
        return CMD_USAGE;
    if (!values[0] || !values[1] || !values[2]) {
        fputs("karen: --name, --owner and --language are needed\n", stderr);
        return CMD_USAGE;
    }
    if (prompt_file && !(values[countof(names) - 1] = read_file(cmd, prompt_file)))
        return CMD_FAILED;
    for (size_t i = 0; i < countof(names); i++)
        if (values[i])
            settings[count++] = (struct tenant_setting){str_of(names[i]), str_of(values[i])};
    return add_tenant(cmd, settings, count);
}

static void put_json(struct cmd *cmd, const void *list, size_t at, struct buf *json)
{
    const struct tenant *tenant = (const struct tenant *)list + at;
    char id[UUID_TEXT_BYTES];
    (void)cmd;
    uuid_print(tenant->id, id);
    buf_putc(json, '{');
    cmd_json_field(json, "id", id);
    cmd_json_field(json, "name", tenant->name);
    cmd_json_field(json, "owner_name", tenant->owner_name);
    cmd_json_field(json, "language", tenant->language);
    cmd_json_field(json, "plan", tenant_plan_code(tenant->plan));
    cmd_json_field(json, "status", tenant_status_code(tenant->status));
    cmd_json_field(json, "timezone", tenant->timezone);
    cmd_json_field(json, "voice_id", tenant->voice_id);
    cmd_json_field(json, "greeting_text", tenant->greeting_text);
    cmd_json_field(json, "forward_number", tenant->forward_number);
    cmd_json_field(json, "marketing_email", tenant->marketing_email);
    cmd_json_field(json, "system_prompt", tenant->system_prompt);
    buf_printf(json, ",\"call_seconds_max\":%" PRId64 ",\"vip_names\":[", tenant->call_seconds_max);
    for (size_t i = 0; i < tenant->vip_count; i++) {
        if (i)
            buf_putc(json, ',');
        buf_json_string(json, str_of(tenant->vip_names[i]));
    }
    buf_puts(json, "]}");
}

static int list(struct cmd *cmd, int argc, char **argv)
{
    bool as_json = false;
    const struct cmd_option options[] = {{.name = "--json", .flag = &as_json}};
    struct cmd_tenants tenants;
    struct cmd_table table = {.columns = 6};
    if (cmd_parse(options, countof(options), argc, argv, NULL, 0))
        return CMD_USAGE;
    if (cmd_read_tenants(cmd, &tenants))
        return CMD_FAILED;
    if (as_json) {
        cmd_print_json(cmd, tenants.list, tenants.count, put_json);
        return CMD_DONE;
    }
    cmd_table_row(cmd, &table,
                  (const char *[]){"ID", "NAME", "OWNER", "LANGUAGE", "PLAN", "STATUS"});
    for (size_t i = 0; i < tenants.count; i++) {
        const struct tenant *tenant = &tenants.list[i];
        char *id = arena_alloc(&cmd->arena, UUID_TEXT_BYTES);
        uuid_print(tenant->id, id);
        cmd_table_row(cmd, &table,
                      (const char *[]){id, tenant->name, tenant->owner_name, tenant->language,
                                       tenant_plan_code(tenant->plan),
                                       tenant_status_code(tenant->status)});
    }
    cmd_table_print(&table);
    return CMD_DONE;
}

static void print_numbers(struct cmd *cmd, const struct tenant *tenant)
{
    struct cmd_numbers numbers;
    if (cmd_read_numbers(cmd, &numbers))
        return;
    for (size_t i = 0; i < numbers.count; i++) {
        const struct number *number = &numbers.list[i];
        if (!uuid_equal(number->tenant, tenant->id))
            continue;
        printf("%-*s%s%s%s%s\n", NAME_WIDTH, "number", number->number,
               number->primary ? ", primary" : "",
               number->forwarding_source ? ", forwarded from " : "",
               number->forwarding_source ? number->forwarding_source : "");
    }
}

static void print_setting(const char *name, const char *value)
{
    printf("%-*s", NAME_WIDTH, name);
    for (const char *at = value ? value : "-"; *at; at++) {
        putchar(*at);
        if (*at == '\n')
            printf("%-*s", NAME_WIDTH, "");
    }
    putchar('\n');
}

/* A value as people read it: texts of a list one a line; NULL: there is none. */
static const char *value_text(struct cmd *cmd, const cJSON *value)
{
    struct buf lines = {0};
    const cJSON *item;
    if (cJSON_IsString(value))
        return value->valuestring;
    if (cJSON_IsNumber(value))
        return arena_printf(&cmd->arena, "%.0f", value->valuedouble);
    cJSON_ArrayForEach(item, value)
        buf_printf(&lines, "%s%s", lines.bytes ? "\n" : "", item->valuestring);
    const char *text = lines.bytes ? arena_strdup(&cmd->arena, buf_text(&lines)) : NULL;
    buf_free(&lines);
    return text;
}

static void print_members(struct cmd *cmd, const char *before, const cJSON *json)
{
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        const char *name = arena_printf(&cmd->arena, "%s%s", before, member->string);
        if (cJSON_IsObject(member))
            print_members(cmd, arena_printf(&cmd->arena, "%s.", name), member);
        else
            print_setting(name, value_text(cmd, member));
    }
}

struct shown {
    struct cmd *cmd;
    const char *json;
};

static void on_shown(int err, struct str json, void *arg)
{
    struct shown *shown = arg;
    shown->json = err ? NULL : arena_strndup(&shown->cmd->arena, json.at, json.bytes);
    cmd_on_end(err, shown->cmd);
}

/* As the API shows it, its numbers with it. */
static int show(struct cmd *cmd, int argc, char **argv)
{
    bool as_json = false;
    const char *whom;
    const struct cmd_option options[] = {{.name = "--json", .flag = &as_json}};
    if (cmd_parse(options, countof(options), argc, argv, &whom, 1))
        return CMD_USAGE;
    const struct tenant *tenant = cmd_find_tenant(cmd, whom);
    if (!tenant)
        return CMD_FAILED;
    struct shown shown = {.cmd = cmd};
    tenants_show(cmd->db, tenant->id, 0, on_shown, &shown, NULL);
    int err = cmd_wait(cmd);
    if (err)
        return cmd_trouble(cmd, "the tenant cannot be read", err);
    if (as_json) {
        puts(shown.json);
        return CMD_DONE;
    }
    cJSON *json = cJSON_Parse(shown.json);
    print_members(cmd, "", json);
    cJSON_Delete(json);
    print_numbers(cmd, tenant);
    return CMD_DONE;
}

static int read_setting(struct cmd *cmd, const char *word, struct tenant_setting *setting)
{
    struct str rest = str_of(word);
    if (!strchr(word, '=')) {
        fprintf(stderr, "karen: \"%s\" is not KEY=VALUE\n", word);
        return CMD_USAGE;
    }
    setting->name = str_cut(&rest, '=');
    setting->value = rest;
    if (!str_starts(rest, "@"))
        return CMD_DONE;
    const char *text = read_file(cmd, rest.at + 1);
    setting->value = str_of(text);
    return text ? CMD_DONE : CMD_FAILED;
}

static int set(struct cmd *cmd, int argc, char **argv)
{
    struct tenant_setting settings[SETTINGS_MAX];
    size_t count = 0;
    if (argc < 3 || argc - 2 > SETTINGS_MAX) {
        fputs("karen: set wants a tenant and KEY=VALUE\n", stderr);
        return CMD_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        int status = read_setting(cmd, argv[i], &settings[count++]);
        if (status)
            return status;
    }
    if (check_settings(settings, count))
        return CMD_FAILED;
    const struct tenant *tenant = cmd_find_tenant(cmd, argv[1]);
    if (!tenant)
        return CMD_FAILED;
    tenants_set(cmd->db, tenant->id, settings, count, cmd_actor(cmd), cmd_on_end, cmd, NULL);
    int err = cmd_wait(cmd);
    return err ? set_trouble(cmd, "nothing was changed", err) : CMD_DONE;
}

int cmd_tenant(const char *database_url, int argc, char **argv)
{
    static const struct cmd_verb verbs[] = {
        {"add", add}, {"list", list}, {"show", show}, {"set", set}};
    return cmd_run_verb(verbs, countof(verbs), help, database_url, argc, argv);
}
