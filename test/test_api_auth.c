/* test/test_api_auth.c: signing in by phone as an app, a browser and an attacker do it. */
#include "auth/jwt.h"
#include "base/mem.h"
#include "carrier/twilio_rest.h"
#include "store/sessions.h"
#include "test/api.h"
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct api_world *const w = &api_world;

static int fresh(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants");
    postgres_run("DELETE FROM limit_counts");
    w->api.auth = (struct auth_counters){0};
    return 0;
}

/* A number of its own for each test, so that the stand-in for Twilio has sent it nothing yet. */
static const char *new_phone(void)
{
    static char phone[20];
    static int next;
    snprintf(phone, sizeof(phone), "+4206011%05d", ++next);
    return phone;
}

static void pass_limits(void)
{
    postgres_run("DELETE FROM limit_counts");
}

static int send_code(const char *phone)
{
    char json[200];
    snprintf(json, sizeof(json), "{\"phone\":\"%s\"}", phone);
    return api_ask(NULL, HTTP_POST, json, "/auth/send-code");
}

static int verify(const char *phone, const char *code)
{
    char json[200];
    snprintf(json, sizeof(json),
             "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"bearer\",\"device_name\":\"a test\"}",
             phone, code);
    return api_ask(NULL, HTTP_POST, json, "/auth/verify-code");
}

static void keep(char *out, size_t room, const char *path)
{
    snprintf(out, room, "%s", api_value(path));
}

/* What an app holds of its session. */
struct app {
    struct person person; /* its token, for api_ask() */
    char refresh[100], tenant[40];
};

static struct app app_of_answer(void)
{
    struct app app = {0};
    keep(app.person.token, sizeof(app.person.token), "token");
    keep(app.refresh, sizeof(app.refresh), "refresh_token");
    keep(app.tenant, sizeof(app.tenant), "user.tenant_id");
    return app;
}

static struct app sign_in(const char *phone)
{
    assert_int_equal(send_code(phone), 202);
    assert_int_equal(verify(phone, api_sandbox_code(phone)), 200);
    return app_of_answer();
}

static int refresh(const char *token)
{
    char json[200];
    snprintf(json, sizeof(json), "{\"token\":\"%s\"}", token);
    return api_ask(NULL, HTTP_POST, json, "/auth/refresh");
}

static void let_grace_pass(void)
{
    postgres_run("UPDATE user_sessions SET rotated_at = rotated_at - interval '11 seconds'");
}

/* ---- codes ---------------------------------------------------------------------------------- */

static void code_signs_in_and_makes_a_tenant(void **state)
{
    (void)state;
    const char *phone = new_phone();
    assert_int_equal(send_code(phone), 202);
    assert_string_equal(api_value("retry_after_seconds"), "30");
    assert_string_equal(api_value("expires_in_seconds"), "600");
    assert_int_equal(verify(phone, api_sandbox_code(phone)), 200);
    assert_string_equal(api_value("is_new"), "true");
    assert_string_equal(api_value("user.phone"), phone);
    assert_string_equal(api_value("user.role"), "owner");
    assert_string_equal(api_value("tenants.0.plan"), "trial");
    assert_string_equal(api_value("tenants.0.current"), "true");
    struct app app = app_of_answer();
    assert_int_equal(api_ask(&app.person, HTTP_GET, NULL, "/api/me"), 200);
    assert_string_equal(api_value("phone"), phone);
    char *made =
        postgres_ask("SELECT language || ' ' || timezone || ' ' || owner_name FROM tenants");
    assert_string_equal(made, "cs Europe/Prague Volaný");
    free(made);
    assert_int_equal(w->api.auth.new_people, 1);
    assert_int_equal(w->api.auth.codes[CODE_SENT], 1);
    assert_int_equal(w->api.auth.checks[CHECK_APPROVED], 1);
}

