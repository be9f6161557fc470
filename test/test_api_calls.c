/* test/test_api_calls.c: calls as the apps see and change them. Each answer is held against the
 * contract by api_ask(). What the queries find is test_inbox.c's. */
#include "base/mem.h"
#include "test/api.h"
#include "test/json_at.h"
#include "test/made_calls.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;
static struct uuid jan, eva;
static struct person owner, member, stranger;
static char calls[128]; /* the path of jan's calls */

static const char *text_of(struct uuid id)
{
    static char ring[4][UUID_TEXT_BYTES];
    static size_t next;
    char *text = ring[next++ % countof(ring)];
    uuid_print(id, text);
    return text;
}

static int fresh(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenants; DELETE FROM call_events");
    jan = api_tenant("Jan");
    eva = api_tenant("Eva");
    owner = api_person(jan, ROLE_OWNER, "+420601000001");
    member = api_person(jan, ROLE_MEMBER, "+420601000002");
    stranger = api_person(eva, ROLE_OWNER, "+420601000003");
    snprintf(calls, sizeof(calls), "/api/tenants/%s/calls", text_of(jan));
    return 0;
}

#define CALL(...) made_call(jan, (struct made_call){__VA_ARGS__})

static int items(void)
{
    return cJSON_GetArraySize(json_at(w->json, "items"));
}

/* How many calls a question finds. */
static int found(const char *question)
{
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s?%s", calls, question), 200);
    return items();
}

static void inbox_is_listed_in_pages(void **state)
{
    (void)state;
    assert_int_equal(found(""), 0);
    assert_string_equal(api_value("next_cursor"), "null");
    for (int i = 0; i < 5; i++)
        CALL(.label = "legitimate", .minutes_ago = i);
    int seen = 0, pages = 0;
    char question[200] = "limit=2";
    do {
        seen += found(question);
        pages++;
        snprintf(question, sizeof(question), "limit=2&cursor=%s", api_value("next_cursor"));
    } while (strcmp(api_value("next_cursor"), "null") != 0);
    assert_int_equal(seen, 5);
    assert_int_equal(pages, 3);
    api_ask(&member, HTTP_GET, NULL, "%s?cursor=nonsense", calls);
    api_expect_problem(422, "invalid");
    api_expect_field("cursor");
    api_ask(&member, HTTP_GET, NULL, "%s?limit=201", calls);
    api_expect_problem(400, "invalid_parameter");
    api_expect_field("limit");
}

static void filters_of_the_contract_choose(void **state)
{
    (void)state;
    struct uuid spam = CALL(.label = "spam", .from = "+420700000001");
    struct uuid lead = CALL(.label = "legitimate", .lead = "hot_lead", .said = "okna na míru");
    CALL(.status = "in_progress");
    char json[120];
    snprintf(json, sizeof(json), "{\"assigned_to\":\"%s\",\"starred\":true}", text_of(member.user));
    assert_int_equal(api_ask(&owner, HTTP_PATCH, json, "%s/%s", calls, text_of(lead)), 200);
    static const struct {
        const char *question;
        int count;
    } questions[] = {
        {"label=spam", 1},
        {"label=fraud", 0},
        {"lead=hot_lead", 1},
        {"urgency=normal", 2},
        {"group=now", 1},
        {"group=filtered", 1},
        {"group=needs_you", 1},
        {"state=live", 1},
        {"state=new", 2},
        {"state=deleted", 0},
        {"assigned_to=me", 1},
        {"assigned_to=nobody", 2},
        {"starred=true", 1},
        {"starred=false", 3},
        {"number=%2B420700000001", 1},
        {"q=okna%20m%C3%ADr", 1},
        {"q=OKNA%20MIRU", 1},
        {"q=okna&label=spam", 0},
        {"q=%27%3B--", 0},
        {"q=%25", 0},
        {"q=700%20000", 1},
        {"from=2020-01-01T00:00:00Z&to=2021-01-01T00:00:00Z", 0},
        {"from=2020-01-01T00:00:00Z", 3},
        {"contact_id=0197a000-0000-7000-8000-00000000abcd", 0},
    };
    for (size_t i = 0; i < countof(questions); i++)
        if (found(questions[i].question) != questions[i].count)
            fail_msg("%s: %d", questions[i].question, items());
    assert_int_equal(
        api_ask(&owner, HTTP_GET, NULL, "%s?assigned_to=%s", calls, text_of(member.user)), 200);
    assert_int_equal(items(), 1);
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s?assigned_to=me", calls), 200);
    assert_int_equal(items(), 0);
    (void)spam;
}

