/* test/test_config.c: settings from the environment and .env: presets, refusals, masks. */
#include "test/test.h"

#include "app/config.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static struct buf problems;

static int load(const char *env_file)
{
    buf_clear(&problems);
    return config_load(env_file, &config, &problems);
}

/* The least that a development machine needs. */
static int small_environment(void **state)
{
    const char *format = getenv("CMOCKA_MESSAGE_OUTPUT"); /* it is not Karen's to forget */
    char *kept = format ? xstrdup(format) : NULL;
    (void)state;
    clearenv();
    if (kept)
        setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
    free(kept);
    setenv("KAREN_ENV", "development", 1);
    setenv("DATABASE_URL", "postgres://karen:hunter2secret@localhost/karen", 1);
    setenv("PUBLIC_URL", "http://127.0.0.1:8080/", 1);
    return 0;
}

static int forget(void **state)
{
    (void)state;
    config_fini(&config);
    buf_free(&problems);
    return 0;
}

static void presets_hold_where_nothing_is_set(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), 0);
    assert_false(config.production);
    assert_string_equal(config.listen, "127.0.0.1:8080");
    assert_string_equal(config.deepgram_model, "nova-3");
    assert_int_equal(config.call_seconds_max, 300);
    assert_null(config.default_tenant_id);
}

static void a_slash_at_the_end_of_a_url_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), 0);
    assert_string_equal(config.public_url, "http://127.0.0.1:8080");
}

static void production_wants_every_secret_and_says_which(void **state)
{
    (void)state;
    setenv("KAREN_ENV", "production", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "TWILIO_AUTH_TOKEN is not set"));
    assert_non_null(strstr(buf_text(&problems), "DEEPGRAM_API_KEY is not set"));
    assert_non_null(strstr(buf_text(&problems), "OPENAI_API_KEY is not set"));
    assert_non_null(strstr(buf_text(&problems), "ELEVENLABS_API_KEY is not set"));
    assert_non_null(strstr(buf_text(&problems), "https://"));
}

static void production_is_the_default(void **state)
{
    (void)state;
    unsetenv("KAREN_ENV");
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "TWILIO_AUTH_TOKEN"));
}

static void a_number_out_of_range_is_refused_with_the_range(void **state)
{
    (void)state;
    setenv("CALL_SECONDS_MAX", "5", 1);
    setenv("WORKERS", "many", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "CALL_SECONDS_MAX must be a whole number from 30"));
    assert_non_null(strstr(buf_text(&problems), "WORKERS must be a whole number"));
}

static void a_url_that_is_none_is_refused(void **state)
{
    (void)state;
    setenv("OPENAI_BASE_URL", "api.openai.com", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "OPENAI_BASE_URL must be a URL"));
}

static void a_protocol_of_the_voice_is_one_of_two(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), 0);
    assert_string_equal(config.elevenlabs_protocol, "websocket");
    config_fini(&config);
    setenv("ELEVENLABS_PROTOCOL", "http", 1);
    assert_int_equal(load(NULL), 0);
    config_fini(&config);
    setenv("ELEVENLABS_PROTOCOL", "carrier pigeon", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(
        strstr(buf_text(&problems),
               "ELEVENLABS_PROTOCOL must be websocket or http, not \"carrier pigeon\""));
}

static void a_language_that_flux_does_not_know_is_refused(void **state)
{
    (void)state;
    setenv("DEEPGRAM_FLUX_LANGUAGES", "en cs", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "DEEPGRAM_FLUX_LANGUAGES must be languages"));
    assert_non_null(strstr(buf_text(&problems), "not \"cs\""));
    forget(NULL);
    setenv("DEEPGRAM_FLUX_LANGUAGES", "en de", 1);
    assert_int_equal(load(NULL), 0);
    assert_string_equal(config.deepgram_flux_languages, "en de");
}

static void a_certificate_without_its_key_is_refused(void **state)
{
    (void)state;
    setenv("TLS_CERT_FILE", "cert.pem", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "TLS_KEY_FILE"));
}

static void secrets_are_masked_when_printed(void **state)
{
    (void)state;
    struct buf text = {0};
    setenv("OPENAI_API_KEY", "sk-very-secret-indeed", 1);
    assert_int_equal(load(NULL), 0);
    config_print(&config, &text);
    assert_null(strstr(buf_text(&text), "very-secret"));
    assert_null(strstr(buf_text(&text), "hunter2secret"));
    assert_non_null(strstr(buf_text(&text), "(21 characters)"));
    buf_free(&text);
}