static void phone_is_read_as_people_write_it(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"phone\":\"+420 602 345 671\"}",
        "{\"phone\":\"602 345 671\"}",
        "{\"phone\":\"00420-602-345-671\",\"country\":\"DE\"}",
        "{\"phone\":\"602345671\",\"country\":\"CZ\",\"channel\":\"call\",\"language\":\"de\"}",
    };
    for (size_t i = 0; i < countof(bodies); i++) {
        pass_limits();
        assert_int_equal(api_ask(NULL, HTTP_POST, bodies[i], "/auth/send-code"), 202);
        assert_non_null(strstr(api_sandbox_newest("start_verification"), "602345671"));
    }
    assert_non_null(strstr(api_sandbox_newest("start_verification"), "Channel=call"));
    assert_non_null(strstr(api_sandbox_newest("start_verification"), "Locale=de"));
    pass_limits();
    assert_int_equal(api_ask(NULL, HTTP_POST, "{\"phone\":\"0171 2345678\",\"country\":\"DE\"}",
                             "/auth/send-code"),
                     202);
    assert_non_null(strstr(api_sandbox_newest("start_verification"), "491712345678"));
    assert_non_null(strstr(api_sandbox_newest("start_verification"), "Locale=de"));
}

static void what_is_no_phone_is_named(void **state)
{
    (void)state;
    static const char *const phones[] = {"123", "anonymous", "abc", "+420602", "+0602345678", " "};
    int64_t before = api_sandbox_asked("start_verification");
    for (size_t i = 0; i < countof(phones); i++) {
        send_code(phones[i]);
        api_expect_problem(422, "invalid_phone");
        api_expect_field("/phone");
    }
    assert_int_equal(api_sandbox_asked("start_verification"), before);
}

static void countries_that_are_not_served_get_no_code(void **state)
{
    (void)state;
    int64_t before = api_sandbox_asked("start_verification");
    send_code("+12025550123");
    api_expect_problem(422, "country_not_allowed");
    api_expect_field("/phone");
    send_code("+971501234567"); /* of no country that is known */
    api_expect_problem(422, "country_not_allowed");
    assert_int_equal(api_sandbox_asked("start_verification"), before);
    assert_int_equal(w->api.auth.codes[CODE_COUNTRY], 2);
    w->api.sign_in_countries = "all";
    assert_int_equal(send_code("+12025550123"), 202);
    w->api.sign_in_countries = "CZ SK DE AT GB";
}

static void known_and_unknown_phones_are_answered_alike(void **state)
{
    (void)state;
    char known[20], first[500];
    snprintf(known, sizeof(known), "%s", new_phone());
    sign_in(known);
    pass_limits();
    assert_int_equal(send_code(known), 202);
    snprintf(first, sizeof(first), "%s", buf_text(&w->body));
    assert_int_equal(send_code(new_phone()), 202);
    assert_string_equal(buf_text(&w->body), first);
}

static void wrong_codes_are_counted_down(void **state)
{
    (void)state;
    const char *phone = new_phone();
    char wrong[12];
    assert_int_equal(send_code(phone), 202);
    snprintf(wrong, sizeof(wrong), "%s", api_sandbox_code(phone));
    wrong[0] = wrong[0] == '9' ? '0' : (char)(wrong[0] + 1);
    for (int left = 4; left >= 0; left--) {
        char text[4];
        snprintf(text, sizeof(text), "%d", left);
        verify(phone, wrong);
        api_expect_problem(422, "wrong_code");
        api_expect_field("/code");
        assert_string_equal(api_value("attempts_left"), text);
    }
    int64_t before = api_sandbox_asked("check_verification");
    verify(phone, api_sandbox_code(phone)); /* the right one comes too late */
    api_expect_problem(429, "too_many_checks");
    assert_in_range(atoi(api_header("Retry-After")), 1, 600);
    assert_int_equal(api_sandbox_asked("check_verification"), before);
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 0);
    assert_int_equal(w->api.auth.checks[CHECK_WRONG], 5);
    assert_int_equal(w->api.auth.checks[CHECK_LIMITED], 1);
}

static void code_is_good_once(void **state)
{
    (void)state;
    const char *phone = new_phone();
    char code[12];
    assert_int_equal(send_code(phone), 202);
    snprintf(code, sizeof(code), "%s", api_sandbox_code(phone));
    assert_int_equal(verify(phone, code), 200);
    verify(phone, code);
    api_expect_problem(422, "code_expired");
    verify(new_phone(), "123456"); /* none was ever sent */
    api_expect_problem(422, "code_expired");
}