static void filters_that_are_none_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *question, *field;
    } bad[] = {{"label=nice", "label"},
               {"state=gone", "state"},
               {"group=", "group"},
               {"assigned_to=someone", "assigned_to"},
               {"number=602", "number"},
               {"from=yesterday", "from"},
               {"to=infinity", "to"},
               {"starred=maybe", "starred"},
               {"q=", "q"},
               {"contact_id=1", "contact_id"}};
    for (size_t i = 0; i < countof(bad); i++) {
        api_ask(&member, HTTP_GET, NULL, "%s?%s", calls, bad[i].question);
        api_expect_problem(400, "invalid_parameter");
        api_expect_field(bad[i].field);
    }
    struct buf target = {0};
    buf_printf(&target, "%s?q=", calls);
    for (int i = 0; i < 201; i++)
        buf_putc(&target, 'x');
    api_ask_with(&member, HTTP_GET, NULL, (struct str){0}, buf_text(&target));
    api_expect_problem(400, "invalid_parameter");
    buf_free(&target);
}

static void call_is_opened_changed_and_says_by_whom(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "spam", .intent = "nabídka", .said = "Dobrý den");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/%s", calls, text_of(call)), 200);
    assert_string_equal(api_value("turns.0.text"), "Dobrý den");
    assert_string_equal(api_value("state"), "new");
    const char *tag = api_header("ETag");
    assert_non_null(tag);
    char known[80], same[80];
    snprintf(known, sizeof(known), "If-None-Match: %s", tag);
    snprintf(same, sizeof(same), "If-Match: %s", tag);
    char target[200];
    snprintf(target, sizeof(target), "%s/%s", calls, text_of(call));
    assert_int_equal(
        api_ask_with(&member, HTTP_GET, (const char *[]){known, NULL}, (struct str){0}, target),
        304);
    const char *const change[] = {"Content-Type: application/merge-patch+json", same, NULL};
    assert_int_equal(api_ask_with(&member, HTTP_PATCH, change,
                                  str_of("{\"viewed\":true,\"label\":\"legitimate\","
                                         "\"note\":\"zavolat zpět\"}"),
                                  target),
                     200);
    assert_string_equal(api_value("viewed_by.id"), text_of(member.user));
    assert_string_equal(api_value("viewed_by.name"), "Test");
    assert_string_equal(api_value("label"), "legitimate");
    assert_string_equal(api_value("screening.label"), "spam");
    assert_string_equal(api_value("correction.corrected_by.id"), text_of(member.user));
    assert_string_equal(api_value("note"), "zavolat zpět");
    api_ask_with(&member, HTTP_PATCH, change, str_of("{\"note\":null}"), target);
    api_expect_problem(412, "version_mismatch");
    assert_int_equal(api_ask(&member, HTTP_PATCH, "{\"note\":null,\"label\":null}", "%s", target),
                     200);
    assert_string_equal(api_value("note"), "null");
    assert_string_equal(api_value("label"), "spam");
    char *actor = postgres_ask("SELECT DISTINCT actor FROM audit_log WHERE action = 'call.change'");
    assert_string_equal(actor + strlen("user:"), text_of(member.user));
    free(actor);
}

static void live_call_has_no_tag_since_it_changes_with_every_word(void **state)
{
    (void)state;
    struct uuid call = CALL(.status = "in_progress");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/%s", calls, text_of(call)), 200);
    assert_null(api_header("ETag"));
    api_ask(&member, HTTP_DELETE, NULL, "%s/%s", calls, text_of(call));
    api_expect_problem(409, "conflict");
}

static void change_that_will_not_do_is_refused_by_field(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "spam");
    static const struct {
        const char *json, *field;
    } bad[] = {{"{\"label\":\"nice\"}", "/label"},
               {"{\"viewed\":null}", "/viewed"},
               {"{\"viewed\":\"yes\"}", "/viewed"},
               {"{\"note\":\"\"}", "/note"},
               {"{\"assigned_to\":\"me\"}", "/assigned_to"},
               {"{\"assigned_to\":\"0197a000-0000-7000-8000-00000000abcd\"}", "/assigned_to"},
               {"{\"deleted\":true}", "/deleted"},
               {"{\"id\":\"0197a000-0000-7000-8000-00000000abcd\"}", "/id"},
               {"{}", ""}};
    for (size_t i = 0; i < countof(bad); i++) {
        api_ask(&member, HTTP_PATCH, bad[i].json, "%s/%s", calls, text_of(call));
        api_expect_problem(422, "invalid");
        api_expect_field(bad[i].field);
    }
    assert_int_equal(postgres_count("SELECT version FROM calls"), 2); /* made and screened */
}

