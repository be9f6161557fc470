/* app/config.c: the settings table and its reading. */
#include "app/config.h"

#include "api/remote.h"
#include "auth/jwt.h"
#include "base/id.h"
#include "net/url.h"
#include "rules/phone.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENV_FILE_BYTES_MAX = 64 * 1024, ENV_FILE_LINES_MAX = 256 };

enum setting_kind { SETTING_TEXT, SETTING_WHOLE, SETTING_DECIMAL, SETTING_URL, SETTING_ENV };
enum setting_need { OPTIONAL, REQUIRED, REQUIRED_IN_PRODUCTION };

struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;
    const char *preset; /* NULL: none */
    enum setting_need need;
    bool secret;
    int64_t least, most; /* SETTING_WHOLE */
    const char *what;
};

#define AT(member) offsetof(struct config, member)
static const struct setting settings[] = {
    {"KAREN_ENV", SETTING_ENV, AT(production), "production", OPTIONAL, false, 0, 0,
     "production or development; only development reads .env and runs without providers' keys"},
    {"DATABASE_URL", SETTING_TEXT, AT(database_url), NULL, REQUIRED, true, 0, 0,
     "PostgreSQL 15 or newer: postgres://user:password@host/database"},
    {"PUBLIC_URL", SETTING_URL, AT(public_url), NULL, REQUIRED, false, 0, 0,
     "where the carrier reaches this service; signatures are checked against it"},
    {"LISTEN", SETTING_TEXT, AT(listen), "127.0.0.1:8080", OPTIONAL, false, 0, 0,
     "address and port to serve on"},
    {"WORKERS", SETTING_WHOLE, AT(workers), "0", OPTIONAL, false, 0, 64,
     "worker processes; 0 is one for each core"},
    {"TLS_CERT_FILE", SETTING_TEXT, AT(tls_cert_file), NULL, OPTIONAL, false, 0, 0,
     "PEM certificate chain, to end TLS here rather than in a proxy"},
    {"TLS_KEY_FILE", SETTING_TEXT, AT(tls_key_file), NULL, OPTIONAL, false, 0, 0,
     "PEM private key of that certificate"},
    {"CA_FILE", SETTING_TEXT, AT(ca_file), NULL, OPTIONAL, false, 0, 0,
     "further trusted certificates (PEM) for providers of your own"},
    {"LOG_LEVEL", SETTING_TEXT, AT(log_level), "info", OPTIONAL, false, 0, 0,
     "debug, info, warn or error"},
    {"LOG_FORMAT", SETTING_TEXT, AT(log_format), "logfmt", OPTIONAL, false, 0, 0, "logfmt or json"},
    {"METRICS_TOKEN", SETTING_TEXT, AT(metrics_token), NULL, OPTIONAL, true, 0, 0,
     "bearer token for /metrics; without it only loopback may read them"},
    {"TRUSTED_PROXIES", SETTING_TEXT, AT(trusted_proxies), NULL, OPTIONAL, false, 0, 0,
     "addresses and prefixes of proxies in front, such as 10.0.0.0/8, whose X-Forwarded-For is "
     "believed"},
    {"JWT_SECRET", SETTING_TEXT, AT(jwt_secret), NULL, REQUIRED_IN_PRODUCTION, true, 0, 0,
     "signs the tokens of people, at least 32 random characters; in development one is made at "
     "each start"},
    {"JWT_SECRET_OLD", SETTING_TEXT, AT(jwt_secret_old), NULL, OPTIONAL, true, 0, 0,
     "the secret before, whose tokens are accepted while it is being replaced"},
    {"JWT_EXPIRY", SETTING_WHOLE, AT(jwt_expiry), "900", OPTIONAL, false, 60, 86400,
     "seconds a token is good for before its session renews it"},
    {"SESSION_DAYS", SETTING_WHOLE, AT(session_days), "90", OPTIONAL, false, 1, 366,
     "days after which a session that was not used is over"},
    {"API_REQUESTS_PER_MINUTE", SETTING_WHOLE, AT(api_requests_per_minute), "600", OPTIONAL, false,
     0, 1000000, "of one person or API key; of one address four times as many; 0: no limit"},
    {"SIGN_IN_COUNTRIES", SETTING_TEXT, AT(sign_in_countries), "CZ SK DE AT GB", OPTIONAL, false, 0,
     0, "countries whose numbers may sign in, or \"all\"; codes by SMS cost money"},
    {"SIGN_IN_CODES_PER_DAY", SETTING_WHOLE, AT(sign_in_codes_per_day), "2000", OPTIONAL, false, 1,
     10000000, "codes sent in a day, to all phones together"},
    {"SIGN_IN_CODES_PER_PREFIX", SETTING_WHOLE, AT(sign_in_codes_per_prefix), "200", OPTIONAL,
     false, 1, 1000000, "codes sent in an hour to numbers that begin alike, where pumping shows"},
    {"SIGN_IN_CODES_PER_ADDRESS", SETTING_WHOLE, AT(sign_in_codes_per_address), "20", OPTIONAL,
     false, 1, 1000000, "codes asked for in an hour from one IP address"},
    {"PROMPTS_DIR", SETTING_TEXT, AT(prompts_dir), "prompts", OPTIONAL, false, 0, 0,
     "folder of the prompts and phrases, one folder a language"},
    {"CACHE_DIR", SETTING_TEXT, AT(cache_dir), "var/cache", OPTIONAL, false, 0, 0,
     "folder where spoken phrases are kept; may be emptied at any time"},
    {"DEFAULT_TENANT_ID", SETTING_TEXT, AT(default_tenant_id), NULL, OPTIONAL, false, 0, 0,
     "the operator's own tenant: answers calls whose number belongs to nobody"},
    {"DEFAULT_COUNTRY", SETTING_TEXT, AT(default_country), "CZ", OPTIONAL, false, 0, 0,
     "country of phone numbers written without one"},
    {"CALLS_PER_WORKER_MAX", SETTING_WHOLE, AT(calls_per_worker_max), "1200", OPTIONAL, false, 1,
     100000, "live calls in one worker; more are offered a voicemail"},
    {"CALLS_PER_TENANT_MAX", SETTING_WHOLE, AT(calls_per_tenant_max), "20", OPTIONAL, false, 1,
     100000, "live calls of one tenant in one worker"},
    {"CALL_SECONDS_MAX", SETTING_WHOLE, AT(call_seconds_max), "300", OPTIONAL, false, 30, 3600,
     "longest call; the goodbye begins then"},
    {"DRAIN_SECONDS_MAX", SETTING_WHOLE, AT(drain_seconds_max), "330", OPTIONAL, false, 0, 3600,
     "how long a stopping worker lets its calls run on"},
    {"TWILIO_ACCOUNT_SID", SETTING_TEXT, AT(twilio_account_sid), NULL, REQUIRED_IN_PRODUCTION,
     false, 0, 0, "the carrier's account"},
    {"TWILIO_AUTH_TOKEN", SETTING_TEXT, AT(twilio_auth_token), NULL, REQUIRED_IN_PRODUCTION, true,
     0, 0, "checks that webhooks come from the carrier, and signs in there"},
    {"TWILIO_AUTH_TOKEN_OLD", SETTING_TEXT, AT(twilio_auth_token_old), NULL, OPTIONAL, true, 0, 0,
     "the token before, accepted on webhooks while it is being replaced"},
    {"TWILIO_SMS_SENDER", SETTING_TEXT, AT(twilio_sms_sender), NULL, OPTIONAL, false, 0, 0,
     "who text messages come from: a messaging service (MG...), or a number or name of yours; "
     "without it none are sent"},
    {"TWILIO_BASE_URL", SETTING_URL, AT(twilio_base_url), "https://api.twilio.com", OPTIONAL, false,
     0, 0, "the carrier's REST API"},
    {"TWILIO_VERIFY_BASE_URL", SETTING_URL, AT(twilio_verify_base_url), "https://verify.twilio.com",
     OPTIONAL, false, 0, 0, "its service for codes"},
    {"TWILIO_VERIFY_SERVICE_SID", SETTING_TEXT, AT(twilio_verify_service_sid), NULL,
     REQUIRED_IN_PRODUCTION, false, 0, 0, "VA...: sends the codes people sign in with"},
    {"TWILIO_NUMBERS_BASE_URL", SETTING_URL, AT(twilio_numbers_base_url),
     "https://numbers.twilio.com", OPTIONAL, false, 0, 0,
     "its register of who may have numbers where"},
    {"TWILIO_PRICING_BASE_URL", SETTING_URL, AT(twilio_pricing_base_url),
     "https://pricing.twilio.com", OPTIONAL, false, 0, 0, "its list of what numbers cost"},
    {"DEEPGRAM_API_KEY", SETTING_TEXT, AT(deepgram_api_key), NULL, REQUIRED_IN_PRODUCTION, true, 0,
     0, "speech recognition"},
    {"DEEPGRAM_BASE_URL", SETTING_URL, AT(deepgram_base_url), "https://api.deepgram.com", OPTIONAL,
     false, 0, 0, "or https://api.eu.deepgram.com, or a server of your own"},
    {"DEEPGRAM_MODEL", SETTING_TEXT, AT(deepgram_model), "nova-3", OPTIONAL, false, 0, 0,
     "must know every tenant's language"},
    {"OPENAI_API_KEY", SETTING_TEXT, AT(openai_api_key), NULL, REQUIRED_IN_PRODUCTION, true, 0, 0,
     "the conversation and the screening"},
    {"OPENAI_BASE_URL", SETTING_URL, AT(openai_base_url), "https://api.openai.com/v1", OPTIONAL,
     false, 0, 0, "any service that speaks Chat Completions"},
    {"OPENAI_MODEL", SETTING_TEXT, AT(openai_model), "gpt-6-luna", OPTIONAL, false, 0, 0,
     "the model that talks with callers"},
    {"OPENAI_FALLBACK_MODEL", SETTING_TEXT, AT(openai_fallback_model), NULL, OPTIONAL, false, 0, 0,
     "asked when the first no longer exists"},
    {"OPENAI_SCREENING_MODEL", SETTING_TEXT, AT(openai_screening_model), NULL, OPTIONAL, false, 0,
     0, "the model that judges finished calls; without it the one that talks"},
    {"OPENAI_REASONING_EFFORT", SETTING_TEXT, AT(openai_reasoning_effort), "none", OPTIONAL, false,
     0, 0, "a caller cannot wait for a model that thinks first; \"off\" leaves the field out"},
    {"OPENAI_VERBOSITY", SETTING_TEXT, AT(openai_verbosity), "low", OPTIONAL, false, 0, 0,
     "\"off\" leaves the field out, for models that do not know it"},
    {"OPENAI_TOKENS_FIELD", SETTING_TEXT, AT(openai_tokens_field), "max_completion_tokens",
     OPTIONAL, false, 0, 0, "or max_tokens, for older services"},
    {"OPENAI_TEMPERATURE", SETTING_DECIMAL, AT(openai_temperature), "-1", OPTIONAL, false, 0, 0,
     "0 to 2; negative leaves it to the service"},
    {"ELEVENLABS_API_KEY", SETTING_TEXT, AT(elevenlabs_api_key), NULL, REQUIRED_IN_PRODUCTION, true,
     0, 0, "Karen's voice"},
    {"ELEVENLABS_BASE_URL", SETTING_URL, AT(elevenlabs_base_url), "https://api.elevenlabs.io",
     OPTIONAL, false, 0, 0, "the voice service"},
    {"ELEVENLABS_MODEL", SETTING_TEXT, AT(elevenlabs_model), "eleven_flash_v2_5", OPTIONAL, false,
     0, 0, "must speak every tenant's language"},
    {"ELEVENLABS_VOICE_ID", SETTING_TEXT, AT(elevenlabs_voice_id), "21m00Tcm4TlvDq8ikWAM", OPTIONAL,
     false, 0, 0, "voice of tenants that chose none"},
};

