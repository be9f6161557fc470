/* test/stack.c: the processes of a whole installation, started, asked and ended. */
#include "test/stack.h"

#include "test/test.h"

#include "base/json.h"
#include "base/mem.h"
#include "phone/wav.h"
#include "test/certs.h"
#include "test/file.h"
#include "test/postgres.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS_MAX = 60000, ENV_MAX = 64, WORDS_MAX = 48 };

struct stack {
    char *folder, *url, *sandbox_url, *token, *account;
    char *env[ENV_MAX];
    size_t env_count;
    pid_t sandbox, karen;
    bool tls;
    struct certs certs;
};

static const char *program(const char *path)
{
    static char full[4][1024];
    static int next;
    const char *build = getenv("KAREN_BUILD");
    char *out = full[next++ % 4];
    snprintf(out, sizeof(full[0]), "%s/%s", build ? build : KAREN_BUILD_ROOT, path);
    return out;
}

const char *stack_audio(const char *name)
{
    static char full[8][1024];
    static int next;
    char *out = full[next++ % 8];
    struct stat unused;
    snprintf(out, sizeof(full[0]), "%s/test/audio/%s.wav", KAREN_SOURCE_ROOT, name);
    if (stat(out, &unused))
        snprintf(out, sizeof(full[0]), "%s/%s.wav", program("test/audio"), name);
    if (stat(out, &unused))
        fail_msg("there is no recording %s", name);
    return out;
}

void stack_clip(char *path, size_t bytes)
{
    struct buf voice = {0};
    const char *why = "";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    if (wav_read(stack_audio("en-01-message-callback"), &voice, &why))
        fail_msg("%s", why);
    assert_true(voice.bytes > bytes);
    assert_int_equal(wav_write(path, (struct str){voice.data, bytes}), 0);
    buf_free(&voice);
}

static void env_put(struct stack *stack, char *setting)
{
    assert_true(stack->env_count < ENV_MAX - 1);
    stack->env[stack->env_count++] = setting;
}

static const char *env_get(const struct stack *stack, const char *name)
{
    size_t bytes = strlen(name);
    for (size_t i = stack->env_count; i-- > 0;)
        if (strncmp(stack->env[i], name, bytes) == 0 && stack->env[i][bytes] == '=')
            return stack->env[i] + bytes + 1;
    fail_msg("%s is not set", name);
    return NULL;
}

const char *stack_setting(const struct stack *stack, const char *name)
{
    return env_get(stack, name);
}

static const char *call_log(pid_t call)
{
    static char name[32];
    snprintf(name, sizeof(name), "phone-%d.log", (int)call);
    return name;
}

/* A child with our settings and others whose output goes to a file of the folder (NULL: that of a
 * call). It ends when we do. */
static pid_t spawn_with(struct stack *stack, const char *const *settings, const char *log,
                        const char *const *words)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        char *arguments[WORDS_MAX] = {0};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        char *path = xprintf("%s/%s", stack->folder, log ? log : call_log(getpid()));
        if (!freopen(path, "w", stdout) || dup2(fileno(stdout), STDERR_FILENO) < 0)
            _exit(1);
        for (size_t i = 0; i < stack->env_count; i++)
            putenv(stack->env[i]);
        for (size_t i = 0; settings[i]; i++)
            putenv(xstrdup(settings[i])); /* without a value it is unset */
        for (size_t i = 0; words[i] && i < WORDS_MAX - 1; i++)
            arguments[i] = xstrdup(words[i]);
        execv(arguments[0], arguments);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static pid_t spawn(struct stack *stack, const char *log, const char *const *words)
{
    return spawn_with(stack, (const char *const[]){NULL}, log, words);
}

static void print_log(const struct stack *stack, const char *log)
{
    char *path = xprintf("%s/%s", stack->folder, log);
    char *text = file_text(path);
    size_t bytes = strlen(text), skip = bytes > 6000 ? bytes - 6000 : 0;
    fprintf(stderr, "---- %s\n%s\n", log, text + skip); /* print_message() cuts it short */
    free(text);
    free(path);
}