static void thrown_away_and_taken_back(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate", .said = "tajemství");
    assert_int_equal(api_ask(&member, HTTP_DELETE, NULL, "%s/%s", calls, text_of(call)), 204);
    assert_int_equal(api_ask(&member, HTTP_DELETE, NULL, "%s/%s", calls, text_of(call)), 204);
    assert_int_equal(found(""), 0);
    assert_int_equal(found("q=tajemstvi"), 0);
    assert_int_equal(found("state=deleted&q=tajemstvi"), 1);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/%s", calls, text_of(call)), 200);
    assert_string_equal(api_value("deleted_by.id"), text_of(member.user));
    assert_true(strcmp(api_value("erased_at"), api_value("deleted_at")) > 0);
    assert_int_equal(api_ask(&member, HTTP_POST, NULL, "%s/%s/restore", calls, text_of(call)), 200);
    assert_string_equal(api_value("deleted_at"), "null");
    assert_int_equal(found("q=tajemstvi"), 1);
    api_ask(&member, HTTP_POST, NULL, "%s/%s/restore", calls, text_of(uuid_new(1)));
    api_expect_problem(404, "not_found");
}

static void many_are_changed_at_once(void **state)
{
    (void)state;
    struct uuid one = CALL(.label = "spam"), two = CALL(.label = "marketing");
    struct uuid theirs = made_call(eva, (struct made_call){.label = "spam"});
    char json[400];
    snprintf(json, sizeof(json),
             "{\"ids\":[\"%s\",\"%s\",\"%s\"],\"change\":{\"viewed\":true,\"deleted\":true}}",
             text_of(one), text_of(theirs), text_of(two));
    assert_int_equal(api_ask(&member, HTTP_POST, json, "%s/bulk", calls), 200);
    assert_string_equal(api_value("changed"), "2");
    assert_string_equal(api_value("not_found.0"), text_of(theirs));
    assert_int_equal(found("state=deleted"), 2);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls WHERE deleted_at IS NULL"), 1);
    snprintf(json, sizeof(json), "{\"ids\":[\"%s\"],\"change\":{\"assigned_to\":\"%s\"}}",
             text_of(one), text_of(stranger.user));
    api_ask(&member, HTTP_POST, json, "%s/bulk", calls);
    api_expect_problem(422, "invalid");
    api_expect_field("/change/assigned_to");
    api_ask(&member, HTTP_POST, "{\"ids\":[],\"change\":{\"viewed\":true}}", "%s/bulk", calls);
    api_expect_problem(422, "invalid");
    api_expect_field("/ids");
    struct buf many = {0};
    buf_puts(&many, "{\"change\":{\"viewed\":true},\"ids\":[");
    for (int i = 0; i < 200; i++)
        buf_printf(&many, "%s\"%s\"", i ? "," : "", text_of(uuid_new(i)));
    buf_puts(&many, "]}");
    assert_int_equal(api_ask(&member, HTTP_POST, buf_text(&many), "%s/bulk", calls), 200);
    assert_int_equal(cJSON_GetArraySize(json_at(w->json, "not_found")), 200);
    many.bytes -= 2;
    buf_printf(&many, ",\"%s\"]}", text_of(uuid_new(999)));
    api_ask(&member, HTTP_POST, buf_text(&many), "%s/bulk", calls);
    api_expect_problem(422, "invalid");
    buf_free(&many);
}

static void counts_are_of_groups_and_labels(void **state)
{
    (void)state;
    CALL(.label = "spam");
    CALL(.label = "legitimate", .lead = "urgent");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/counts", calls), 200);
    assert_string_equal(api_value("groups.filtered.calls"), "1");
    assert_string_equal(api_value("groups.needs_you.unviewed"), "1");
    assert_string_equal(api_value("labels.legitimate.calls"), "1");
    assert_string_equal(api_value("labels.fraud.calls"), "0");
}

