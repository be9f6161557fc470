/* app/config.h: every setting Karen has, as rows of one table. The only place that reads the
 * environment (and, in development, a .env file). */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct config {
    struct arena arena; /* of all texts below */

    bool production;
    const char *database_url;
    const char *public_url; /* without a slash at the end */
    const char *listen;
    int64_t workers; /* 0: one a core */
    const char *tls_cert_file, *tls_key_file;
    const char *ca_file;
    const char *log_level, *log_format;
    const char *metrics_token;
    const char *trusted_proxies;

    const char *jwt_secret, *jwt_secret_old;
    int64_t jwt_expiry, session_days;
    int64_t api_requests_per_minute;
    const char *sign_in_countries;
    int64_t sign_in_codes_per_day, sign_in_codes_per_prefix, sign_in_codes_per_address;

    const char *prompts_dir, *cache_dir, *journal_dir;
    const char *default_tenant_id, *default_country;
    int64_t calls_per_worker_max, calls_per_tenant_max;
    int64_t call_seconds_max, drain_seconds_max;

    const char *twilio_account_sid, *twilio_auth_token, *twilio_auth_token_old;
    const char *twilio_sms_sender;
    const char *twilio_base_url, *twilio_verify_base_url, *twilio_numbers_base_url;
    const char *twilio_pricing_base_url;
    const char *twilio_verify_service_sid;

    const char *deepgram_api_key, *deepgram_base_url, *deepgram_model;
    const char *deepgram_flux_languages; /* NULL: none */

    const char *openai_api_key, *openai_base_url, *openai_model, *openai_fallback_model;
    const char *openai_screening_model;
    const char *openai_reasoning_effort, *openai_verbosity, *openai_tokens_field;
    double openai_temperature; /* negative: not sent */

    const char *elevenlabs_api_key, *elevenlabs_base_url, *elevenlabs_model, *elevenlabs_voice_id;
    const char *elevenlabs_protocol; /* "websocket" or "http" */
};

/* Reads all settings. EINVAL: at least one is missing or wrong; *problems_out then holds one line
 * for each, a sentence that says which, why and what to do; the caller frees it with buf_free().
 * env_file: read first when it exists and KAREN_ENV is not "production"; the environment wins. */
int config_load(const char *env_file, struct config *config_out, struct buf *problems_out);
/* Only the database's URL, for the commands that need nothing else. EINVAL: it is not set. */
int config_load_database(const char *env_file, struct config *config_out);
void config_fini(struct config *config);

/* The table as people read it: name, value (secrets masked), where it came from, what it is for. */
void config_print(const struct config *config, struct buf *out);
/* The same as documentation, with the defaults: `karen help settings`. */
void config_describe(struct buf *out);
