/* app/config.c: settings read: from the environment, the .env file, the presets; checked, shown. */
#include "app/config_private.h"

#include "api/remote.h"
#include "auth/jwt.h"
#include "base/id.h"
#include "net/url.h"
#include "provider/deepgram_flux_wire.h"
#include "rules/phone.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENV_FILE_BYTES_MAX = 64 * 1024, ENV_FILE_LINES_MAX = 256 };

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

static void check_flux_languages(const char *list, struct buf *problems)
{
    struct str rest = str_of(list ? list : "");
    while (rest.bytes) {
        struct str language = str_cut(&rest, ' ');
        if (language.bytes && !flux_knows(language))
            buf_printf(problems,
                       "DEEPGRAM_FLUX_LANGUAGES must be languages that Flux knows, such as en de, "
                       "not \"%.*s\".\n",
                       (int)language.bytes, language.at);
    }
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
    if (!is_one_of(config->elevenlabs_protocol, (const char *const[]){"websocket", "http", NULL}))
        buf_printf(problems, "ELEVENLABS_PROTOCOL must be websocket or http, not \"%s\".\n",
                   config->elevenlabs_protocol);
    check_secret("JWT_SECRET", config->jwt_secret, problems);
    check_secret("JWT_SECRET_OLD", config->jwt_secret_old, problems);
    check_countries(config->sign_in_countries, problems);
    check_flux_languages(config->deepgram_flux_languages, problems);
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
    for (size_t i = 0; i < config_table_count; i++) {
        const char *value = value_of(&config_table[i], file, &config.arena);
        put(&config_table[i], value, &config, problems_out);
        check_need(&config_table[i], value, &config, problems_out);
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
    for (size_t i = 0; i < config_table_count; i++)
        if (strcmp(config_table[i].name, "DATABASE_URL") == 0)
            config.database_url = value_of(&config_table[i], file, &config.arena);
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
    for (size_t i = 0; i < config_table_count; i++) {
        buf_printf(out, "  %-24s ", config_table[i].name);
        print_value(&config_table[i], config, out);
        buf_putc(out, '\n');
    }
}

void config_describe(struct buf *out)
{
    static const char *const needs[] = {"", ", required", ", required in production"};
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        buf_printf(out, "%s%s\n    %s.\n", setting->name, needs[setting->need], setting->what);
        if (setting->preset)
            buf_printf(out, "    Default: %s\n", setting->preset);
    }
}