static const char *env_file_with(const char *text)
{
    static char path[64];
    snprintf(path, sizeof(path), "/tmp/karen-env-%d", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return path;
}

static void the_env_file_is_read_in_development_and_the_environment_wins(void **state)
{
    (void)state;
    const char *path = env_file_with("# keys\nOPENAI_API_KEY=\"from file\"\n"
                                     "LISTEN=0.0.0.0:1\nDEFAULT_COUNTRY='SK'\nnonsense\n");
    setenv("LISTEN", "127.0.0.1:9", 1);
    assert_int_equal(load(path), 0);
    assert_string_equal(config.openai_api_key, "from file");
    assert_string_equal(config.listen, "127.0.0.1:9");
    assert_string_equal(config.default_country, "SK");
    unlink(path);
}

static void the_env_file_is_not_read_in_production(void **state)
{
    (void)state;
    const char *path = env_file_with("TWILIO_AUTH_TOKEN=from-file\n");
    setenv("KAREN_ENV", "production", 1);
    assert_int_equal(load(path), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "TWILIO_AUTH_TOKEN is not set"));
    unlink(path);
}

static void off_leaves_a_model_parameter_out(void **state)
{
    (void)state;
    setenv("OPENAI_REASONING_EFFORT", "off", 1);
    assert_int_equal(load(NULL), 0);
    assert_null(config.openai_reasoning_effort);
    assert_string_equal(config.openai_verbosity, "low");
}

static void secret_of_tokens_must_be_long(void **state)
{
    (void)state;
    setenv("JWT_SECRET", "only 31 characters, that is not", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "JWT_SECRET must have at least 32"));
    setenv("JWT_SECRET", "but these are 32 characters, yes", 1);
    setenv("JWT_SECRET_OLD", "short", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "JWT_SECRET_OLD must have"));
    unsetenv("JWT_SECRET_OLD");
    assert_int_equal(load(NULL), 0);
    assert_string_equal(config.jwt_secret, "but these are 32 characters, yes");
}

static void development_makes_a_secret_production_wants_one(void **state)
{
    (void)state;
    assert_int_equal(load(NULL), 0);
    assert_true(strlen(config.jwt_secret) >= 32);
    char *first = xstrdup(config.jwt_secret);
    config_fini(&config);
    assert_int_equal(load(NULL), 0);
    assert_string_not_equal(config.jwt_secret, first);
    free(first);
    config_fini(&config);
    setenv("KAREN_ENV", "production", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "JWT_SECRET is not set"));
}

static void lists_name_what_is_wrong_in_them(void **state)
{
    (void)state;
    setenv("SIGN_IN_COUNTRIES", "CZ,Slovakia", 1);
    setenv("TRUSTED_PROXIES", "10.0.0.0/8, my-proxy", 1);
    assert_int_equal(load(NULL), EINVAL);
    assert_non_null(strstr(buf_text(&problems), "not \"Slovakia\""));
    assert_non_null(strstr(buf_text(&problems), "not \"my-proxy\""));
}

#define with_environment(test) cmocka_unit_test_setup_teardown(test, small_environment, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_environment(presets_hold_where_nothing_is_set),
        with_environment(a_slash_at_the_end_of_a_url_is_dropped),
        with_environment(production_wants_every_secret_and_says_which),
        with_environment(production_is_the_default),
        with_environment(a_number_out_of_range_is_refused_with_the_range),
        with_environment(a_url_that_is_none_is_refused),
        with_environment(a_protocol_of_the_voice_is_one_of_two),
        with_environment(a_language_that_flux_does_not_know_is_refused),
        with_environment(a_certificate_without_its_key_is_refused),
        with_environment(secrets_are_masked_when_printed),
        with_environment(the_env_file_is_read_in_development_and_the_environment_wins),
        with_environment(the_env_file_is_not_read_in_production),
        with_environment(off_leaves_a_model_parameter_out),
        with_environment(secret_of_tokens_must_be_long),
        with_environment(development_makes_a_secret_production_wants_one),
        with_environment(lists_name_what_is_wrong_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