static bool exists(const char *path)
{
    struct stat unused;
    return stat(path, &unused) == 0;
}

/* Waits for the kernel to say that something happened in the folder, until the file is there. */
static void await_file(struct stack *stack, const char *name, pid_t pid, const char *log)
{
    char *path = xprintf("%s/%s", stack->folder, name);
    char events[4096];
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), status;
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};
    inotify_add_watch(fd, stack->folder, IN_MOVED_TO | IN_CLOSE_WRITE);
    for (int64_t waited = 0; !exists(path); waited += 100) {
        if (waitpid(pid, &status, WNOHANG) == pid || waited > READY_MS_MAX) {
            print_log(stack, log);
            fail_msg("%s did not become ready", log);
        }
        poll(&pollfd, 1, 100);
        if (read(fd, events, sizeof(events)) < 0 && errno != EAGAIN)
            fail_msg("inotify: %s", strerror(errno));
    }
    close(fd);
    free(path);
}

static void read_env(struct stack *stack, const char *name)
{
    char *path = xprintf("%s/%s", stack->folder, name);
    char *text = file_text(path);
    struct str rest = str_of(text);
    while (rest.bytes) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.bytes && line.at[0] != '#')
            env_put(stack, xstrndup(line.at, line.bytes));
    }
    free(text);
    free(path);
}

