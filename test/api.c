/* test/api.c: the API in this process, and its clients. */
#include "test/api.h"

#include "api/contract.h"
#include "api/live.h"
#include "app/prompts.h"
#include "auth/jwt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tally.h"
#include "test/json_at.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS_PER_MINUTE = 1000000 };

struct api_world api_world;
static struct api_world *const w = &api_world;

static struct line_texts line_texts(const char *language, void *arg)
{
    const struct prompts *prompts = arg;
    return (struct line_texts){.conversation = prompts_conversation(prompts, language),
                               .phrases = prompts_phrases(prompts, language)};
}

static void load_prompts(void)
{
    struct buf why = {0};
    if (prompts_load(KAREN_SOURCE_ROOT "/prompts", &w->prompts, &why))
        fail_msg("%s", buf_text(&why));
}

static void open_server(void)
{
    const char *why = NULL;
    const struct http_server_options options = {
        .routes = w->api.routes, .route_count = w->api.count, .app = &w->api};
    assert_int_equal(http_server_open(w->bench.loop, "127.0.0.1:0", &options, &w->server, &why), 0);
    snprintf(w->base, sizeof(w->base), "http://127.0.0.1:%u", http_server_port(w->server));
}

int api_world_open(void **state)
{
    (void)state;
    char *why = NULL;
    log_setup(LOG_ERROR, false); /* the stand-ins tell of every code and call */
    bench_open(&w->bench);
    w->http = http_client_new(w->bench.loop, &(struct http_client_options){0});
    load_prompts();
    api_world_open_sandbox(w);
    w->keys = auth_keys_new(&(struct auth_key_options){
        .secret = "a secret for tests only, 32 bytes or more", .issuer = "https://karen.test"});
    const struct db_options operator= {
        .url = postgres_url(), .role = DB_ROLE_OPERATOR, .connections = 1};
    assert_int_equal(db_open(w->bench.loop, &operator, & w->db_operator), 0);
    w->api = (struct api){.db = w->bench.app,
                          .db_reports = w->bench.app,
                          .db_operator = w->db_operator,
                          .tenant_calls_max = 20,
                          .calls_capacity = 100,
                          .live = live_new(w->bench.loop, w->bench.app),
                          .keys = w->keys,
                          .tally = tally_new(),
                          .public_url = "https://karen.test",
                          .default_country = "CZ",
                          .sign_in_countries = "CZ SK DE AT GB",
                          .rest = w->rest,
                          .voices = w->voices,
                          .default_voice = API_DEFAULT_VOICE,
                          .clips = w->clips,
                          .texts = line_texts,
                          .texts_arg = w->prompts,
                          .sms_sender = "MG00000000000000000000000000000001",
                          .token_seconds = 900,
                          .session_days = 90,
                          .codes_per_day = 1000,
                          .codes_per_prefix = 200,
                          .codes_per_address = 1000000,
                          .sandbox = true,
                          .origin = "https://karen.test",
                          .requests_per_minute = REQUESTS_PER_MINUTE};
    if (api_open(&w->api, &why))
        fail_msg("%s", why);
    open_server();
    return 0;
}

static void settle(void)
{
    for (int i = 0; i < 50; i++)
        loop_step(w->bench.loop, 0);
}

int api_world_close(void **state)
{
    (void)state;
    settle();
    http_server_close(&w->server);
    api_world_close_sandbox(w);
    http_client_free(&w->http);
    settle();
    api_close(&w->api);
    tally_free(&w->api.tally);
    auth_keys_free(&w->keys);
    db_close(&w->db_operator);
    live_free(&w->api.live);
    prompts_free(&w->prompts);
    bench_close(&w->bench);
    cJSON_Delete(w->json);
    buf_free(&w->body);
    buf_free(&w->headers);
    *w = (struct api_world){0};
    return 0;
}

/* ---- people --------------------------------------------------------------------------------- */

static char *texts(void)
{
    static char ring[4][4096];
    static size_t next;
    return ring[next++ % countof(ring)];
}

static const char *id_text(struct uuid id)
{
    char *text = texts();
    uuid_print(id, text);
    return text;
}

struct uuid api_tenant(const char *name)
{
    return postgres_tenant(name);
}

struct person api_person(struct uuid tenant, enum role role, const char *phone)
{
    struct person person = {
        .tenant = tenant, .user = uuid_new(wall_now_ms()), .session = uuid_new(wall_now_ms())};
    struct buf sql = {0}, token = {0};
    int64_t now_s = wall_now_ms() / 1000;
    snprintf(person.phone, sizeof(person.phone), "%s", phone);
    buf_printf(&sql,
               "INSERT INTO users (tenant_id, id, phone, phone_verified, role, name)"
               " VALUES ('%s', '%s', '%s', true, '%s', 'Test');",
               id_text(tenant), id_text(person.user), phone, role_code(role));
    buf_printf(&sql,
               "INSERT INTO user_sessions (tenant_id, id, user_id, token_hash, expires_at)"
               " VALUES ('%s', '%s', '%s', sha256('%s'), now() + interval '1 day')",
               id_text(tenant), id_text(person.session), id_text(person.user),
               id_text(person.session));
    postgres_run(buf_text(&sql));
    auth_token_make(w->keys,
                    &(struct auth_claims){.tenant = tenant,
                                          .user = person.user,
                                          .session = person.session,
                                          .phone = phone,
                                          .issued_s = now_s,
                                          .expires_s = now_s + 900},
                    &token);
    assert_true(token.bytes < sizeof(person.token));
    snprintf(person.token, sizeof(person.token), "%s", buf_text(&token));
    buf_free(&sql);
    buf_free(&token);
    return person;
}

