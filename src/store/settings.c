/* store/settings.c: the settings of a tenant by name, what each may be, and all of a change as one
 * JSON object, in which form the database takes them. */
#include "store/settings.h"

#include "base/utf8.h"
#include "rules/phone.h"
#include "store/store_private.h"

#include <errno.h>
#include <string.h>

static const char *const languages[] = {"cs", "en", "de", "sk"};

enum {
    VIP_BYTES_MAX = 200,
    EMAIL_BYTES_MAX = 254,
    VOICE_BYTES_MAX = 64,
    TIMEZONE_BYTES_MAX = 64,
    REASON_BYTES_MAX = 500,
};

/* Each check returns what is wrong with the value, or NULL. */
typedef const char *check_fn(struct str value);

static const char *check_name(struct str value)
{
    return value.bytes <= TENANT_NAME_BYTES_MAX ? NULL : "longer than 200 bytes";
}

static const char *check_prompt(struct str value)
{
    return value.bytes <= TENANT_PROMPT_BYTES_MAX ? NULL : "longer than 64000 bytes";
}

static const char *check_greeting(struct str value)
{
    return value.bytes <= TENANT_GREETING_BYTES_MAX ? NULL : "longer than 600 bytes";
}

static bool made_of(struct str value, const char *punctuation)
{
    for (size_t i = 0; i < value.bytes; i++) {
        char byte = value.at[i];
        bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z');
        if (!alphanumeric && (!byte || !strchr(punctuation, byte)))
            return false;
    }
    return true;
}

/* It becomes part of a provider's URL, under the operator's key. */
static const char *check_voice(struct str value)
{
    return value.bytes <= VOICE_BYTES_MAX && made_of(value, "_-")
               ? NULL
               : "not a voice id: up to 64 letters, digits, - and _";
}

static const char *check_language(struct str value)
{
    return store_code(languages, countof(languages), value) >= 0 ? NULL : "not one of cs en de sk";
}

static const char *check_phone(struct str value)
{
    char e164[PHONE_TEXT_BYTES];
    return phone_parse(value, NULL, e164) == PHONE_NUMBER && str_is(value, e164)
               ? NULL
               : "not a telephone number like +420601123456";
}

static const char *check_email(struct str value)
{
    const char *at = memchr(value.at, '@', value.bytes);
    bool whole = at && at > value.at && at + 1 < value.at + value.bytes &&
                 value.bytes <= EMAIL_BYTES_MAX && !memchr(value.at, ' ', value.bytes);
    return whole ? NULL : "not an e-mail address";
}

static const char *check_timezone(struct str value)
{
    return value.bytes <= TIMEZONE_BYTES_MAX && made_of(value, "/_+-") &&
                   (memchr(value.at, '/', value.bytes) || str_is(value, "UTC"))
               ? NULL
               : "not a time zone like Europe/Prague";
}

static const char *check_vips(struct str value)
{
    size_t count = 0;
    while (value.bytes) {
        struct str name = str_trim(str_cut(&value, '\n'));
        if (name.bytes > VIP_BYTES_MAX)
            return "a name is longer than 200 bytes";
        count += name.bytes > 0;
    }
    return count <= TENANT_VIPS_MAX ? NULL : "more than 50 names";
}

static const char *check_formality(struct str value)
{
    return str_is(value, "formal") || str_is(value, "informal") ? NULL
                                                                : "not one of formal informal";
}

static int64_t whole_of(struct str value)
{
    int64_t whole = 0;
    for (size_t i = 0; i < value.bytes; i++) {
        if (value.at[i] < '0' || value.at[i] > '9' || i == 9)
            return -1;
        whole = whole * 10 + (value.at[i] - '0');
    }
    return whole;
}

static bool is_between(struct str value, int64_t least, int64_t most)
{
    int64_t whole = whole_of(value);
    return whole >= least && whole <= most;
}

static const char *check_seconds(struct str value)
{
    return is_between(value, TENANT_CALL_SECONDS_MIN, TENANT_CALL_SECONDS_MAX)
               ? NULL
               : "not a number of seconds from 30 to 1800";
}

static const char *check_days(struct str value)
{
    return is_between(value, 1, TENANT_RETENTION_DAYS_MAX) ? NULL
                                                           : "not a number of days from 1 to 3650";
}

static const char *check_audit_days(struct str value)
{
    return is_between(value, TENANT_AUDIT_DAYS_MIN, TENANT_RETENTION_DAYS_MAX)
               ? NULL
               : "not a number of days from 30 to 3650";
}

static const char *check_calls(struct str value)
{
    return is_between(value, 1, 1000000) ? NULL : "not a number of calls from 1 to 1000000";
}

static const char *check_members(struct str value)
{
    return is_between(value, 1, 10000) ? NULL : "not a number of people from 1 to 10000";
}

static const char *check_numbers(struct str value)
{
    return is_between(value, 0, 10000) ? NULL : "not a number of numbers from 0 to 10000";
}

