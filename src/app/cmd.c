/* app/cmd.c: what the operator's commands share. */
#include "app/cmd_private.h"

#include "base/utf8.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <unistd.h>

int cmd_open(struct cmd *cmd, const char *database_url)
{
    const struct db_options options = {.url = database_url, .connections = 1, .wait_ms_max = 3000};
    *cmd = (struct cmd){.loop = loop_new()};
    if (!db_open(cmd->loop, &options, &cmd->db))
        return CMD_DONE;
    fprintf(stderr, "karen: DATABASE_URL is not a PostgreSQL URL\n");
    loop_free(&cmd->loop);
    return CMD_FAILED;
}

void cmd_close(struct cmd *cmd)
{
    db_close(&cmd->db);
    loop_free(&cmd->loop);
    arena_free(&cmd->arena);
}

void cmd_on_end(int err, void *arg)
{
    struct cmd *cmd = arg;
    cmd->answer = (struct cmd_answer){true, err};
    loop_stop(cmd->loop);
}

int cmd_wait(struct cmd *cmd)
{
    while (!cmd->answer.done)
        loop_run(cmd->loop);
    int err = cmd->answer.err;
    cmd->answer = (struct cmd_answer){0};
    return err;
}

static const char *meaning_of(const struct cmd *cmd, int err)
{
    switch (err) {
    case ENOTCONN: return db_trouble(cmd->db);
    case ECONNRESET: return "the connection was lost; look whether it was done";
    case ETIMEDOUT: return "the database took too long";
    case EACCES: return "the database user may not";
    case EPROTO: return "the schema is not what this program knows: run `karen migrate`";
    case EAGAIN: return "somebody else was at it; try again";
    default: return strerror(err);
    }
}

int cmd_trouble(const struct cmd *cmd, const char *what, int err)
{
    fprintf(stderr, "karen: %s: %s\n", what, meaning_of(cmd, err));
    return CMD_FAILED;
}

const char *cmd_actor(struct cmd *cmd)
{
    const struct passwd *user = getpwuid(getuid());
    return arena_printf(&cmd->arena, "shell:%s", user ? user->pw_name : "unknown");
}

struct tenants_answer {
    struct cmd *cmd;
    struct cmd_tenants tenants;
};

static void on_tenants(int err, const struct tenant *tenants, size_t count, void *arg)
{
    struct tenants_answer *answer = arg;
    answer->tenants = (struct cmd_tenants){tenants, count};
    cmd_on_end(err, answer->cmd);
}

int cmd_read_tenants(struct cmd *cmd, struct cmd_tenants *tenants_out)
{
    struct tenants_answer answer = {.cmd = cmd};
    tenants_list(cmd->db, &cmd->arena, on_tenants, &answer, NULL);
    int err = cmd_wait(cmd);
    if (err)
        return cmd_trouble(cmd, "the tenants cannot be read", err);
    *tenants_out = answer.tenants;
    return CMD_DONE;
}

struct numbers_answer {
    struct cmd *cmd;
    struct cmd_numbers numbers;
};

static void on_numbers(int err, const struct number *numbers, size_t count, void *arg)
{
    struct numbers_answer *answer = arg;
    answer->numbers = (struct cmd_numbers){numbers, count};
    cmd_on_end(err, answer->cmd);
}

int cmd_read_numbers(struct cmd *cmd, struct cmd_numbers *numbers_out)
{
    struct numbers_answer answer = {.cmd = cmd};
    numbers_list(cmd->db, &cmd->arena, on_numbers, &answer, NULL);
    int err = cmd_wait(cmd);
    if (err)
        return cmd_trouble(cmd, "the numbers cannot be read", err);
    *numbers_out = answer.numbers;
    return CMD_DONE;
}

static bool same_name(const char *one, const char *other)
{
    struct buf a = {0}, b = {0};
    utf8_fold(&a, str_of(one));
    utf8_fold(&b, str_of(other));
    bool same = strcmp(buf_text(&a), buf_text(&b)) == 0;
    buf_free(&a);
    buf_free(&b);
    return same;
}

const struct tenant *cmd_find_tenant(struct cmd *cmd, const char *id_or_name)
{
    struct cmd_tenants tenants;
    struct uuid id;
    bool is_id = uuid_parse(str_of(id_or_name), &id) == 0;
    const struct tenant *found = NULL;
    if (cmd_read_tenants(cmd, &tenants))
        return NULL;
    for (size_t i = 0; i < tenants.count; i++) {
        const struct tenant *tenant = &tenants.list[i];
        if (is_id ? !uuid_equal(tenant->id, id) : !same_name(tenant->name, id_or_name))
            continue;
        if (found) {
            fprintf(stderr, "karen: more than one tenant is called \"%s\": use the id\n",
                    id_or_name);
            return NULL;
        }
        found = tenant;
    }
    if (!found)
        fprintf(stderr, "karen: there is no tenant \"%s\"; `karen tenant list` shows them\n",
                id_or_name);
    return found;
}

