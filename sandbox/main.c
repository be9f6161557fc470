/* sandbox/main.c: karen-sandbox, the program: its options, its signals, and a file that tells
 * others where everything is. */
#include "base/log.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char help[] =
    "karen-sandbox: Twilio, Deepgram, OpenAI and ElevenLabs on loopback\n"
    "\n"
    "  --listen HOST:PORT    where all of them are served, each under its name (127.0.0.1:0)\n"
    "  --ready-file FILE     written when everything listens: addresses and keys as JSON\n"
    "  --env-file FILE       the same as lines of Karen's settings\n"
    "  --pace usual|none     delays like the real ones' on a good day, or none (usual)\n"
    "  --number +420...      a phone number to begin with (+420228883001)\n"
    "  --voice-url URL       the webhook of that number\n"
    "  --tls-cert FILE, --tls-key FILE   PEM: the parties speak TLS\n"
    "  --models DIR          language models of the recogniser\n"
    "  --seed N              of the faults' dice (1)\n"
    "  --settings JSON       keys, pace and limits, as for POST /control/settings\n"
    "  --quiet, --verbose    only what is wrong; every answer\n"
    "  --help\n"
    "\n"
    "Orders (faults, scripts, pace) go to POST /control/..., what was sent is at GET /stats.\n"
    "Ends with SIGTERM or SIGINT.\n";

struct arguments {
    struct sandbox_options options;
    const char *ready_file, *env_file;
    enum log_level level;
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"ready-file", required_argument, NULL, 'r'},
    {"env-file", required_argument, NULL, 'e'},
    {"pace", required_argument, NULL, 'p'},
    {"number", required_argument, NULL, 'n'},
    {"voice-url", required_argument, NULL, 'u'},
    {"tls-cert", required_argument, NULL, 'c'},
    {"tls-key", required_argument, NULL, 'k'},
    {"models", required_argument, NULL, 'm'},
    {"seed", required_argument, NULL, 's'},
    {"settings", required_argument, NULL, 'S'},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int take_text(int option, struct arguments *arguments)
{
    const char *why = NULL;
    switch (option) {
    case 'l': arguments->options.listen = optarg; return 0;
    case 'r': arguments->ready_file = optarg; return 0;
    case 'e': arguments->env_file = optarg; return 0;
    case 'n': arguments->options.number = optarg; return 0;
    case 'u': arguments->options.voice_url = optarg; return 0;
    case 'c': arguments->options.tls_cert_file = optarg; return 0;
    case 'k': arguments->options.tls_key_file = optarg; return 0;
    case 'm': arguments->options.models_dir = optarg; return 0;
    case 's': arguments->options.seed = strtoull(optarg, NULL, 10); return 0;
    case 'p':
        if (strcmp(optarg, "none") == 0)
            settings_hurry(&arguments->options.settings);
        return strcmp(optarg, "none") == 0 || strcmp(optarg, "usual") == 0 ? 0 : EINVAL;
    case 'S':
        if (settings_read(str_of(optarg), &arguments->options.settings, &why) == 0)
            return 0;
        fprintf(stderr, "karen-sandbox: --settings: %s\n", why);
        return EINVAL;
    default: return EINVAL;
    }
}

/* Does not return when it was asked for help, or for what it does not know. */
static void read_arguments(int argc, char **argv, struct arguments *arguments)
{
    int option = 0;
    while ((option = getopt_long(argc, argv, "h", long_options, NULL)) >= 0) {
        if (option == 'h') {
            fputs(help, stdout);
            exit(0);
        }
        if (option == 'q')
            arguments->level = LOG_WARN;
        else if (option == 'v')
            arguments->level = LOG_DEBUG;
        else if (take_text(option, arguments)) {
            fputs("karen-sandbox: see --help\n", stderr);
            exit(2);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "karen-sandbox: %s: not an option; see --help\n", argv[optind]);
        exit(2);
    }
}

/* Written aside and moved into place, so that nobody reads half of it. */
static int write_file(const char *path, struct str text)
{
    char *aside = xprintf("%s.new", path);
    FILE *file = fopen(aside, "w");
    int err = file ? 0 : errno;
    if (file && fwrite(text.at, 1, text.bytes, file) != text.bytes)
        err = EIO;
    if (file && fclose(file) && !err)
        err = errno;
    if (!err && rename(aside, path))
        err = errno;
    free(aside);
    return err;
}

static int write_files(const struct arguments *arguments, const struct sandbox *sandbox)
{
    struct buf text = {0};
    int err = 0;
    sandbox_print_env(sandbox, &text);
    if (arguments->env_file)
        err = write_file(arguments->env_file, buf_str(&text));
    buf_clear(&text);
    sandbox_print_addresses(sandbox, &text);
    if (!err && arguments->ready_file)
        err = write_file(arguments->ready_file, buf_str(&text));
    if (arguments->level < LOG_WARN)
        fputs(buf_text(&text), stdout);
    fflush(stdout);
    buf_free(&text);
    return err;
}

static void on_stop(void *arg)
{
    loop_stop(arg);
}

/* A load of a thousand calls wants more descriptors than the usual 1,024. */
static void lift_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
        .options = {.listen = "127.0.0.1:0", .seed = 1, .settings = settings_usual},
        .level = LOG_INFO};
    const char *why = NULL;
    struct sandbox *sandbox = NULL;
    read_arguments(argc, argv, &arguments);
    log_setup(arguments.level, false);
    lift_limits();
    signal(SIGPIPE, SIG_IGN);
    struct loop *loop = loop_new();
    int err = sandbox_open(loop, &arguments.options, &sandbox, &why);
    if (err) {
        fprintf(stderr, "karen-sandbox: %s: %s\n", why, strerror(err));
    } else {
        loop_on_signal(loop, SIGTERM, on_stop, loop);
        loop_on_signal(loop, SIGINT, on_stop, loop);
        err = write_files(&arguments, sandbox);
        if (err)
            fprintf(stderr, "karen-sandbox: cannot write where I am: %s\n", strerror(err));
        else
            loop_run(loop);
    }
    sandbox_close(&sandbox);
    loop_free(&loop);
    return err ? 1 : 0;
}