/* ---- values: the environment, the .env file, the preset ------------------------------------- */

struct env_line {
    struct str name, value;
};
struct env_file {
    struct arena arena;
    struct env_line lines[ENV_FILE_LINES_MAX];
    size_t count;
};

static struct str unquote(struct str value)
{
    if (value.bytes >= 2 && (value.at[0] == '"' || value.at[0] == '\'') &&
        value.at[value.bytes - 1] == value.at[0])
        return (struct str){value.at + 1, value.bytes - 2};
    return value;
}

static void env_file_read(struct env_file *file, const char *path)
{
    FILE *stream = path ? fopen(path, "rb") : NULL;
    if (!stream)
        return;
    char *text = arena_alloc(&file->arena, ENV_FILE_BYTES_MAX);
    struct str rest = {text, fread(text, 1, ENV_FILE_BYTES_MAX, stream)};
    fclose(stream);
    while (rest.bytes && file->count < ENV_FILE_LINES_MAX) {
        struct str value = str_trim(str_cut(&rest, '\n'));
        if (!value.bytes || value.at[0] == '#' || !memchr(value.at, '=', value.bytes))
            continue;
        struct str name = str_trim(str_cut(&value, '='));
        file->lines[file->count++] = (struct env_line){name, unquote(str_trim(value))};
    }
}