static struct person next_person(struct uuid tenant, enum role role)
{
    static unsigned count;
    char phone[17];
    snprintf(phone, sizeof(phone), "+4206016%05u", ++count % 100000);
    return api_person(tenant, role, phone);
}

struct customer api_customer(const char *name)
{
    struct uuid tenant = api_tenant(name);
    struct customer customer = {.owner = next_person(tenant, ROLE_OWNER),
                                .admin = next_person(tenant, ROLE_ADMIN),
                                .member = next_person(tenant, ROLE_MEMBER)};
    uuid_print(tenant, customer.tenant);
    snprintf(customer.path, sizeof(customer.path), "/api/tenants/%s", customer.tenant);
    return customer;
}

void api_make_operator(const struct person *person)
{
    char *sql = xprintf("INSERT INTO operators (phone) VALUES ('%s')", person->phone);
    postgres_run(sql);
    free(sql);
}

/* ---- asking --------------------------------------------------------------------------------- */

static bool answered;

static const struct operation *operation_of(enum http_method method, const char *path)
{
    size_t length = strcspn(path, "?");
    for (size_t i = 0; i + api_route_count < w->api.count; i++) {
        const struct operation *operation = &w->api.operations[i];
        if (operation->method == (method == HTTP_HEAD ? HTTP_GET : method) &&
            operation_path_fits(operation, (struct str){path, length}))
            return operation;
    }
    return NULL;
}

/* The contract lists this status, and the body is what it says. */
static void check_answer(enum http_method method, const char *path, const char *type)
{
    const struct operation *operation = operation_of(method, path);
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    if (!operation || method == HTTP_HEAD)
        return;
    if (operation_check_answer(operation, w->status, type, w->json, &faults))
        fail_msg("%s answered %d: %s %s\n%s", operation->id, w->status, faults.list[0].field,
                 faults.list[0].message, buf_text(&w->body));
    arena_free(&arena);
}

struct asked {
    enum http_method method;
    const char *path;
};

static void on_answer(const struct http_answer *answer, void *arg)
{
    static const char *const kept[] = {"ETag",
                                       "Retry-After",
                                       "RateLimit",
                                       "Set-Cookie",
                                       "Location",
                                       "Idempotency-Replayed",
                                       "Content-Type",
                                       "Content-Disposition",
                                       "Allow",
                                       "Content-Encoding",
                                       "Content-Security-Policy"};
    const struct asked *asked = arg;
    answered = true;
    if (answer->err)
        fail_msg("%s: no answer: %s", asked->path, answer->why);
    w->status = answer->status;
    buf_clear(&w->body);
    buf_clear(&w->headers);
    buf_add_str(&w->body, answer->body);
    for (size_t i = 0; i < countof(kept); i++) {
        const char *value = answer->header(answer, kept[i]);
        if (value)
            buf_printf(&w->headers, "%s: %s\n", kept[i], value);
    }
    cJSON_Delete(w->json);
    w->json = NULL;
    const char *type = answer->header(answer, "Content-Type");
    if (type && strstr(type, "json"))
        w->json = cJSON_ParseWithLength(w->body.data, w->body.bytes);
    check_answer(asked->method, asked->path, type);
}

int api_ask_with(const struct person *person, enum http_method method, const char *const *headers,
                 struct str body, const char *path)
{
    char bearer[1100], *url = xprintf("%s%s", w->base, path);
    struct asked asked = {method, path};
    struct op *slot = NULL;
    struct http_ask ask = {.method = method,
                           .url = url,
                           .body = body,
                           .reply_bytes_max = 64 << 20,
                           .first_byte_ms_max = 30000,
                           .total_ms_max = 60000,
                           .on_done = on_answer};
    size_t count = 0;
    if (person) {
        snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", person->token);
        ask.headers[count++] = bearer;
    }
    for (; headers && *headers; headers++)
        ask.headers[count++] = *headers;
    answered = false;
    http_ask(w->http, &ask, &asked, &slot);
    bench_wait(&w->bench, &answered);
    free(url);
    return w->status;
}

int api_ask(const struct person *person, enum http_method method, const char *json,
            const char *path, ...)
{
    static const char *const as_json[] = {"Content-Type: application/json", NULL};
    char target[2048];
    va_list arguments;
    va_start(arguments, path);
    vsnprintf(target, sizeof(target), path, arguments);
    va_end(arguments);
    return api_ask_with(person, method, json ? as_json : NULL, str_of(json), target);
}

/* ---- looking at the answer ------------------------------------------------------------------ */

const char *api_header(const char *name)
{
    struct str rest = buf_str(&w->headers);
    while (rest.bytes) {
        struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ':');
        if (!str_is_nocase(key, name))
            continue;
        char *text = texts();
        value = str_trim(value);
        snprintf(text, 4096, "%.*s", (int)value.bytes, value.at);
        return text;
    }
    return NULL;
}

bool api_has(const char *path)
{
    return json_at(w->json, path) != NULL;
}

const char *api_value(const char *path)
{
    if (!w->json)
        fail_msg("there is no %s in %s", path, buf_text(&w->body));
    return json_text_at(w->json, path);
}

void api_expect_problem(int status, const char *code)
{
    if (w->status != status || !api_has("code") || strcmp(api_value("code"), code) != 0)
        fail_msg("not %d %s but %d: %s", status, code, w->status, buf_text(&w->body));
}

void api_expect_field(const char *field)
{
    for (int i = 0; i < CONTRACT_FAULTS_MAX; i++) {
        char path[32];
        snprintf(path, sizeof(path), "errors.%d.field", i);
        if (api_has(path) && strcmp(api_value(path), field) == 0)
            return;
    }
    fail_msg("%s is not named: %s", field, buf_text(&w->body));
}
