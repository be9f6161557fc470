/* app/main.c: the program `karen`: which command is wanted, and the service itself. */
#include "app/check.h"
#include "app/cmd.h"
#include "app/config.h"
#include "app/supervisor.h"
#include "app/worker.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/migrate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

#define ENV_FILE ".env"

static int help(int argc, char **argv);
static int serve(int argc, char **argv);
static int check(int argc, char **argv);
static int version(int argc, char **argv);

typedef int command_fn(int argc, char **argv);
typedef int database_command_fn(const char *database_url, int argc, char **argv);
static const struct command {
    const char *name;
    command_fn *run;                    /* or */
    database_command_fn *with_database; /* needs no other setting */
    const char *what;
} commands[] = {
    {"serve", serve, NULL,
     "answer calls until told to stop (SIGTERM); SIGHUP replaces the workers"},
    {"check", check, NULL, "what is configured, reachable, missing, each with the cure"},
    {"migrate", NULL, cmd_migrate, "bring the database's schema up to date"},
    {"tenant", NULL, cmd_tenant, "add, list, show and set those Karen answers for"},
    {"number", NULL, cmd_number, "add, list, assign and release phone numbers"},
    {"operator", NULL, cmd_operator, "add, list and remove those who run this installation"},
    {"call", NULL, cmd_call, "list, show and watch calls"},
    {"help", help, NULL, "this; `karen help settings` lists every setting"},
    {"version", version, NULL, "which Karen this is"},
};

static void print_usage(FILE *out)
{
    fputs("karen: the assistant that answers the phone for those who can't\n\nusage: karen COMMAND "
          "[...]\n\n",
          out);
    for (size_t i = 0; i < countof(commands); i++)
        fprintf(out, "  %-8s  %s\n", commands[i].name, commands[i].what);
    fputs("\n`karen COMMAND help` says more. Settings are environment variables; in development a "
          ".env file\nis read, too.\n",
          out);
}

static int help(int argc, char **argv)
{
    struct buf text = {0};
    if (argc < 2 || strcmp(argv[1], "settings") != 0) {
        print_usage(stdout);
        return 0;
    }
    config_describe(&text);
    fputs(buf_text(&text), stdout);
    buf_free(&text);
    return 0;
}

static int version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("karen %s, schema %d\n", KAREN_VERSION, migrate_newest());
    return 0;
}

/* ---- settings ------------------------------------------------------------------------------- */

static int load_settings(struct config *config)
{
    struct buf problems = {0};
    int err = config_load(ENV_FILE, config, &problems);
    if (err)
        fprintf(stderr, "karen: the settings are not right:\n%s`karen help settings` lists all.\n",
                buf_text(&problems));
    buf_free(&problems);
    return err;
}

static void set_up_log(const struct config *config)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    enum log_level level = LOG_INFO;
    for (size_t i = 0; i < countof(levels); i++)
        if (strcmp(config->log_level, levels[i]) == 0)
            level = (enum log_level)i;
    log_setup(level, strcmp(config->log_format, "json") == 0);
}

static int check(int argc, char **argv)
{
    (void)argv;
    struct config config;
    if (argc > 1) {
        puts("usage: karen check\n\nPrints every setting (secrets masked) and asks the database "
             "and each provider one\nquestion. Exit status 0 when all is well.");
        return strcmp(argv[1], "help") == 0 ? 0 : EXIT_USAGE;
    }
    if (load_settings(&config))
        return EXIT_TROUBLE;
    log_setup(LOG_ERROR, false);
    int status = check_run(&config);
    config_fini(&config);
    return status;
}

/* ---- the service ---------------------------------------------------------------------------- */

/* A call takes a few descriptors; the shell's usual 1024 are soon gone. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int migrate_first(const char *database_url)
{
    struct migrate_status status;
    struct buf report = {0};
    int err = migrate_run(database_url, &status, &report);
    if (err)
        fprintf(stderr, "karen: the database is not ready: %s", buf_text(&report));
    else
        log_info(NULL, "migrated", "schema=%d", status.current);
    buf_free(&report);
    return err;
}

static int worker_count(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (config->workers)
        return (int)config->workers;
    return cores < 1 ? 1 : cores > 64 ? 64 : (int)cores;
}

static int serve(int argc, char **argv)
{
    struct config config;
    const char *ready_file = NULL;
    if (argc == 3 && strcmp(argv[1], "--ready-file") == 0) {
        ready_file = argv[2];
    } else if (argc > 1) {
        puts("usage: karen serve [--ready-file FILE]\n\nAnswers calls. FILE is written once all "
             "workers serve and removed at the end.\n\nSIGTERM, SIGINT  take no more calls, finish "
             "those that run, end; again: end at once\nSIGHUP           replace the workers one by "
             "one, no call is lost");
        return strcmp(argv[1], "help") == 0 ? 0 : EXIT_USAGE;
    }
    if (load_settings(&config))
        return EXIT_TROUBLE;
    set_up_log(&config);
    raise_descriptor_limit();
    if (migrate_first(config.database_url))
        return EXIT_TROUBLE;
    config.workers = worker_count(&config);
    int status = supervise(&(struct supervisor_options){
        .workers = (int)config.workers,
        .drain_ms_max = config.drain_seconds_max * 1000 + DRAIN_MOVE_MS,
        .worker = worker_run,
        .arg = &config,
        .ready_file = ready_file,
    });
    config_fini(&config);
    return status;
}

/* ---- which command -------------------------------------------------------------------------- */

static int run_with_database(const struct command *command, int argc, char **argv)
{
    struct config config;
    if (argc > 1 && strcmp(argv[1], "help") == 0)
        return command->with_database("", argc, argv);
    if (config_load_database(ENV_FILE, &config)) {
        fputs("karen: DATABASE_URL is not set: postgres://user:password@host/database\n", stderr);
        return EXIT_TROUBLE;
    }
    log_setup(LOG_ERROR, false);
    int status = command->with_database(config.database_url, argc, argv);
    config_fini(&config);
    return status;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < countof(commands); i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        return commands[i].run ? commands[i].run(argc - 1, argv + 1)
                               : run_with_database(&commands[i], argc - 1, argv + 1);
    }
    fprintf(stderr, "karen: there is no command \"%s\"; `karen help` lists them\n", argv[1]);
    return EXIT_USAGE;
}
