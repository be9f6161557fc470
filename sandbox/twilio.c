/* sandbox/twilio.c: the frame of Twilio's REST: who may, errors, dates, pages, and the table of
 * what there is. */
#include "base/hash.h"
#include "base/mem.h"
#include "sandbox/body.h"
#include "sandbox/twilio_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct twilio *twilio_new(struct loop *loop, struct party *party, const char *number,
                          const char *voice_url)
{
    struct twilio *twilio = xalloc(sizeof(*twilio));
    const struct http_client_options options = {.user_agent = "TwilioProxy/1.1"};
    twilio->loop = loop;
    twilio->party = party;
    twilio->http = http_client_new(loop, &options);
    twilio->numbers = xalloc(NUMBERS_MAX * sizeof(twilio->numbers[0]));
    twilio->messages = xalloc(MESSAGES_MAX * sizeof(twilio->messages[0]));
    twilio->verifications = xalloc(VERIFICATIONS_MAX * sizeof(twilio->verifications[0]));
    twilio_add_bundles(twilio);
    twilio_own_number(twilio, number ? number : "+420228883001", voice_url ? voice_url : "");
    return twilio;
}

void twilio_free(struct twilio **twilio)
{
    if (!*twilio)
        return;
    twilio_telephones_free(*twilio);
    twilio_calls_free(*twilio);
    twilio_messages_free(*twilio);
    http_client_free(&(*twilio)->http);
    free((*twilio)->numbers);
    free((*twilio)->messages);
    free((*twilio)->verifications);
    free(*twilio);
    *twilio = NULL;
}

void twilio_set_base(struct twilio *twilio, const char *base_url)
{
    snprintf(twilio->base_url, sizeof(twilio->base_url), "%s", base_url);
}

void twilio_refuse(struct visit *visit, int status, int code, const char *message)
{
    static const struct {
        int code;
        const char *message;
    } usual[] = {
        {20003, "Authenticate"},        {20404, "The requested resource was not found"},
        {20429, "Too Many Requests"},   {20500, "An internal server error has occurred"},
        {20503, "Service unavailable"},
    };
    struct buf body = {0};
    char more[64];
    for (size_t i = 0; i < countof(usual) && !message; i++)
        if (usual[i].code == code)
            message = usual[i].message;
    snprintf(more, sizeof(more), "https://www.twilio.com/docs/errors/%d", code);
    buf_putc(&body, '{');
    body_put_whole(&body, "code", code);
    body_put_text(&body, "message", message ? message : "The request was refused");
    body_put_text(&body, "more_info", more);
    body_put_whole(&body, "status", status);
    buf_putc(&body, '}');
    if (status == 401)
        http_set_header(visit->req, "WWW-Authenticate", "Basic realm=\"Twilio API\"");
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

/* Faults name Twilio's own code as a number; without one it follows from the status. */
static void fail(struct visit *visit, int status, const char *code, const char *message)
{
    int usual = 20000 + status;
    if (status == 401)
        usual = 20003;
    twilio_refuse(visit, status, code && atoi(code) ? atoi(code) : usual, message);
}

const char *twilio_account(const struct visit *visit)
{
    return visit->party->settings->twilio_account;
}

void twilio_put_date(struct buf *out, const char *name, int64_t unix_ms)
{
    char text[48];
    time_t at = (time_t)(unix_ms / 1000);
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &utc);
    body_put_text(out, name, unix_ms ? text : NULL);
}

void twilio_put_iso_date(struct buf *out, const char *name, int64_t unix_ms)
{
    char text[48];
    time_t at = (time_t)(unix_ms / 1000);
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    body_put_text(out, name, unix_ms ? text : NULL);
}

bool twilio_is_e164(const char *text)
{
    size_t digits = text && text[0] == '+' ? strspn(text + 1, "0123456789") : 0;
    return digits >= 7 && digits <= 15 && text[1] != '0' && !text[1 + digits];
}