static const struct cmd_option *find_option(const struct cmd_option *options, size_t count,
                                            const char *word)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, word) == 0)
            return &options[i];
    return NULL;
}

/* One option at argv[*at], its value with it. */
static int take_option(const struct cmd_option *option, int argc, char **argv, int *at)
{
    const char *name = argv[*at];
    if (!option) {
        fprintf(stderr, "karen: there is no option %s here\n", name);
        return CMD_USAGE;
    }
    if (option->flag) {
        *option->flag = true;
        return CMD_DONE;
    }
    if (*at + 1 >= argc) {
        fprintf(stderr, "karen: %s wants a value\n", name);
        return CMD_USAGE;
    }
    *option->value = argv[++*at];
    return CMD_DONE;
}

int cmd_parse(const struct cmd_option *options, size_t count, int argc, char **argv,
              const char **words, size_t word_count)
{
    size_t have = 0;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) == 0) {
            if (take_option(find_option(options, count, argv[i]), argc, argv, &i))
                return CMD_USAGE;
            continue;
        }
        if (have == word_count) {
            fprintf(stderr, "karen: \"%s\" is one word too many\n", argv[i]);
            return CMD_USAGE;
        }
        words[have++] = argv[i];
    }
    if (have == word_count)
        return CMD_DONE;
    fprintf(stderr, "karen: %s: something is missing\n", argv[0]);
    return CMD_USAGE;
}

int cmd_run_verb(const struct cmd_verb *verbs, size_t count, const char *help,
                 const char *database_url, int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0) {
        fputs(help, stdout);
        return CMD_DONE;
    }
    for (size_t i = 0; i < count; i++) {
        struct cmd cmd;
        if (strcmp(name, verbs[i].name) != 0)
            continue;
        if (cmd_open(&cmd, database_url))
            return CMD_FAILED;
        int status = verbs[i].run(&cmd, argc - 1, argv + 1);
        cmd_close(&cmd);
        if (status == CMD_USAGE)
            fprintf(stderr, "`karen %s help` says how it goes.\n", argv[0]);
        return status;
    }
    fputs(help, stderr);
    return CMD_USAGE;
}

void cmd_table_row(struct cmd *cmd, struct cmd_table *table, const char *const *cells)
{
    size_t used = table->rows * table->columns;
    if (used + table->columns > table->room) {
        size_t room = table->room ? table->room * 2 : 32 * table->columns;
        struct str *grown = arena_alloc(&cmd->arena, room * sizeof(*grown));
        if (used)
            memcpy(grown, table->cells, used * sizeof(*grown));
        table->cells = grown;
        table->room = room;
    }
    for (size_t i = 0; i < table->columns; i++)
        table->cells[used + i] = str_of(cells[i] ? cells[i] : "-");
    table->rows++;
}

void cmd_table_print(const struct cmd_table *table)
{
    size_t widths[CMD_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        size_t width = utf8_length(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        struct str cell = table->cells[i];
        bool last = i % table->columns == table->columns - 1;
        size_t pad = last ? 0 : widths[i % table->columns] - utf8_length(cell) + 2;
        printf("%.*s%*s%s", (int)cell.bytes, cell.at, (int)pad, "", last ? "\n" : "");
    }
}

void cmd_json_field(struct buf *json, const char *name, const char *value)
{
    if (json->bytes && json->data[json->bytes - 1] != '{')
        buf_putc(json, ',');
    buf_json_string(json, str_of(name));
    buf_putc(json, ':');
    if (value)
        buf_json_string(json, str_of(value));
    else
        buf_puts(json, "null");
}

void cmd_print_json(struct cmd *cmd, const void *list, size_t count, cmd_put_fn *put)
{
    struct buf json = {0};
    buf_putc(&json, '[');
    for (size_t i = 0; i < count; i++) {
        buf_puts(&json, i ? ",\n " : "");
        put(cmd, list, i, &json);
    }
    buf_putc(&json, ']');
    puts(buf_text(&json));
    buf_free(&json);
}

int cmd_read_number(const char *text, char e164[PHONE_TEXT_BYTES])
{
    if (phone_parse(str_of(text), NULL, e164) == PHONE_NUMBER)
        return CMD_DONE;
    fprintf(stderr, "karen: \"%s\" is not a telephone number like +420601123456\n", text);
    return CMD_FAILED;
}

const char *cmd_day(struct cmd *cmd, int64_t unix_ms)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return arena_printf(&cmd->arena, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                        tm.tm_mday);
}