static void twilio_that_is_away_is_said_to_be(void **state)
{
    (void)state;
    const char *phone = new_phone();
    struct twilio_rest *rest = w->api.rest;
    assert_int_equal(send_code(phone), 202);
    w->api.rest = api_dead_rest();
    pass_limits();
    send_code(phone);
    api_expect_problem(503, "codes_away");
    assert_in_range(atoi(api_header("Retry-After")), 1, 60);
    verify(phone, "123456");
    api_expect_problem(503, "codes_away");
    assert_int_equal(w->api.auth.codes[CODE_AWAY], 1);
    assert_int_equal(w->api.auth.checks[CHECK_AWAY], 1);
    twilio_rest_free(&w->api.rest);
    w->api.rest = rest;
}

/* ---- sessions ------------------------------------------------------------------------------- */

static void session_is_renewed_by_its_token(void **state)
{
    (void)state;
    struct app app = sign_in(new_phone());
    assert_int_equal(refresh(app.refresh), 200);
    assert_string_equal(api_value("is_new"), "false");
    struct app next = app_of_answer();
    assert_string_not_equal(next.refresh, app.refresh);
    assert_string_not_equal(next.person.token, app.person.token);
    assert_int_equal(api_ask(&next.person, HTTP_GET, NULL, "/api/me"), 200);
    assert_int_equal(w->api.auth.renewals[RENEWAL_DONE], 1);
}

static void used_refresh_token_ends_the_session(void **state)
{
    (void)state;
    struct app app = sign_in(new_phone());
    assert_int_equal(refresh(app.refresh), 200);
    struct app next = app_of_answer();
    let_grace_pass();
    refresh(app.refresh);
    api_expect_problem(401, "token_reused");
    refresh(next.refresh);
    api_expect_problem(401, "session_over");
    api_ask(&next.person, HTTP_GET, NULL, "/api/me"); /* not even until its token expires */
    api_expect_problem(401, "unauthorized");
    assert_int_equal(w->api.auth.renewals[RENEWAL_REUSED], 1);
    assert_int_equal(
        postgres_count("SELECT count(*) FROM audit_log WHERE action = 'session.reuse'"), 1);
}

static void what_is_no_refresh_token_renews_nothing(void **state)
{
    (void)state;
    refresh("nonsense");
    api_expect_problem(401, "session_over");
    refresh("eyJhbGciOiJIUzI1NiJ9");
    api_expect_problem(401, "session_over");
    assert_int_equal(api_ask(NULL, HTTP_POST, NULL, "/auth/refresh"), 401);
    assert_int_equal(api_ask(NULL, HTTP_POST, "{}", "/auth/refresh"), 401);
}

static void token_is_worthless_after_signing_out(void **state)
{
    (void)state;
    char json[200];
    struct app app = sign_in(new_phone()), other = {0};
    snprintf(json, sizeof(json), "{\"token\":\"%s\"}", app.refresh);
    assert_int_equal(api_ask(NULL, HTTP_POST, json, "/auth/logout"), 204);
    api_ask(&app.person, HTTP_GET, NULL, "/api/me");
    api_expect_problem(401, "unauthorized");
    refresh(app.refresh);
    api_expect_problem(401, "session_over");
    assert_int_equal(api_ask(NULL, HTTP_POST, json, "/auth/logout"), 204); /* twice is fine */
    other = sign_in(new_phone());
    assert_int_equal(api_ask(&other.person, HTTP_POST, NULL, "/auth/logout"), 204);
    assert_int_equal(api_ask(&other.person, HTTP_GET, NULL, "/api/me"), 401);
    assert_int_equal(api_ask(NULL, HTTP_POST, NULL, "/auth/logout"), 204); /* nobody */
}

static void forged_tokens_open_nothing(void **state)
{
    (void)state;
    struct app app = sign_in(new_phone());
    struct auth_keys *strangers = auth_keys_new(&(struct auth_key_options){
        .secret = "a secret that a stranger has thought up", .issuer = "https://karen.test"});
    struct auth_claims claims;
    int64_t now_s = wall_now_ms() / 1000;
    struct buf token = {0};
    assert_int_equal(auth_token_check(w->keys, str_of(app.person.token), now_s, &claims), 0);
    claims.phone = "+420601000000";
    auth_token_make(strangers, &claims, &token);
    struct person forger = {0};
    snprintf(forger.token, sizeof(forger.token), "%s", buf_text(&token));
    api_ask(&forger, HTTP_GET, NULL, "/api/me");
    api_expect_problem(401, "unauthorized");
    buf_clear(&token); /* ours, but long over */
    claims.issued_s = now_s - 10000;
    claims.expires_s = now_s - 9000;
    auth_token_make(w->keys, &claims, &token);
    snprintf(forger.token, sizeof(forger.token), "%s", buf_text(&token));
    assert_int_equal(api_ask(&forger, HTTP_GET, NULL, "/api/me"), 401);
    buf_clear(&token); /* ours, of a session that never was */
    claims.expires_s = now_s + 900;
    claims.session = uuid_new(1);
    auth_token_make(w->keys, &claims, &token);
    snprintf(forger.token, sizeof(forger.token), "%s", buf_text(&token));
    assert_int_equal(api_ask(&forger, HTTP_GET, NULL, "/api/me"), 401);
    buf_free(&token);
    auth_keys_free(&strangers);
}