bool twilio_take_field(struct visit *visit, const char *name, char *out, size_t room)
{
    const char *value = http_field(visit->req, name);
    if (value && strlen(value) >= room) {
        twilio_refuse(visit, 400, 21401, "A parameter is too long");
        return false;
    }
    if (value)
        strcpy(out, value); /* fits: looked at above */
    return true;
}

struct str twilio_sid_of(struct str part)
{
    static const char ending[] = ".json";
    size_t bytes = sizeof(ending) - 1;
    if (part.bytes > bytes && memcmp(part.at + part.bytes - bytes, ending, bytes) == 0)
        part.bytes -= bytes;
    return part;
}

struct twilio_page twilio_page_of(const struct visit *visit)
{
    const char *size = http_query(visit->req, "PageSize"), *at = http_query(visit->req, "Page");
    struct twilio_page page = {.size = size ? strtoul(size, NULL, 10) : PAGE_SIZE_USUAL,
                               .number = at ? strtoul(at, NULL, 10) : 0};
    if (page.size < 1 || page.size > PAGE_SIZE_MAX)
        page.size = PAGE_SIZE_MAX;
    if (page.number > 1000000)
        page.number = 1000000;
    return page;
}

bool twilio_page_takes(struct twilio_page *page)
{
    page->fitting++;
    if (page->fitting <= page->size * page->number || page->shown == page->size)
        return false;
    page->shown++;
    return true;
}

void twilio_page_reply(struct visit *visit, const struct twilio_page *page, struct buf *body)
{
    char next[256];
    struct str query = visit->req->target, path = str_cut(&query, '?');
    static const char prefix[] = "/twilio";
    path = (struct str){path.at + sizeof(prefix) - 1, path.bytes - sizeof(prefix) + 1};
    snprintf(next, sizeof(next), "%.*s?PageSize=%lu&Page=%lu", (int)path.bytes, path.at, page->size,
             page->number + 1);
    buf_putc(body, ']');
    body_put_whole(body, "page", (int64_t)page->number);
    body_put_whole(body, "page_size", (int64_t)page->size);
    body_put_whole(body, "start", (int64_t)(page->number * page->size));
    body_put_whole(body, "end",
                   (int64_t)(page->number * page->size + (page->shown ? page->shown - 1 : 0)));
    bool more = page->fitting > page->size * (page->number + 1);
    body_put_text(body, "next_page_uri", more ? next : NULL);
    body_put_text(body, "previous_page_uri", NULL);
    snprintf(next, sizeof(next), "%.*s?PageSize=%lu&Page=0", (int)path.bytes, path.at, page->size);
    body_put_text(body, "first_page_uri", next);
    snprintf(next, sizeof(next), "%.*s", (int)path.bytes, path.at);
    body_put_text(body, "uri", next);
    buf_putc(body, '}');
    visit_reply_json(visit, 200, buf_str(body));
}

void twilio_page_reply_v2(struct visit *visit, const struct twilio_page *page, const char *name,
                          struct buf *body)
{
    char next[512];
    struct str query = visit->req->target, path = str_cut(&query, '?');
    snprintf(next, sizeof(next), "https://numbers.twilio.com%.*s?PageSize=%lu&Page=%lu",
             (int)path.bytes - 7, path.at + 7, page->size, page->number + 1); /* without /twilio */
    bool more = page->fitting > page->size * (page->number + 1);
    buf_puts(body, "],\"meta\":{");
    body_put_whole(body, "page", (int64_t)page->number);
    body_put_whole(body, "page_size", (int64_t)page->size);
    body_put_text(body, "next_page_url", more ? next : NULL);
    body_put_text(body, "previous_page_url", NULL);
    body_put_text(body, "key", name);
    buf_puts(body, "}}");
    visit_reply_json(visit, 200, buf_str(body));
}

int64_t twilio_say_ms(const struct settings *settings)
{
    return settings->twilio_say_ms_per_char ? settings->twilio_say_ms_per_char : -1;
}