/* The value in force, copied; NULL for none. An empty value counts as none. */
static const char *value_of(const struct setting *setting, const struct env_file *file,
                            struct arena *arena)
{
    const char *value = getenv(setting->name);
    if (value)
        return value[0] ? arena_strdup(arena, value) : setting->preset;
    for (size_t i = 0; i < file->count; i++)
        if (str_is(file->lines[i].name, setting->name) && file->lines[i].value.bytes)
            return arena_strndup(arena, file->lines[i].value.at, file->lines[i].value.bytes);
    return setting->preset;
}

/* ---- one setting into its place ------------------------------------------------------------- */

static void put_whole(const struct setting *setting, const char *value, void *place,
                      struct buf *problems)
{
    char *end;
    errno = 0;
    long long whole = strtoll(value, &end, 10);
    if (errno || *end || end == value || whole < setting->least || whole > setting->most)
        buf_printf(problems, "%s must be a whole number from %lld to %lld, not \"%s\".\n",
                   setting->name, (long long)setting->least, (long long)setting->most, value);
    else
        *(int64_t *)place = whole;
}

static void put_decimal(const struct setting *setting, const char *value, void *place,
                        struct buf *problems)
{
    char *end;
    double decimal = strtod(value, &end);
    if (*end || end == value)
        buf_printf(problems, "%s must be a number, not \"%s\".\n", setting->name, value);
    else
        *(double *)place = decimal;
}

