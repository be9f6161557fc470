/* phone/options.c: one row an option. */
#include "phone/options.h"

#include "base/mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char *options_help(void)
{
    return "karen-phone: a telephone for testing Karen. It places calls as the carrier does:\n"
           "signed webhook, TwiML, media stream, everything in real time.\n"
           "\n"
           "  karen-phone call --to NUMBER --audio FILE... [options]\n"
           "\n"
           "The caller says FILE after FILE (WAV, 8 kHz mono, mu-law or 16 bit PCM; other rates "
           "of\n"
           "16 bit PCM are converted), the first when Karen has greeted him, each next one when "
           "she\n"
           "has finished speaking, then hangs up.\n"
           "\n"
           "The call\n"
           "  --to NUMBER             the number that is called, as +420228883001\n"
           "  --from NUMBER           who calls (default +420602000111; \"\" withholds it)\n"
           "  --forwarded-from NUMBER the call was forwarded by this number\n"
           "  --url URL               PUBLIC_URL of the service (default: $PUBLIC_URL, else\n"
           "                          http://127.0.0.1:8080)\n"
           "  --token TOKEN           auth token that signs (default: $TWILIO_AUTH_TOKEN)\n"
           "  --account SID           the carrier's account (default: $TWILIO_ACCOUNT_SID)\n"
           "  --ca FILE               further trusted certificates (PEM)\n"
           "  --sandbox URL           tells this karen-sandbox of each call, so that its REST can "
           "end\n"
           "                          or transfer it (default: $KAREN_SANDBOX_URL)\n"
           "  --dial OUTCOME          of a transfer: answered (and 1 is pressed), declined (2 "
           "is),\n"
           "                          voicemail (picks up, presses nothing), busy, no-answer\n"
           "                          (default), failed\n"
           "\n"
           "The caller\n"
           "  --audio FILE            what he says; any number of times\n"
           "  --say TEXT              the same, spoken by espeak-ng if that is installed\n"
           "  --language CODE         of --say (default en)\n"
           "  --dtmf KEYS             pressed as soon as the line is open\n"
           "  --digits DIGITS         typed when the carrier asks for some, such as a code; each\n"
           "                          further --digits is for the next asking, \"\" types none\n"
           "  --silence MS            of Karen, before it is his turn (default 700)\n"
           "  --patience MS           how long he waits for her to begin (default 8000)\n"
           "  --linger MS             how long he stays after her last answer (default 2000)\n"
           "  --longest MS            of the whole call (default 180000)\n"
           "\n"
           "What is shown\n"
           "  --out FILE              what he heard, as a WAV file\n"
           "  --json                  one JSON object a line instead of text\n"
           "  --quiet                 only the summary\n"
           "\n"
           "Many calls at once\n"
           "  --load N                so many at the same time, each from a number of its own\n"
           "  --ramp R                new calls a second until there are N (default 20)\n"
           "  --for S                 seconds at full load (default 30); calls that end are "
           "replaced\n"
           "  --watch-pid PID         CPU and memory of that process; any number of times\n"
           "\n"
           "Exit status: 0 the call went normally (or every call of a load did), 1 it did not,\n"
           "2 the command line is wrong.\n";
}

enum kind { TEXT, WHOLE, FLAG, AUDIO, SAY, DIGITS, PID };
static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
} rows[] = {
    {"--to", TEXT, offsetof(struct options, to)},
    {"--from", TEXT, offsetof(struct options, from)},
    {"--forwarded-from", TEXT, offsetof(struct options, forwarded_from)},
    {"--url", TEXT, offsetof(struct options, url)},
    {"--token", TEXT, offsetof(struct options, token)},
    {"--account", TEXT, offsetof(struct options, account)},
    {"--ca", TEXT, offsetof(struct options, ca_file)},
    {"--sandbox", TEXT, offsetof(struct options, sandbox)},
    {"--dial", TEXT, offsetof(struct options, dial)},
    {"--language", TEXT, offsetof(struct options, language)},
    {"--dtmf", TEXT, offsetof(struct options, keys)},
    {"--out", TEXT, offsetof(struct options, out)},
    {"--silence", WHOLE, offsetof(struct options, silence_ms)},
    {"--patience", WHOLE, offsetof(struct options, patience_ms)},
    {"--linger", WHOLE, offsetof(struct options, linger_ms)},
    {"--longest", WHOLE, offsetof(struct options, longest_ms)},
    {"--load", WHOLE, offsetof(struct options, load)},
    {"--ramp", WHOLE, offsetof(struct options, ramp)},
    {"--for", WHOLE, offsetof(struct options, seconds)},
    {"--json", FLAG, offsetof(struct options, json)},
    {"--quiet", FLAG, offsetof(struct options, quiet)},
    {"--audio", AUDIO, 0},
    {"--say", SAY, 0},
    {"--digits", DIGITS, 0},
    {"--watch-pid", PID, 0},
};