static void get_account(struct visit *visit)
{
    struct buf body = {0};
    buf_putc(&body, '{');
    body_put_text(&body, "sid", twilio_account(visit));
    body_put_text(&body, "friendly_name", "Sandbox");
    body_put_text(&body, "status", "active");
    body_put_text(&body, "type", "Full");
    body_put_text(&body, "owner_account_sid", twilio_account(visit));
    twilio_put_date(&body, "date_created", wall_now_ms());
    buf_putc(&body, '}');
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

/* Account and token, as HTTP Basic; TwiML that came inline is fetched without. */
static enum key_check check_key(const struct visit *visit)
{
    const struct settings *settings = visit->party->settings;
    const char *given = visit_credential(visit, "Authorization", "Basic");
    struct buf right = {0}, text = {0};
    if (visit->endpoint && strcmp(visit->endpoint->name, "twiml") == 0)
        return KEY_FREE;
    buf_printf(&text, "%s:%s", settings->twilio_account, settings->twilio_token);
    base64_put(&right, text.data, text.bytes);
    enum key_check key = key_check(given, buf_text(&right));
    buf_free(&right);
    buf_free(&text);
    return key;
}

#define ACCOUNT "/2010-04-01/Accounts/:"
static const struct endpoint endpoints[] = {
    {HTTP_POST, ACCOUNT "/Calls.json", "create_call", twilio_create_call},
    {HTTP_GET, ACCOUNT "/Calls.json", "calls", twilio_list_calls},
    {HTTP_GET, ACCOUNT "/Calls/:", "call", twilio_get_call},
    {HTTP_POST, ACCOUNT "/Calls/:", "update_call", twilio_update_call},
    {HTTP_GET, ACCOUNT "/AvailablePhoneNumbers/:/:", "available", twilio_list_available},
    {HTTP_POST, ACCOUNT "/IncomingPhoneNumbers.json", "buy_number", twilio_buy_number},
    {HTTP_GET, ACCOUNT "/IncomingPhoneNumbers.json", "numbers", twilio_list_numbers},
    {HTTP_GET, ACCOUNT "/IncomingPhoneNumbers/:", "number", twilio_get_number},
    {HTTP_POST, ACCOUNT "/IncomingPhoneNumbers/:", "update_number", twilio_update_number},
    {HTTP_DELETE, ACCOUNT "/IncomingPhoneNumbers/:", "release_number", twilio_release_number},
    {HTTP_DELETE, ACCOUNT "/Recordings/:", "delete_recording", twilio_delete_recording},
    {HTTP_POST, ACCOUNT "/Messages.json", "create_message", twilio_create_message},
    {HTTP_GET, ACCOUNT "/Messages.json", "messages", twilio_list_messages},
    {HTTP_GET, ACCOUNT "/Messages/:", "message", twilio_get_message},
    {HTTP_GET, ACCOUNT, "account", get_account},
    {HTTP_POST, "/v2/Services/:/Verifications", "start_verification", twilio_start_verification},
    {HTTP_POST, "/v2/Services/:/VerificationCheck", "check_verification",
     twilio_check_verification},
    {HTTP_GET, "/v2/Services/:/Verifications/:", "verification", twilio_get_verification},
    {HTTP_POST, "/v2/Services/:/Verifications/:", "update_verification",
     twilio_update_verification},
    {HTTP_GET, "/v2/RegulatoryCompliance/Bundles", "bundles", twilio_list_bundles},
    {HTTP_GET, "/v2/RegulatoryCompliance/Bundles/:", "bundle", twilio_get_bundle},
    {HTTP_GET, "/v1/PhoneNumbers/Countries/:", "prices", twilio_get_prices},
    {HTTP_GET | HTTP_POST, "/twiml/:", "twiml", twilio_get_twiml},
};

static void print_live(void *state, struct buf *out)
{
    buf_puts(out, "\"live\":[");
    twilio_print_calls(state, out);
    buf_puts(out, "],\"verifications\":[");
    twilio_print_verifications(state, out);
    buf_putc(out, ']');
}

const struct party_kind twilio_kind = {
    .name = "twilio",
    .endpoints = endpoints,
    .endpoint_count = countof(endpoints),
    .check_key = check_key,
    .fail = fail,
    .print_live = print_live,
};