static char *json_text(struct stack *stack, const char *name, const char *wanted)
{
    char *path = xprintf("%s/%s", stack->folder, name), *text = file_text(path);
    struct json json = json_of(str_of(text));
    struct str key, value = {0};
    for (bool in = json_object(&json); in && json_member(&json, &key);) {
        if (str_is(key, wanted))
            json_string(&json, &value);
        else
            json_skip(&json);
    }
    char *found = xstrndup(value.at ? value.at : "", value.bytes);
    free(text);
    free(path);
    return found;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void start_sandbox(struct stack *stack, const char *pace)
{
    char *ready = xprintf("%s/sandbox.json", stack->folder);
    char *env = xprintf("%s/sandbox.env", stack->folder);
    stack->sandbox = spawn(
        stack, "sandbox.log",
        (const char *const[]){program("sandbox/karen-sandbox"), "--pace", pace, "--ready-file",
                              ready, "--env-file", env, "--quiet", stack->tls ? "--tls-cert" : NULL,
                              stack->certs.cert_file, "--tls-key", stack->certs.key_file, NULL});
    await_file(stack, "sandbox.json", stack->sandbox, "sandbox.log");
    read_env(stack, "sandbox.env");
    stack->token = xstrdup(env_get(stack, "TWILIO_AUTH_TOKEN"));
    stack->account = xstrdup(env_get(stack, "TWILIO_ACCOUNT_SID"));
    stack->sandbox_url = json_text(stack, "sandbox.json", "url");
    env_put(stack, xprintf("KAREN_SANDBOX_URL=%s", stack->sandbox_url)); /* for karen-phone */
    free(ready);
    free(env);
}

static void start_karen(struct stack *stack)
{
    char *ready = xprintf("%s/karen.ready", stack->folder);
    stack->karen = spawn(
        stack, "karen.log",
        (const char *const[]){program("src/app/karen"), "serve", "--ready-file", ready, NULL});
    await_file(stack, "karen.ready", stack->karen, "karen.log");
    free(ready);
}

static void make_certs(struct stack *stack)
{
    certs_make(&stack->certs, "IP:127.0.0.1");
    env_put(stack, xprintf("TLS_CERT_FILE=%s", stack->certs.cert_file));
    env_put(stack, xprintf("TLS_KEY_FILE=%s", stack->certs.key_file));
    env_put(stack, xprintf("CA_FILE=%s", stack->certs.ca_file));
}

struct stack *stack_open(const struct stack_options *options)
{
    static const struct stack_options defaults = {0};
    struct stack *stack = xalloc(sizeof(*stack));
    char folder[] = "/tmp/karen-stack-XXXXXX";
    options = options ? options : &defaults;
    assert_non_null(mkdtemp(folder));
    stack->folder = xstrdup(folder);
    stack->tls = options->tls;
    if (stack->tls)
        make_certs(stack);
    start_sandbox(stack, options->pace ? options->pace : "none");
    unsigned port = free_port();
    stack->url = xprintf("%s://127.0.0.1:%u", stack->tls ? "https" : "http", port);
    env_put(stack, xprintf("KAREN_ENV=development"));
    env_put(stack, xprintf("SIGN_IN_CODES_PER_ADDRESS=100000")); /* everybody is on loopback */
    env_put(stack, xprintf("DATABASE_URL=%s", postgres_url()));
    env_put(stack, xprintf("LISTEN=127.0.0.1:%u", port));
    env_put(stack, xprintf("PUBLIC_URL=%s", stack->url));
    env_put(stack, xprintf("CACHE_DIR=%s/cache", stack->folder));
    env_put(stack, xprintf("JOURNAL_DIR=%s/journal", stack->folder));
    env_put(stack, xprintf("PROMPTS_DIR=%s/prompts", KAREN_SOURCE_ROOT));
    env_put(stack, xprintf("WORKERS=%s", options->workers ? options->workers : "1"));
    for (size_t i = 0; i < countof(options->env) && options->env[i]; i++)
        env_put(stack, xstrdup(options->env[i]));
    start_karen(stack);
    return stack;
}

/* ---- the end -------------------------------------------------------------------------------- */

static int exit_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int stack_wait(struct stack *stack, pid_t call)
{
    int status = exit_status(call);
    if (status)
        print_log(stack, call_log(call));
    return status;
}

double stack_summary(struct stack *stack, pid_t call, const char *name)
{
    char *path = xprintf("%s/%s", stack->folder, call_log(call)), *text = file_text(path);
    char *summary = strstr(text, "{\"event\":\"summary\""), *key = xprintf("\"%s\":", name);
    char *found = summary ? strstr(summary, key) : NULL;
    if (!found)
        fail_msg("no %s in the summary: %s", name, text);
    double value = strtod(found + strlen(key) + (found[strlen(key)] == '['), NULL);
    free(key);
    free(text);
    free(path);
    return value;
}

void stack_await_words(struct stack *stack, pid_t who, const char *words, int times)
{
    const char *log = who == stack->karen ? "karen.log" : call_log(who);
    char *path = xprintf("%s/%s", stack->folder, log), events[4096];
    struct pollfd pollfd = {.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .events = POLLIN};
    inotify_add_watch(pollfd.fd, stack->folder, IN_MODIFY | IN_CLOSE_WRITE);
    for (int64_t waited = 0;; waited += 100) {
        char *text = file_text(path);
        int count = 0;
        for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
            count++;
        free(text);
        if (count >= times)
            break;
        if (waited > READY_MS_MAX) {
            print_log(stack, log);
            fail_msg("%s does not say \"%s\" %d times", log, words, times);
        }
        poll(&pollfd, 1, 100);
        if (read(pollfd.fd, events, sizeof(events)) < 0 && errno != EAGAIN)
            fail_msg("inotify: %s", strerror(errno));
    }
    close(pollfd.fd);
    free(path);
}

char *stack_karen_log(const struct stack *stack)
{
    char *path = xprintf("%s/karen.log", stack->folder);
    char *log = file_text(path);
    free(path);
    return log;
}

void stack_stop_karen(struct stack *stack)
{
    if (!stack->karen)
        return;
    kill(stack->karen, SIGTERM);
    stack_await_karen_end(stack);
}

void stack_await_karen_end(struct stack *stack)
{
    int status = exit_status(stack->karen);
    stack->karen = 0;
    char *log = stack_karen_log(stack);
    if (status || strstr(log, "Sanitizer") || strstr(log, "runtime error")) {
        print_log(stack, "karen.log");
        fail_msg("karen serve ended with status %d", status);
    }
    free(log);
}

void stack_stop_sandbox(struct stack *stack)
{
    if (!stack->sandbox)
        return;
    kill(stack->sandbox, SIGKILL);
    exit_status(stack->sandbox);
    stack->sandbox = 0;
}

static void remove_folder(const char *folder)
{
    pid_t pid = fork();
    if (pid == 0)
        execlp("rm", "rm", "-rf", "--", folder, (char *)NULL);
    exit_status(pid);
}

void stack_close(struct stack **stack_slot)
{
    struct stack *stack = *stack_slot;
    *stack_slot = NULL;
    if (!stack)
        return;
    stack_stop_karen(stack);
    stack_stop_sandbox(stack);
    if (getenv("KAREN_KEEP_STACK")) /* for whoever wants to read the logs */
        print_message("kept: %s\n", stack->folder);
    else
        remove_folder(stack->folder);
    if (stack->tls)
        certs_remove(&stack->certs);
    for (size_t i = 0; i < stack->env_count; i++)
        free(stack->env[i]);
    free(stack->folder);
    free(stack->url);
    free(stack->sandbox_url);
    free(stack->token);
    free(stack->account);
    free(stack);
}

/* ---- asking --------------------------------------------------------------------------------- */

const char *stack_url(const struct stack *stack)
{
    return stack->url;
}

pid_t stack_karen(const struct stack *stack)
{
    return stack->karen;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    buf_add(arg, data, size * count);
    return size * count;
}

static int http(const struct stack *stack, const char *method, const char *url, const char *header,
                const char *json, char **body_out)
{
    struct buf body = {0};
    long status = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, header);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    if (stack->tls)
        curl_easy_setopt(curl, CURLOPT_CAINFO, stack->certs.ca_file);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    if (json)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    *body_out = body.data ? body.data : xstrdup("");
    return (int)status;
}

