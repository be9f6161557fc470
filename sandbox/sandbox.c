/* sandbox/sandbox.c: the parties put together: servers, prefixes, and what they share. */
#include "sandbox/sandbox.h"

#include "base/mem.h"
#include "sandbox/control.h"
#include "sandbox/deepgram.h"
#include "sandbox/elevenlabs.h"
#include "sandbox/openai.h"
#include "sandbox/speaker.h"
#include "sandbox/twilio.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METHODS_ALL = 127, CONNECTIONS_MAX = 20000, HOST_BYTES = 64 };

struct sandbox {
    struct loop *loop;
    struct sandbox_options options;
    struct settings settings;
    struct faults *faults;
    struct speaker *speaker;
    struct hear_models *models;
    struct party parties[PARTY_COUNT];
    struct http_server *server;
    struct http_server *own_servers[PARTY_COUNT]; /* NULL while it refuses */
    uint16_t own_ports[PARTY_COUNT];
    char host[HOST_BYTES]; /* without the port */
};

static void enter(struct http_req *req);

static const struct http_route routes[] = {
    {METHODS_ALL, "/twilio/*", enter, PARTY_BODY_BYTES_MAX},
    {METHODS_ALL, "/deepgram/*", enter, PARTY_BODY_BYTES_MAX},
    {METHODS_ALL, "/openai/*", enter, PARTY_BODY_BYTES_MAX},
    {METHODS_ALL, "/elevenlabs/*", enter, PARTY_BODY_BYTES_MAX},
    {METHODS_ALL, "/control/*", control_enter, CONTROL_BODY_BYTES_MAX},
    {HTTP_GET, "/stats", control_stats, 0},
};

static void enter(struct http_req *req)
{
    struct str query = req->target, path = str_cut(&query, '?');
    struct str rest = {path.at + 1, path.bytes - 1}, name = str_cut(&rest, '/');
    char text[16];
    snprintf(text, sizeof(text), "%.*s", (int)name.bytes, name.at);
    struct str below = {path.at + 1 + name.bytes, path.bytes - 1 - name.bytes};
    party_enter(sandbox_find_party(req->app, text), req, below);
}

struct party *sandbox_party(struct sandbox *sandbox, enum party_name name)
{
    return &sandbox->parties[name];
}

struct party *sandbox_find_party(struct sandbox *sandbox, const char *name)
{
    for (size_t i = 0; i < PARTY_COUNT; i++)
        if (strcmp(sandbox->parties[i].kind->name, name) == 0)
            return &sandbox->parties[i];
    return NULL;
}

struct settings *sandbox_settings(struct sandbox *sandbox)
{
    return &sandbox->settings;
}

struct faults *sandbox_faults(struct sandbox *sandbox)
{
    return sandbox->faults;
}

static int open_server(struct sandbox *sandbox, const char *address, bool tls,
                       struct http_server **server_out, const char **why_out)
{
    const struct http_server_options options = {
        .routes = routes,
        .route_count = countof(routes),
        .app = sandbox,
        .connections_max = CONNECTIONS_MAX,
        .idle_ms_max = 60000,
        .tls_cert_file = tls ? sandbox->options.tls_cert_file : NULL,
        .tls_key_file = tls ? sandbox->options.tls_key_file : NULL};
    return http_server_open(sandbox->loop, address, &options, server_out, why_out);
}

static int open_own(struct sandbox *sandbox, size_t i, const char **why_out)
{
    char address[HOST_BYTES + 8];
    snprintf(address, sizeof(address), "%s:%u", sandbox->host, sandbox->own_ports[i]);
    int err = open_server(sandbox, address, true, &sandbox->own_servers[i], why_out);
    if (!err)
        sandbox->own_ports[i] = http_server_port(sandbox->own_servers[i]);
    return err;
}

void sandbox_apply_refusals(struct sandbox *sandbox)
{
    const char *why = NULL;
    for (size_t i = 0; i < PARTY_COUNT; i++) {
        bool refuses = faults_refuse(sandbox->faults, sandbox->parties[i].kind->name);
        if (refuses && sandbox->own_servers[i])
            http_server_close(&sandbox->own_servers[i]);
        else if (!refuses && !sandbox->own_servers[i] && open_own(sandbox, i, &why))
            log_error(NULL, "own_port_lost", "party=%s why=\"%s\"", sandbox->parties[i].kind->name,
                      why);
    }
}

static void init_party(struct sandbox *sandbox, enum party_name name, const struct party_kind *kind,
                       void *state)
{
    struct party *party = &sandbox->parties[name];
    *party = (struct party){.kind = kind,
                            .loop = sandbox->loop,
                            .faults = sandbox->faults,
                            .settings = &sandbox->settings,
                            .seen = seen_party_new(),
                            .state = state};
    log_with(&party->log, "party", kind->name);
}

static int open_all(struct sandbox *sandbox, const char **why_out)
{
    const char *colon = strrchr(sandbox->options.listen, ':');
    int err = colon && (size_t)(colon - sandbox->options.listen) < HOST_BYTES ? 0 : EINVAL;
    *why_out = "the address to listen at is HOST:PORT";
    if (err)
        return err;
    memcpy(sandbox->host, sandbox->options.listen, (size_t)(colon - sandbox->options.listen));
    err = open_server(sandbox, sandbox->options.listen, false, &sandbox->server, why_out);
    for (size_t i = 0; !err && i < PARTY_COUNT; i++)
        err = open_own(sandbox, i, why_out);
    if (err)
        return err;
    char *base = xprintf("http://%s:%u/twilio", sandbox->host, http_server_port(sandbox->server));
    twilio_set_base(sandbox->parties[PARTY_TWILIO].state, base);
    free(base);
    return 0;
}