static void put_url(const struct setting *setting, const char *value, void *place,
                    struct arena *arena, struct buf *problems)
{
    struct url url;
    size_t bytes = strlen(value);
    while (bytes && value[bytes - 1] == '/')
        bytes--;
    if (url_parse(value, &url) || strncmp(value, "http", 4) != 0)
        buf_printf(problems, "%s must be a URL such as https://karen.example, not \"%s\".\n",
                   setting->name, value);
    else
        *(const char **)place = arena_strndup(arena, value, bytes);
}

static void put(const struct setting *setting, const char *value, struct config *config,
                struct buf *problems)
{
    void *place = (char *)config + setting->offset;
    if (!value)
        return;
    switch (setting->kind) {
    case SETTING_TEXT: *(const char **)place = value; break;
    case SETTING_WHOLE: put_whole(setting, value, place, problems); break;
    case SETTING_DECIMAL: put_decimal(setting, value, place, problems); break;
    case SETTING_URL: put_url(setting, value, place, &config->arena, problems); break;
    case SETTING_ENV:
        *(bool *)place = strcmp(value, "development") != 0;
        if (strcmp(value, "development") != 0 && strcmp(value, "production") != 0)
            buf_printf(problems, "%s must be production or development, not \"%s\".\n",
                       setting->name, value);
    }
}

static void check_need(const struct setting *setting, const char *value,
                       const struct config *config, struct buf *problems)
{
    bool needed = setting->need == REQUIRED ||
                  (setting->need == REQUIRED_IN_PRODUCTION && config->production);
    if (needed && !value)
        buf_printf(problems, "%s is not set: %s.\n", setting->name, setting->what);
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(value, *words) == 0)
            return true;
    return false;
}

static void check_secret(const char *name, const char *secret, struct buf *problems)
{
    if (secret && strlen(secret) < AUTH_SECRET_BYTES_MIN)
        buf_printf(problems,
                   "%s must have at least %d characters: `openssl rand -base64 48` makes "
                   "one.\n",
                   name, AUTH_SECRET_BYTES_MIN);
}

static void check_countries(const char *list, struct buf *problems)
{
    struct str wrong;
    if (phone_countries_check(list, &wrong))
        buf_printf(problems,
                   "SIGN_IN_COUNTRIES must be codes such as CZ SK, or all, not \"%.*s\".\n",
                   (int)wrong.bytes, wrong.at);
}

static void check_proxies(const char *list, struct buf *problems)
{
    struct proxies *proxies = NULL;
    struct str wrong;
    if (proxies_new(list, &proxies, &wrong))
        buf_printf(problems,
                   "TRUSTED_PROXIES must be addresses or prefixes such as 10.0.0.0/8, not "
                   "\"%.*s\".\n",
                   (int)wrong.bytes, wrong.at);
    proxies_free(&proxies);
}

/* What a single row cannot see. */
static void check_together(const struct config *config, struct buf *problems)
{
    struct uuid id;
    if (!is_one_of(config->log_level,
                   (const char *const[]){"debug", "info", "warn", "error", NULL}))
        buf_printf(problems, "LOG_LEVEL must be debug, info, warn or error, not \"%s\".\n",
                   config->log_level);
    if (!is_one_of(config->log_format, (const char *const[]){"logfmt", "json", NULL}))
        buf_printf(problems, "LOG_FORMAT must be logfmt or json, not \"%s\".\n",
                   config->log_format);
    check_secret("JWT_SECRET", config->jwt_secret, problems);
    check_secret("JWT_SECRET_OLD", config->jwt_secret_old, problems);
    check_countries(config->sign_in_countries, problems);
    check_proxies(config->trusted_proxies, problems);
    if (!config->tls_cert_file != !config->tls_key_file)
        buf_puts(problems, "TLS_CERT_FILE and TLS_KEY_FILE go together: set both or none.\n");
    if (config->default_tenant_id && uuid_parse(str_of(config->default_tenant_id), &id))
        buf_puts(problems, "DEFAULT_TENANT_ID is not a tenant's id; `karen tenant list` shows "
                           "them.\n");
    if (config->production && config->public_url && strncmp(config->public_url, "https://", 8) != 0)
        buf_puts(problems, "PUBLIC_URL must begin with https:// in production: the carrier opens "
                           "media streams over TLS only.\n");
}