static const char *check_reason(struct str value)
{
    return value.bytes <= REASON_BYTES_MAX ? NULL : "longer than 500 bytes";
}

/* As the API writes times; that the day exists the database knows. */
static const char *check_time(struct str value)
{
    static const char shape[] = "0000-00-00T00:00:00";
    bool fits = value.bytes >= sizeof(shape) && value.bytes <= sizeof(shape) + 4 &&
                value.at[value.bytes - 1] == 'Z';
    for (size_t i = 0; fits && i < sizeof(shape) - 1; i++)
        fits = shape[i] == '0' ? value.at[i] >= '0' && value.at[i] <= '9' : value.at[i] == shape[i];
    for (size_t i = sizeof(shape); fits && i < value.bytes - 1; i++)
        fits = value.at[sizeof(shape) - 1] == '.' && value.at[i] >= '0' && value.at[i] <= '9';
    return fits ? NULL : "not a time like 2026-11-28T08:00:00Z";
}

static const char *check_plan(struct str value)
{
    return tenant_plan_of(value) != PLAN_COUNT ? NULL : "not one of trial basic pro";
}

static const char *check_status(struct str value)
{
    return tenant_status_of(value) != TENANT_STATUS_COUNT ? NULL
                                                          : "not one of active suspended cancelled";
}

enum setting_empty { EMPTY_REFUSED, EMPTY_CLEARS };
static const struct setting {
    const char *name;
    check_fn *check;
    enum setting_empty empty;
    enum settings_owner owner;
} settings_known[] = {
    {"name", check_name, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"owner_name", check_name, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"owner_spoken", check_name, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"formality", check_formality, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"system_prompt", check_prompt, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"greeting_text", check_greeting, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"voice_id", check_voice, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"language", check_language, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"forward_number", check_phone, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"marketing_email", check_email, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"timezone", check_timezone, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"vip_names", check_vips, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"call_seconds_max", check_seconds, EMPTY_REFUSED, SETTINGS_TENANTS},
    {"retention_calls_days", check_days, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"retention_transcripts_days", check_days, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"retention_recordings_days", check_days, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"retention_audit_days", check_audit_days, EMPTY_CLEARS, SETTINGS_TENANTS},
    {"plan", check_plan, EMPTY_REFUSED, SETTINGS_OPERATORS},
    {"status", check_status, EMPTY_REFUSED, SETTINGS_OPERATORS},
    {"suspended_reason", check_reason, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"trial_ends_at", check_time, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"unpaid_since", check_time, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"usage_anchor", check_time, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"limit_calls", check_calls, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"limit_members", check_members, EMPTY_CLEARS, SETTINGS_OPERATORS},
    {"limit_numbers", check_numbers, EMPTY_CLEARS, SETTINGS_OPERATORS},
};

static const struct setting *find_setting(struct str name)
{
    for (size_t i = 0; i < countof(settings_known); i++)
        if (str_is(name, settings_known[i].name))
            return &settings_known[i];
    return NULL;
}

static const char *what_is_wrong(struct tenant_setting setting)
{
    const struct setting *known = find_setting(setting.name);
    if (!known)
        return "there is no such setting";
    if (!utf8_valid(setting.value) ||
        (setting.value.bytes && memchr(setting.value.at, 0, setting.value.bytes)))
        return "not UTF-8 text";
    if (setting.value.bytes == 0)
        return known->empty == EMPTY_CLEARS ? NULL : "it cannot be empty";
    return known->check(setting.value);
}

int tenant_setting_check(struct tenant_setting setting, const char **why_out)
{
    const char *why = what_is_wrong(setting);
    if (!why)
        return 0;
    *why_out = why;
    return EINVAL;
}

static void put_names(struct buf *json, struct str lines)
{
    bool any = false;
    buf_putc(json, '[');
    while (lines.bytes) {
        struct str name = str_trim(str_cut(&lines, '\n'));
        if (!name.bytes)
            continue;
        if (any)
            buf_putc(json, ',');
        store_json_text(json, name);
        any = true;
    }
    buf_putc(json, ']');
}

static void put_setting(struct buf *json, struct tenant_setting setting)
{
    if (json->bytes > 1)
        buf_putc(json, ',');
    store_json_text(json, setting.name);
    buf_putc(json, ':');
    if (str_is(setting.name, "vip_names"))
        put_names(json, setting.value);
    else if (setting.value.bytes)
        store_json_text(json, setting.value);
    else
        buf_puts(json, "null");
}

int settings_json(const struct tenant_setting *settings, size_t count, struct buf *json,
                  unsigned *owners_out)
{
    const char *why;
    unsigned owners = 0;
    buf_putc(json, '{');
    for (size_t i = 0; i < count; i++) {
        if (tenant_setting_check(settings[i], &why))
            return EINVAL;
        owners |= find_setting(settings[i].name)->owner;
        put_setting(json, settings[i]);
    }
    buf_putc(json, '}');
    *owners_out = owners;
    return 0;
}