static void person_switches_between_tenants(void **state)
{
    (void)state;
    char phone[20], json[200], here[40];
    snprintf(phone, sizeof(phone), "%s", new_phone());
    struct app app = sign_in(phone);
    struct uuid other = api_tenant("Other");
    uuid_print(other, here);
    snprintf(json, sizeof(json), "{\"tenant_id\":\"%s\"}", here);
    api_ask(&app.person, HTTP_POST, json, "/auth/switch");
    api_expect_problem(404, "not_found");
    api_person(other, ROLE_ADMIN, phone);
    assert_int_equal(api_ask(&app.person, HTTP_GET, NULL, "/api/me/tenants"), 200);
    assert_string_equal(api_value("items.0.id"), app.tenant);
    assert_string_equal(api_value("items.1.name"), "Other");
    assert_int_equal(api_ask(&app.person, HTTP_POST, json, "/auth/switch"), 200);
    assert_string_equal(api_value("user.tenant_id"), here);
    assert_string_equal(api_value("user.role"), "admin");
    struct app there = app_of_answer();
    assert_int_equal(api_ask(&there.person, HTTP_GET, NULL, "/api/tenants/%s/members", here), 200);
    assert_int_equal(api_ask(&there.person, HTTP_GET, NULL, "/api/tenants/%s/members", app.tenant),
                     404);
    assert_int_equal(api_ask(&app.person, HTTP_GET, NULL, "/api/me"), 401); /* the one before */
}

static void devices_are_listed_and_signed_out(void **state)
{
    (void)state;
    char phone[20], id[40];
    snprintf(phone, sizeof(phone), "%s", new_phone());
    struct app one = sign_in(phone), stranger = sign_in(new_phone());
    pass_limits();
    struct app other = sign_in(phone);
    pass_limits();
    struct app third = sign_in(phone);
    assert_int_equal(api_ask(&one.person, HTTP_GET, NULL, "/api/me/sessions"), 200);
    assert_string_equal(api_value("items.0.current"), "true");
    assert_string_equal(api_value("items.1.current"), "false");
    assert_string_equal(api_value("items.1.device"), "a test");
    assert_false(api_has("items.3"));
    keep(id, sizeof(id), "items.1.id");
    api_ask(&stranger.person, HTTP_DELETE, NULL, "/api/me/sessions/%s", id);
    api_expect_problem(404, "not_found");
    assert_int_equal(api_ask(&one.person, HTTP_DELETE, NULL, "/api/me/sessions/%s", id), 204);
    assert_int_equal(api_ask(&one.person, HTTP_DELETE, NULL, "/api/me/sessions/%s", id), 404);
    assert_int_equal((api_ask(&other.person, HTTP_GET, NULL, "/api/me") == 401) +
                         (api_ask(&third.person, HTTP_GET, NULL, "/api/me") == 401),
                     1);
    assert_int_equal(api_ask(&one.person, HTTP_POST, NULL, "/api/me/sessions/revoke-others"), 200);
    assert_string_equal(api_value("ended"), "1");
    assert_int_equal(api_ask(&other.person, HTTP_GET, NULL, "/api/me"), 401);
    assert_int_equal(api_ask(&third.person, HTTP_GET, NULL, "/api/me"), 401);
    assert_int_equal(api_ask(&one.person, HTTP_GET, NULL, "/api/me"), 200);
}