static const struct row *row_named(const char *name)
{
    for (size_t i = 0; i < countof(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static bool read_whole(const char *text, int64_t *whole_out)
{
    char *end;
    errno = 0;
    int64_t whole = strtoll(text, &end, 10);
    if (errno || *end || end == text || whole < 1 || whole > 100000000)
        return false;
    *whole_out = whole;
    return true;
}

static int add_clip(struct options *options, const char *file, const char *say, struct buf *why)
{
    if (options->clip_count == OPTIONS_CLIPS_MAX) {
        buf_printf(why, "at most %d of --audio and --say", OPTIONS_CLIPS_MAX);
        return EINVAL;
    }
    options->clips[options->clip_count].file = file;
    options->clips[options->clip_count++].say = say;
    return 0;
}

static int add_pid(struct options *options, const char *value, struct buf *why)
{
    int64_t pid;
    if (!read_whole(value, &pid) || options->pid_count == OPTIONS_PIDS_MAX) {
        buf_printf(why, "--watch-pid wants a process id, at most %d times", OPTIONS_PIDS_MAX);
        return EINVAL;
    }
    options->pids[options->pid_count++] = (int)pid;
    return 0;
}

static int add_digits(struct options *options, const char *value, struct buf *why)
{
    if (options->digits_count == OPTIONS_DIGITS_MAX ||
        value[strspn(value, "0123456789*#")] != '\0') {
        buf_printf(why, "--digits wants keys (0-9, * and #), at most %d times", OPTIONS_DIGITS_MAX);
        return EINVAL;
    }
    options->digits[options->digits_count++] = value;
    return 0;
}

static int put(struct options *options, const struct row *row, const char *value, struct buf *why)
{
    void *place = (char *)options + row->offset;
    switch (row->kind) {
    case TEXT: *(const char **)place = value; return 0;
    case FLAG: *(bool *)place = true; return 0;
    case AUDIO: return add_clip(options, value, NULL, why);
    case SAY: return add_clip(options, NULL, value, why);
    case DIGITS: return add_digits(options, value, why);
    case PID: return add_pid(options, value, why);
    case WHOLE: break;
    }
    if (read_whole(value, place))
        return 0;
    buf_printf(why, "%s wants a whole number above 0, not \"%s\"", row->name, value);
    return EINVAL;
}

static const char *from_environment(const char *name, const char *preset)
{
    const char *value = getenv(name);
    return value && value[0] ? value : preset;
}

int options_dial(const char *word, enum phone_dial *dial_out)
{
    static const char *const words[] = {
        [PHONE_DIAL_NO_ANSWER] = "no-answer", [PHONE_DIAL_BUSY] = "busy",
        [PHONE_DIAL_ANSWERED] = "answered",   [PHONE_DIAL_DECLINED] = "declined",
        [PHONE_DIAL_VOICEMAIL] = "voicemail", [PHONE_DIAL_FAILED] = "failed"};
    for (size_t i = 0; i < countof(words); i++)
        if (strcmp(words[i], word) == 0) {
            *dial_out = (enum phone_dial)i;
            return 0;
        }
    return EINVAL;
}

static int check(const struct options *options, struct buf *why)
{
    if (!options->to)
        buf_puts(why, "--to is missing: the number to call");
    else if (!options->clip_count && !options->keys && !options->digits_count)
        buf_puts(why, "the caller has nothing to say: give --audio, --say, --dtmf or --digits");
    else if (!options->token[0])
        buf_puts(why, "no auth token to sign with: give --token or set TWILIO_AUTH_TOKEN");
    else if (!options->account[0])
        buf_puts(why, "no account: give --account or set TWILIO_ACCOUNT_SID");
    else if (options_dial(options->dial, &(enum phone_dial){0}))
        buf_puts(why, "--dial is answered, declined, voicemail, busy, no-answer or failed");
    return why->bytes ? EINVAL : 0;
}

int options_read(int argc, char **argv, struct options *options_out, struct buf *why_out)
{
    struct options options = {
        .from = "+420602000111",
        .language = "en",
        .dial = "no-answer",
        .ramp = 20,
        .seconds = 30,
        .url = from_environment("PUBLIC_URL", "http://127.0.0.1:8080"),
        .token = from_environment("TWILIO_AUTH_TOKEN", ""),
        .account = from_environment("TWILIO_ACCOUNT_SID", ""),
        .sandbox = from_environment("KAREN_SANDBOX_URL", NULL),
    };
    if (argc < 2 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help"))
        return ECANCELED;
    if (strcmp(argv[1], "call") != 0) {
        buf_printf(why_out, "unknown command \"%s\": there is only `call`", argv[1]);
        return EINVAL;
    }
    for (int i = 2; i < argc; i++) {
        const struct row *row = row_named(argv[i]);
        if (!strcmp(argv[i], "--help"))
            return ECANCELED;
        if (!row || (row->kind != FLAG && i + 1 == argc)) {
            buf_printf(why_out, "%s %s", argv[i], row ? "wants a value" : "is no option");
            return EINVAL;
        }
        int err = put(&options, row, row->kind == FLAG ? NULL : argv[++i], why_out);
        /* several files may follow one --audio */
        while (!err && row->kind == AUDIO && i + 1 < argc && argv[i + 1][0] != '-')
            err = put(&options, row, argv[++i], why_out);
        if (err)
            return err;
    }
    int err = check(&options, why_out);
    if (!err)
        *options_out = options;
    return err;
}