static const char *off_is_none(const char *value)
{
    return value && strcmp(value, "off") != 0 ? value : NULL;
}

/* A development machine's own, for as long as it runs. Made before the workers, so all have it. */
static const char *made_secret(struct arena *arena)
{
    char text[AUTH_SECRET_BYTES_MIN * 4 / 3 + 2];
    random_token(text, AUTH_SECRET_BYTES_MIN);
    return arena_strdup(arena, text);
}

static bool wants_env_file(void)
{
    const char *env = getenv("KAREN_ENV");
    return env && strcmp(env, "development") == 0;
}

int config_load(const char *env_file, struct config *config_out, struct buf *problems_out)
{
    struct config config = {0};
    struct env_file *file = xalloc(sizeof(*file));
    if (wants_env_file())
        env_file_read(file, env_file);
    for (size_t i = 0; i < countof(settings); i++) {
        const char *value = value_of(&settings[i], file, &config.arena);
        put(&settings[i], value, &config, problems_out);
        check_need(&settings[i], value, &config, problems_out);
    }
    arena_free(&file->arena);
    free(file);
    check_together(&config, problems_out);
    if (problems_out->bytes) {
        config_fini(&config);
        return EINVAL;
    }
    if (!config.jwt_secret)
        config.jwt_secret = made_secret(&config.arena);
    config.openai_reasoning_effort = off_is_none(config.openai_reasoning_effort);
    config.openai_verbosity = off_is_none(config.openai_verbosity);
    *config_out = config;
    return 0;
}

int config_load_database(const char *env_file, struct config *config_out)
{
    struct config config = {0};
    struct env_file *file = xalloc(sizeof(*file));
    if (wants_env_file())
        env_file_read(file, env_file);
    for (size_t i = 0; i < countof(settings); i++)
        if (strcmp(settings[i].name, "DATABASE_URL") == 0)
            config.database_url = value_of(&settings[i], file, &config.arena);
    arena_free(&file->arena);
    free(file);
    *config_out = config;
    return config.database_url ? 0 : EINVAL;
}

void config_fini(struct config *config)
{
    arena_free(&config->arena);
    *config = (struct config){0};
}

/* ---- the table as people read it ------------------------------------------------------------ */

/* Enough of a secret to tell which one it is, never enough to use it. */
static void print_secret(struct buf *out, const char *value)
{
    size_t bytes = strlen(value);
    buf_printf(out, "%s (%zu characters)", bytes ? "********" : "", bytes);
}

static void print_value(const struct setting *setting, const struct config *config, struct buf *out)
{
    const void *place = (const char *)config + setting->offset;
    const char *text;
    switch (setting->kind) {
    case SETTING_WHOLE: buf_printf(out, "%lld", (long long)*(const int64_t *)place); return;
    case SETTING_DECIMAL: buf_printf(out, "%g", *(const double *)place); return;
    case SETTING_ENV: buf_puts(out, *(const bool *)place ? "production" : "development"); return;
    case SETTING_TEXT:
    case SETTING_URL:
        text = *(const char *const *)place;
        if (!text)
            buf_puts(out, "-");
        else if (setting->secret)
            print_secret(out, text);
        else
            buf_puts(out, text);
    }
}

void config_print(const struct config *config, struct buf *out)
{
    for (size_t i = 0; i < countof(settings); i++) {
        buf_printf(out, "  %-24s ", settings[i].name);
        print_value(&settings[i], config, out);
        buf_putc(out, '\n');
    }
}

void config_describe(struct buf *out)
{
    static const char *const needs[] = {"", ", required", ", required in production"};
    for (size_t i = 0; i < countof(settings); i++) {
        const struct setting *setting = &settings[i];
        buf_printf(out, "%s%s\n    %s.\n", setting->name, needs[setting->need], setting->what);
        if (setting->preset)
            buf_printf(out, "    Default: %s\n", setting->preset);
    }
}
