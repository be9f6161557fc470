/* app/cmd_migrate.c: `karen migrate`: the schema brought up to date, or looked at. */
#include "app/cmd.h"

#include "app/cmd_private.h"
#include "store/migrate.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: karen migrate            bring the database's schema up to date\n"
    "       karen migrate --status   say what is applied and what is missing; 0: all is\n";

static int run(const char *database_url)
{
    struct migrate_status status;
    struct buf report = {0};
    int err = migrate_run(database_url, &status, &report);
    fputs(buf_text(&report), err ? stderr : stdout);
    if (!err)
        printf("the schema is up to date: %d of %d migrations\n", status.current, status.newest);
    buf_free(&report);
    return err ? CMD_FAILED : CMD_DONE;
}

static int look(const char *database_url)
{
    struct migrate_status status;
    struct buf report = {0};
    int err = migrate_check(database_url, &status, &report);
    fputs(buf_text(&report), err ? stderr : stdout);
    buf_free(&report);
    if (err)
        return CMD_FAILED;
    printf("%d of %d migrations are applied\n", status.current, status.newest);
    return status.current == status.newest ? CMD_DONE : CMD_FAILED;
}

int cmd_migrate(const char *database_url, int argc, char **argv)
{
    if (argc == 1)
        return run(database_url);
    if (argc == 2 && strcmp(argv[1], "--status") == 0)
        return look(database_url);
    bool asked = argc == 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0);
    fputs(help, asked ? stdout : stderr);
    return asked ? CMD_DONE : CMD_USAGE;
}