char *stack_control(struct stack *stack, const char *method, const char *path, const char *json)
{
    char *body, *url = xprintf("%s%s", stack->sandbox_url, path);
    int status = http(stack, method, url, "Content-Type: application/json", json, &body);
    if (status / 100 != 2)
        fail_msg("%s %s: %d %s", method, url, status, body);
    free(url);
    return body;
}

int64_t stack_asked_of(struct stack *stack, const char *party, const char *endpoint)
{
    char *path = xprintf("/stats?party=%s", party);
    char *start = xprintf("\"%s\":{\"requests\":", endpoint);
    char *stats = stack_control(stack, "GET", path, NULL);
    const char *at = strstr(stats, start);
    int64_t asked = at ? strtoll(at + strlen(start), NULL, 10) : 0;
    free(stats);
    free(start);
    free(path);
    return asked;
}

int stack_get_with(struct stack *stack, const char *path, const char *header, char **body_out)
{
    char *url = xprintf("%s%s", stack->url, path);
    int status = http(stack, "GET", url, header, NULL, body_out);
    free(url);
    return status;
}

int stack_get(struct stack *stack, const char *path, char **body_out)
{
    return stack_get_with(stack, path, "Accept: */*", body_out);
}

double stack_metric(struct stack *stack, const char *sample)
{
    char *page;
    assert_int_equal(stack_get(stack, "/metrics", &page), 200);
    struct str rest = str_of(page);
    double value = 0;
    while (rest.bytes) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, sample) && line.at[strlen(sample)] == ' ')
            value = strtod(line.at + strlen(sample), NULL);
    }
    free(page);
    return value;
}

int stack_command_with(struct stack *stack, const char *const *settings, const char *const *words,
                       char **output_out)
{
    const char *all[WORDS_MAX] = {program("src/app/karen")};
    for (size_t i = 0; words[i] && i < WORDS_MAX - 2; i++)
        all[i + 1] = words[i];
    int status = exit_status(spawn_with(stack, settings, "command.log", all));
    char *path = xprintf("%s/command.log", stack->folder);
    if (output_out)
        *output_out = file_text(path);
    free(path);
    return status;
}

int stack_command(struct stack *stack, const char *const *words, char **output_out)
{
    return stack_command_with(stack, (const char *const[]){NULL}, words, output_out);
}

