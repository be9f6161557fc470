/* app/cmd_private.h: what the operator's commands share: a session with the database, the command
 * line, tables. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"
#include "rules/phone.h"
#include "store/db.h"
#include "store/numbers.h"

#include <stdbool.h>

enum { CMD_DONE = 0, CMD_FAILED = 1, CMD_USAGE = 2 };

/* The owner's connection and a loop that waits for one answer at a time. */
struct cmd {
    struct loop *loop;
    struct db *db;
    struct arena arena;
    struct cmd_answer {
        bool done;
        int err;
    } answer;
};
int cmd_open(struct cmd *cmd, const char *database_url); /* CMD_FAILED: said why */
void cmd_close(struct cmd *cmd);
void cmd_on_end(int err, void *arg); /* for any write: arg is the cmd */
int cmd_wait(struct cmd *cmd);       /* its err */
/* CMD_FAILED, after saying `what` and what err means. */
int cmd_trouble(const struct cmd *cmd, const char *what, int err);
const char *cmd_actor(struct cmd *cmd); /* who is at the shell, for the audit log */

struct cmd_tenants {
    const struct tenant *list;
    size_t count;
};
int cmd_read_tenants(struct cmd *cmd, struct cmd_tenants *tenants_out);
struct cmd_numbers {
    const struct number *list;
    size_t count;
};
int cmd_read_numbers(struct cmd *cmd, struct cmd_numbers *numbers_out);
/* CMD_FAILED after saying that it is no telephone number. */
int cmd_read_number(const char *text, char e164_out[PHONE_TEXT_BYTES]);
const char *cmd_day(struct cmd *cmd, int64_t unix_ms); /* "2026-11-28" */
/* By id or by name; NULL after saying why not. */
const struct tenant *cmd_find_tenant(struct cmd *cmd, const char *id_or_name);

/* "--name VALUE" or a flag "--name", in any place; the rest are words. */
struct cmd_option {
    const char *name;
    const char **value; /* or */
    bool *flag;
};
/* CMD_USAGE after saying what is wrong with it; exactly word_count words are wanted. */
int cmd_parse(const struct cmd_option *options, size_t count, int argc, char **argv,
              const char **words, size_t word_count);
/* The verb of a command with its own arguments: "karen tenant add ...". */
struct cmd_verb {
    const char *name;
    int (*run)(struct cmd *cmd, int argc, char **argv); /* argv[0] is the verb */
};
int cmd_run_verb(const struct cmd_verb *verbs, size_t count, const char *help,
                 const char *database_url, int argc, char **argv);

/* Text of rows and columns; printed with each column as wide as its widest cell. */
enum { CMD_COLUMNS_MAX = 8 };
struct cmd_table {
    size_t columns, rows;
    struct str *cells; /* in the arena, rows * columns of them */
    size_t room;
};
/* As many cells as there are columns; borrowed until printed. NULL shows as "-". */
void cmd_table_row(struct cmd *cmd, struct cmd_table *table, const char *const *cells);
void cmd_table_print(const struct cmd_table *table);
void cmd_json_field(struct buf *json, const char *name, const char *value); /* NULL gives null */
/* The items of a list as a JSON array on standard output; put adds one of them, an object. */
typedef void cmd_put_fn(struct cmd *cmd, const void *list, size_t at, struct buf *json);
void cmd_print_json(struct cmd *cmd, const void *list, size_t count, cmd_put_fn *put);