int sandbox_open(struct loop *loop, const struct sandbox_options *options,
                 struct sandbox **sandbox_out, const char **why_out)
{
    struct sandbox *sandbox = xalloc(sizeof(*sandbox));
    sandbox->loop = loop;
    sandbox->options = *options;
    sandbox->settings = options->settings;
    sandbox->faults = faults_new(options->seed);
    const char *models = options->models_dir ? options->models_dir : SPEECH_MODEL_DIR;
    *why_out = "the synthesiser's thread does not start";
    int err = speaker_open(loop, &sandbox->speaker);
    if (!err) {
        *why_out = "the recogniser's models are not where they should be";
        err = hear_models_open(models, NULL, &sandbox->models);
    }
    init_party(
        sandbox, PARTY_TWILIO, &twilio_kind,
        twilio_new(loop, &sandbox->parties[PARTY_TWILIO], options->number, options->voice_url));
    init_party(sandbox, PARTY_DEEPGRAM, &deepgram_kind,
               deepgram_new(&sandbox->parties[PARTY_DEEPGRAM], sandbox->models));
    init_party(sandbox, PARTY_OPENAI, &openai_kind, NULL);
    init_party(sandbox, PARTY_ELEVENLABS, &elevenlabs_kind, eleven_new(loop, sandbox->speaker));
    if (!err)
        err = open_all(sandbox, why_out);
    if (err)
        sandbox_close(&sandbox);
    else
        *sandbox_out = sandbox;
    return err;
}

/* Servers first: with them go the visits, which hold on to everything else. */
void sandbox_close(struct sandbox **sandbox_slot)
{
    struct sandbox *sandbox = *sandbox_slot;
    if (!sandbox)
        return;
    for (size_t i = 0; i < PARTY_COUNT; i++)
        party_drop_all(&sandbox->parties[i]);
    for (size_t i = 0; i < PARTY_COUNT; i++)
        http_server_close(&sandbox->own_servers[i]);
    http_server_close(&sandbox->server);
    struct twilio *twilio = sandbox->parties[PARTY_TWILIO].state;
    struct deepgram *deepgram = sandbox->parties[PARTY_DEEPGRAM].state;
    struct elevenlabs *elevenlabs = sandbox->parties[PARTY_ELEVENLABS].state;
    twilio_free(&twilio);
    deepgram_free(&deepgram);
    eleven_free(&elevenlabs);
    for (size_t i = 0; i < PARTY_COUNT; i++)
        seen_party_free(&sandbox->parties[i].seen);
    speaker_close(&sandbox->speaker);
    hear_models_close(&sandbox->models);
    faults_free(&sandbox->faults);
    free(sandbox);
    *sandbox_slot = NULL;
}

static void put_base(const struct sandbox *sandbox, enum party_name name, struct buf *out)
{
    buf_printf(out, "%s://%s:%u/%s%s", sandbox->options.tls_cert_file ? "https" : "http",
               sandbox->host, sandbox->own_ports[name], sandbox->parties[name].kind->name,
               name == PARTY_OPENAI ? "/v1" : "");
}

void sandbox_print_addresses(const struct sandbox *sandbox, struct buf *out)
{
    const struct settings *s = &sandbox->settings;
    char *url = xprintf("http://%s:%u", sandbox->host, http_server_port(sandbox->server));
    buf_printf(out, "{\"pid\":%ld,\"url\":\"%s\",\"control\":\"%s/control\"", (long)getpid(), url,
               url);
    free(url);
    for (int i = 0; i < PARTY_COUNT; i++) {
        buf_printf(out, ",\"%s\":\"", sandbox->parties[i].kind->name);
        put_base(sandbox, (enum party_name)i, out);
        buf_putc(out, '"');
    }
    buf_printf(out,
               ",\"deepgram_key\":\"%s\",\"openai_key\":\"%s\",\"elevenlabs_key\":\"%s\","
               "\"twilio_account\":\"%s\",\"twilio_token\":\"%s\","
               "\"twilio_verify_service\":\"%s\"}\n",
               s->deepgram_key, s->openai_key, s->elevenlabs_key, s->twilio_account,
               s->twilio_token, s->twilio_verify_service);
}

void sandbox_print_env(const struct sandbox *sandbox, struct buf *out)
{
    const struct settings *s = &sandbox->settings;
    static const struct {
        const char *name;
        enum party_name party;
    } bases[] = {
        {"TWILIO_BASE_URL", PARTY_TWILIO},         {"TWILIO_VERIFY_BASE_URL", PARTY_TWILIO},
        {"TWILIO_NUMBERS_BASE_URL", PARTY_TWILIO}, {"TWILIO_PRICING_BASE_URL", PARTY_TWILIO},
        {"DEEPGRAM_BASE_URL", PARTY_DEEPGRAM},     {"OPENAI_BASE_URL", PARTY_OPENAI},
        {"ELEVENLABS_BASE_URL", PARTY_ELEVENLABS},
    };
    for (size_t i = 0; i < countof(bases); i++) {
        buf_printf(out, "%s=", bases[i].name);
        put_base(sandbox, bases[i].party, out);
        buf_putc(out, '\n');
    }
    buf_puts(out, "TWILIO_SMS_SENDER=MG00000000000000000000000000000001\n");
    buf_printf(out, "TWILIO_ACCOUNT_SID=%s\nTWILIO_AUTH_TOKEN=%s\nTWILIO_VERIFY_SERVICE_SID=%s\n",
               s->twilio_account, s->twilio_token, s->twilio_verify_service);
    buf_printf(out, "DEEPGRAM_API_KEY=%s\nOPENAI_API_KEY=%s\nELEVENLABS_API_KEY=%s\n",
               s->deepgram_key, s->openai_key, s->elevenlabs_key);
}