static void command(struct stack *stack, const char *const *words)
{
    if (stack_command(stack, words, NULL)) {
        print_log(stack, "command.log");
        fail_msg("karen %s failed", words[0]);
    }
}

void stack_tenant(struct stack *stack, const char *name, const char *owner, const char *language,
                  const char *number)
{
    command(stack, (const char *const[]){"tenant", "add", "--name", name, "--owner", owner,
                                         "--language", language, NULL});
    command(stack, (const char *const[]){"number", "add", number, NULL});
    command(stack, (const char *const[]){"number", "assign", number, name, "--primary", NULL});
}

/* ---- calls ---------------------------------------------------------------------------------- */

pid_t stack_call(struct stack *stack, const char *to, const char *const *words)
{
    const char *all[WORDS_MAX] = {program("phone/karen-phone"),
                                  "call",
                                  "--url",
                                  stack->url,
                                  "--token",
                                  stack->token,
                                  "--account",
                                  stack->account,
                                  "--to",
                                  to};
    size_t count = 10;
    if (stack->tls) {
        all[count++] = "--ca";
        all[count++] = stack->certs.ca_file;
    }
    for (size_t i = 0; words[i] && count < WORDS_MAX - 1; i++)
        all[count++] = words[i];
    return spawn(stack, NULL, all);
}

static char *ask(const char *call, const char *expression)
{
    char *sql =
        xprintf("SELECT coalesce((SELECT (%s)::text FROM calls c LEFT JOIN call_screenings s"
                " ON s.call_id = c.id WHERE c.id = '%s'), '')",
                expression, call);
    char *value = postgres_ask(sql);
    free(sql);
    return value;
}

static void fact(const char *call, const char *expression, char *out, size_t room)
{
    char *value = ask(call, expression);
    snprintf(out, room, "%s", value);
    free(value);
}

static int64_t number(const char *call, const char *expression)
{
    char *value = ask(call, expression);
    int64_t whole = atoll(value);
    free(value);
    return whole;
}

void stack_screened(struct stack *stack, const char *to, struct stack_screening *out)
{
    char *sql =
        xprintf("SELECT id FROM calls WHERE to_number = '%s' ORDER BY started_at DESC LIMIT 1", to);
    char *call = postgres_ask(sql), *talk;
    *out = (struct stack_screening){0};
    snprintf(out->call, sizeof(out->call), "%s", call);
    /* `karen call watch` ends when the call is screened */
    int status = stack_command(stack, (const char *const[]){"call", "watch", call, NULL}, &talk);
    if (status) {
        print_log(stack, "karen.log");
        fail_msg("the call to %s was not screened: %s", to, talk);
    }
    free(talk);
    fact(call, "s.legitimacy", out->label, sizeof(out->label));
    fact(call, "s.lead", out->lead, sizeof(out->lead));
    fact(call, "s.caller_name", out->name, sizeof(out->name));
    fact(call, "s.company", out->company, sizeof(out->company));
    fact(call, "s.callback_number", out->number, sizeof(out->number));
    fact(call, "s.urgency", out->urgency, sizeof(out->urgency));
    fact(call, "s.intent", out->intent, sizeof(out->intent));
    fact(call, "s.summary", out->summary, sizeof(out->summary));
    fact(call, "s.model", out->model, sizeof(out->model));
    out->caller_turns = number(call, "SELECT count(*) FROM call_turns t WHERE t.call_id = c.id AND"
                                     " speaker = 'caller' AND kind = 'said'");
    out->agent_turns = number(call, "SELECT count(*) FROM call_turns t WHERE t.call_id = c.id AND"
                                    " speaker = 'agent'");
    out->talk = ask(call, "SELECT string_agg(speaker || ': ' || text, E'\\n' ORDER BY seq) FROM"
                          " call_turns t WHERE t.call_id = c.id");
    free(call);
    free(sql);
}

void stack_screening_free(struct stack_screening *screening)
{
    free(screening->talk);
    *screening = (struct stack_screening){0};
}