static void nobody_sees_or_changes_calls_of_another_tenant(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "spam");
    struct uuid theirs = made_call(eva, (struct made_call){.label = "spam"});
    api_ask(&stranger, HTTP_GET, NULL, "%s", calls);
    api_expect_problem(404, "not_found");
    api_ask(&stranger, HTTP_GET, NULL, "%s/%s", calls, text_of(call));
    api_expect_problem(404, "not_found");
    api_ask(&stranger, HTTP_GET, NULL, "/api/tenants/%s/calls/%s", text_of(eva), text_of(call));
    api_expect_problem(404, "not_found");
    api_ask(&member, HTTP_PATCH, "{\"starred\":true}", "%s/%s", calls, text_of(theirs));
    api_expect_problem(404, "not_found");
    api_ask(NULL, HTTP_GET, NULL, "%s", calls);
    api_expect_problem(401, "unauthorized");
}

/* ---- export --------------------------------------------------------------------------------- */

static void export_is_a_table_nobody_can_hide_a_formula_in(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate", .intent = "=HYPERLINK(\"http://x\")",
                            .name = "Novák, Jan", .minutes_ago = 1);
    CALL(.label = "spam", .from = "sip:x");
    assert_int_equal(api_ask(&member, HTTP_PATCH, "{\"note\":\"řádek 1\\nřádek \\\"2\\\"\"}",
                             "%s/%s", calls, text_of(call)),
                     200);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export", calls), 200);
    assert_non_null(
        strstr(api_header("Content-Disposition"), "attachment; filename=\"karen-calls-20"));
    assert_string_equal(api_header("Content-Type"), "text/csv; charset=utf-8");
    const char *csv = buf_text(&w->body);
    assert_ptr_equal(
        strstr(csv, "started_at,from_number,name,company,label,lead,urgency,reason,summary,"
                    "callback_number,duration_seconds,state,assigned_to,starred,note,id\r\n"),
        csv);
    assert_non_null(strstr(csv, ",+420602345678,\"Novák, Jan\",,legitimate,none,normal,"
                                "\"'=HYPERLINK(\"\"http://x\"\")\",,,60,new,,false,"
                                "\"řádek 1\nřádek \"\"2\"\"\","));
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export?bom=true&label=fraud", calls),
                     200);
    assert_true(strncmp(buf_text(&w->body), "\xEF\xBB\xBFstarted_at,", 14) == 0);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export?format=json", calls), 200);
    assert_int_equal(cJSON_GetArraySize(w->json), 2);
    assert_string_equal(api_value("1.note"), "řádek 1\nřádek \"2\"");
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export?format=json&label=fraud", calls),
                     200);
    assert_int_equal(cJSON_GetArraySize(w->json), 0);
    assert_int_equal(api_ask(&member, HTTP_HEAD, NULL, "%s/export", calls), 200);
    api_ask(&member, HTTP_GET, NULL, "%s/export?format=xls", calls);
    api_expect_problem(400, "invalid_parameter");
    api_ask(&stranger, HTTP_GET, NULL, "%s/export", calls);
    api_expect_problem(404, "not_found");
}

static void export_holds_all_however_many(void **state)
{
    (void)state;
    char *sql = xprintf(
        "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, ended_at, status, note)"
        " SELECT '%s', gen_random_uuid(), 'twilio', 'S' || n, now() - n * interval '1 second',"
        " now(), 'completed', repeat('x', 2000) || n FROM generate_series(1, 3001) AS n",
        text_of(jan));
    postgres_run(sql);
    free(sql);
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export?format=json", calls), 200);
    assert_int_equal(cJSON_GetArraySize(w->json), 3001);
    char seen[3002] = "";
    const cJSON *item;
    cJSON_ArrayForEach(item, w->json)
    {
        int n = atoi(json_text_at(item, "note") + 2000);
        assert_in_range(n, 1, 3001);
        assert_int_equal(seen[n], 0);
        seen[n] = 1;
    }
    assert_int_equal(api_ask(&member, HTTP_GET, NULL, "%s/export?q=x", calls), 200);
    int lines = 0;
    for (const char *at = buf_text(&w->body); (at = strstr(at, "\r\n")); at += 2)
        lines++;
    assert_int_equal(lines, 3002);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(inbox_is_listed_in_pages),
        TEST(filters_of_the_contract_choose),
        TEST(filters_that_are_none_are_refused_by_name),
        TEST(call_is_opened_changed_and_says_by_whom),
        TEST(live_call_has_no_tag_since_it_changes_with_every_word),
        TEST(change_that_will_not_do_is_refused_by_field),
        TEST(thrown_away_and_taken_back),
        TEST(many_are_changed_at_once),
        TEST(counts_are_of_groups_and_labels),
        TEST(nobody_sees_or_changes_calls_of_another_tenant),
        TEST(export_is_a_table_nobody_can_hide_a_formula_in),
        TEST(export_holds_all_however_many),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