static void name_and_language_are_ones_own(void **state)
{
    (void)state;
    struct app app = sign_in(new_phone());
    static const char *const stale[] = {"If-Match: \"1\"", "Content-Type: application/json", NULL};
    assert_int_equal(api_ask(&app.person, HTTP_PATCH,
                             "{\"name\":\"Eva Dvořáková\",\"language\":\"de\"}", "/api/me"),
                     200);
    assert_string_equal(api_value("name"), "Eva Dvořáková");
    assert_string_equal(api_value("language"), "de");
    assert_string_equal(api_header("ETag"), "\"2\"");
    api_ask_with(&app.person, HTTP_PATCH, stale, str_of("{\"name\":\"X\"}"), "/api/me");
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(api_ask(&app.person, HTTP_PATCH, "{\"name\":null}", "/api/me"), 200);
    assert_string_equal(api_value("name"), "null");
    assert_string_equal(api_value("language"), "de");
    api_ask(&app.person, HTTP_PATCH, "{\"language\":\"fr\"}", "/api/me");
    api_expect_field("/language");
    api_ask(&app.person, HTTP_PATCH, "{\"role\":\"owner\"}", "/api/me");
    api_expect_field("/role");
}

/* ---- browsers ------------------------------------------------------------------------------- */

static char page[64 * 1024]; /* the whole answer, as it came over the wire */

/* By hand, since a browser's cookies are two headers of one name. */
static int browse(const char *method, const char *path, const char *headers, const char *body)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(w->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct buf text = {0};
    size_t got = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    buf_printf(&text, "%s %s HTTP/1.1\r\nHost: karen.test\r\nConnection: close\r\n%s", method, path,
               headers);
    if (body)
        buf_printf(&text, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    else
        buf_puts(&text, "\r\n");
    assert_int_equal(write(fd, text.data, text.bytes), text.bytes);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (;;) {
        ssize_t bytes = read(fd, page + got, sizeof(page) - 1 - got);
        if (bytes == 0)
            break;
        if (bytes > 0)
            got += (size_t)bytes;
        else
            loop_step(w->bench.loop, 50);
    }
    page[got] = '\0';
    close(fd);
    buf_free(&text);
    return atoi(page + strlen("HTTP/1.1 "));
}

struct browser {
    char session[1200], refresh[200]; /* "name=value" */
};

static void take_cookie(const char *name, char *out, size_t room)
{
    char start[100];
    snprintf(start, sizeof(start), "Set-Cookie: %s=", name);
    const char *at = strstr(page, start);
    if (!at)
        fail_msg("no cookie %s in %s", name, page);
    at += strlen("Set-Cookie: ");
    snprintf(out, room, "%.*s", (int)strcspn(at, ";\r"), at);
}

static struct browser take_cookies(void)
{
    struct browser browser = {0};
    take_cookie("__Host-karen_session", browser.session, sizeof(browser.session));
    take_cookie("__Secure-karen_refresh", browser.refresh, sizeof(browser.refresh));
    return browser;
}

#define OURS "Origin: https://karen.test\r\n"
#define STRANGERS "Origin: https://evil.example\r\n"

static struct browser browser_signs_in(void)
{
    char body[200];
    const char *phone = new_phone();
    assert_int_equal(send_code(phone), 202);
    snprintf(body, sizeof(body), "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"cookie\"}", phone,
             api_sandbox_code(phone));
    assert_int_equal(browse("POST", "/auth/verify-code",
                            OURS "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) "
                                 "Gecko/20100101 Firefox/140.0\r\n",
                            body),
                     200);
    return take_cookies();
}

static int browse_with(const struct browser *browser, const char *method, const char *path,
                       const char *headers)
{
    char all[2000];
    snprintf(all, sizeof(all), "Cookie: theme=dark; %s; %s\r\n%s", browser->session,
             browser->refresh, headers);
    return browse(method, path, all, NULL);
}

static void browser_holds_its_session_in_cookies(void **state)
{
    (void)state;
    struct browser browser = browser_signs_in();
    assert_non_null(strstr(page, "\"token\":null,\"refresh_token\":null"));
    assert_non_null(strstr(page, "; Path=/; SameSite=Lax; HttpOnly; Max-Age=900; Secure\r\n"));
    assert_non_null(
        strstr(page, "; Path=/auth; SameSite=Strict; HttpOnly; Max-Age=7776000; Secure\r\n"));
    assert_int_equal(browse_with(&browser, "GET", "/api/me/sessions", ""), 200);
    assert_non_null(strstr(page, "Firefox on Linux"));
}

static void browser_renews_and_signs_out(void **state)
{
    (void)state;
    struct browser browser = browser_signs_in();
    assert_int_equal(browse_with(&browser, "POST", "/auth/refresh", OURS), 200);
    struct browser next = take_cookies();
    assert_string_not_equal(next.refresh, browser.refresh);
    assert_int_equal(browse_with(&next, "GET", "/api/me", ""), 200);
    assert_int_equal(browse_with(&next, "POST", "/auth/logout", OURS), 204);
    assert_non_null(strstr(page, "Set-Cookie: __Host-karen_session=; Path=/; SameSite=Lax; "
                                 "HttpOnly; Max-Age=0; Secure\r\n"));
    assert_int_equal(browse_with(&next, "GET", "/api/me", ""), 401);
    assert_int_equal(browse_with(&next, "POST", "/auth/refresh", OURS), 401);
    assert_non_null(strstr(page, "Max-Age=0")); /* it need not try again */
}

static void other_sites_change_nothing_in_ones_name(void **state)
{
    (void)state;
    struct browser browser = browser_signs_in();
    static const char *const from[] = {STRANGERS,
                                       "",
                                       "Origin: null\r\n",
                                       "Origin: https://karen.test.evil.example\r\n",
                                       "Origin: http://karen.test\r\n",
                                       "Sec-Fetch-Site: cross-site\r\n",
                                       "Sec-Fetch-Site: same-site\r\n"};
    static const char *const paths[] = {"/auth/refresh", "/auth/logout",
                                        "/api/me/sessions/revoke-others", "/api/me/leave"};
    for (size_t i = 0; i < countof(from); i++)
        for (size_t k = 0; k < countof(paths); k++) {
            assert_int_equal(browse_with(&browser, "POST", paths[k], from[i]), 403);
            assert_non_null(strstr(page, "\"code\":\"foreign_page\""));
        }
    assert_int_equal(browse_with(&browser, "GET", "/api/me", STRANGERS), 200);
    assert_int_equal(browse_with(&browser, "POST", "/api/me/sessions/revoke-others",
                                 "Sec-Fetch-Site: same-origin\r\n"),
                     200);
}

static void other_sites_sign_nobody_in(void **state)
{
    (void)state;
    char body[200];
    const char *phone = new_phone();
    assert_int_equal(send_code(phone), 202);
    snprintf(body, sizeof(body), "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"cookie\"}", phone,
             api_sandbox_code(phone));
    assert_int_equal(browse("POST", "/auth/verify-code", STRANGERS, body), 403);
    assert_int_equal(browse("POST", "/auth/verify-code", "", body), 403);
    assert_int_equal(browse("POST", "/auth/verify-code", OURS, body),
                     200); /* nothing was used up */
}

/* Over plain HTTP, on a developer's machine, a browser takes no cookie that asks for TLS. */
static void plain_http_has_plain_cookies(void **state)
{
    (void)state;
    w->api.public_url = "http://karen.test";
    char body[200];
    const char *phone = new_phone();
    assert_int_equal(send_code(phone), 202);
    snprintf(body, sizeof(body), "{\"phone\":\"%s\",\"code\":\"%s\",\"session\":\"cookie\"}", phone,
             api_sandbox_code(phone));
    assert_int_equal(browse("POST", "/auth/verify-code", OURS, body), 200);
    assert_non_null(strstr(page, "Set-Cookie: karen_session="));
    assert_null(strstr(page, "Secure"));
    w->api.public_url = "https://karen.test";
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(code_signs_in_and_makes_a_tenant),
        TEST(phone_is_read_as_people_write_it),
        TEST(what_is_no_phone_is_named),
        TEST(countries_that_are_not_served_get_no_code),
        TEST(known_and_unknown_phones_are_answered_alike),
        TEST(wrong_codes_are_counted_down),
        TEST(code_is_good_once),
        TEST(twilio_that_is_away_is_said_to_be),
        TEST(session_is_renewed_by_its_token),
        TEST(used_refresh_token_ends_the_session),
        TEST(what_is_no_refresh_token_renews_nothing),
        TEST(token_is_worthless_after_signing_out),
        TEST(forged_tokens_open_nothing),
        TEST(person_switches_between_tenants),
        TEST(devices_are_listed_and_signed_out),
        TEST(name_and_language_are_ones_own),
        TEST(browser_holds_its_session_in_cookies),
        TEST(browser_renews_and_signs_out),
        TEST(other_sites_change_nothing_in_ones_name),
        TEST(other_sites_sign_nobody_in),
        TEST(plain_http_has_plain_cookies),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
