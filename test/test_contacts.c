/* test/test_contacts.c: people a tenant knows: made from a number or a call, listed, changed. */
#include "store/contacts.h"

#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLER "+420602345678"

static struct uuid id_of(const char *text)
{
    struct uuid id;
    assert_int_equal(uuid_parse(str_of(text), &id), 0);
    return id;
}

static int make(struct uuid tenant, const char *json)
{
    contacts_make(bench.app, tenant, json, "user:1", on_answer, NULL, NULL);
    return answered();
}

static int get(struct uuid tenant, struct uuid contact)
{
    contacts_get(bench.app, tenant, contact, on_answer, NULL, NULL);
    return answered();
}

static int change(struct uuid tenant, struct uuid contact, int64_t version, const char *json)
{
    const struct contact_change change = {tenant, contact, json, version, "user:1"};
    contacts_change(bench.app, &change, on_answer, NULL, NULL);
    return answered();
}

static int remove_one(struct uuid tenant, struct uuid contact, int64_t version)
{
    const struct contact_change change = {tenant, contact, NULL, version, "user:1"};
    contacts_remove(bench.app, &change, on_ending, &ending, NULL);
    return bench_ending(&bench, &ending);
}

static int list_of(struct uuid tenant, struct contacts_filter filter)
{
    filter.limit = filter.limit ? filter.limit : 50;
    contacts_list(bench.app, tenant, &filter, on_answer, NULL, NULL);
    int err = answered();
    return err ? -err : count("items");
}
#define LIST(...) list_of(jan, (struct contacts_filter){__VA_ARGS__})

static void call_from(const char *number, const char *name, const char *company)
{
    char tenant[UUID_TEXT_BYTES];
    uuid_print(jan, tenant);
    char *sql = xprintf(
        "WITH c AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, status,"
        " started_at, ended_at) VALUES ('%s', gen_random_uuid(), 'twilio', gen_random_uuid(), %s,"
        " 'completed', clock_timestamp(), now()) RETURNING *)"
        " INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency, caller_name,"
        " company, needs_follow_up, confidence, model)"
        " SELECT tenant_id, id, 'spam', 'none', 'low', %s, %s, false, 1, 'test' FROM c",
        tenant, number, name, company);
    postgres_run(sql);
    free(sql);
}

static char *newest_call(void)
{
    return postgres_ask("SELECT '{\"call_id\":\"' || id || '\",\"kind\":\"blocked\"}' FROM calls"
                        " ORDER BY started_at DESC LIMIT 1");
}

static void contact_is_made_from_a_number(void **state)
{
    (void)state;
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\",\"name\":\"Máma\",\"kind\":\"vip\","
                               "\"company\":null,\"notes\":\"volá v neděli\",\"language\":\"sk\"}"),
                     0);
    assert_string_equal(value("phone"), CALLER);
    assert_string_equal(value("name"), "Máma");
    assert_string_equal(value("kind"), "vip");
    assert_string_equal(value("language"), "sk");
    assert_string_equal(value("company"), "null");
    assert_string_equal(value("version"), "1");
    assert_string_equal(value("counts.calls"), "0");
    assert_string_equal(value("last_calls"), "[]");
    assert_string_equal(value("last_call_at"), "null");
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\"}"), EEXIST);
    assert_int_equal(make(jan, "{\"phone\":\"602\"}"), EINVAL);
    assert_int_equal(make(eva, "{\"phone\":\"" CALLER "\"}"), 0);
    assert_string_equal(value("kind"), "normal");
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"
                                    " WHERE action = 'contact.add'"),
                     2);
}

static void contact_is_made_from_a_call(void **state)
{
    (void)state;
    call_from("'" CALLER "'", "'pan Novák'", "'Okna s.r.o.'");
    char *json = newest_call();
    assert_int_equal(make(eva, json), EINVAL); /* another's call */
    assert_int_equal(make(jan, json), 0);
    assert_string_equal(value("phone"), CALLER);
    assert_string_equal(value("name"), "pan Novák");
    assert_string_equal(value("company"), "Okna s.r.o.");
    assert_string_equal(value("kind"), "blocked");
    assert_string_equal(value("counts.calls"), "1");
    free(json);
    const char *const unknown[] = {"NULL", "'anonymous'", "'sip:a@b.invalid'"};
    for (size_t i = 0; i < countof(unknown); i++) {
        call_from(unknown[i], "NULL", "NULL");
        json = newest_call();
        assert_int_equal(make(jan, json), EINVAL);
        free(json);
    }
    assert_int_equal(make(jan, "{\"call_id\":\"0197a000-0000-7000-8000-00000000abcd\"}"), EINVAL);
}

static void contact_opened_shows_its_newest_calls(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++)
        call_from("'" CALLER "'", "NULL", "NULL");
    call_from("'+420602345679'", "NULL", "NULL");
    postgres_run("UPDATE calls SET viewed_at = now() WHERE id IN"
                 " (SELECT id FROM calls ORDER BY started_at LIMIT 2)");
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\"}"), 0);
    assert_string_equal(value("counts.calls"), "12");
    assert_string_equal(value("counts.unviewed"), "10");
    assert_string_equal(value("counts.filtered"), "12");
    assert_int_equal(count("last_calls"), 10);
    assert_string_equal(value("last_calls.0.from_number"), CALLER);
    assert_true(strcmp(value("last_calls.0.started_at"), value("last_calls.9.started_at")) >= 0);
    assert_string_equal(value("last_call_at"), value("last_calls.0.started_at"));
    struct uuid id = id_of(value("id"));
    postgres_run("UPDATE calls SET deleted_at = now()");
    assert_int_equal(get(jan, id), 0);
    assert_string_equal(value("counts.calls"), "0");
    assert_int_equal(get(eva, id), ENOENT);
}

static void list_is_by_name_without_accents_the_nameless_last(void **state)
{
    (void)state;
    static const char *const names[] = {"Čapek", "adam", "Žižka", "Ďuro", "Eva", "cyril", "Šimon"};
    static const char *const sorted[] = {"adam", "Čapek", "cyril", "Ďuro", "Eva", "Šimon", "Žižka"};
    for (size_t i = 0; i < countof(names); i++) {
        char phone[20];
        snprintf(phone, sizeof(phone), "+42060100000%zu", i);
        postgres_contact(jan, phone, names[i], "normal");
    }
    assert_int_equal(make(jan, "{\"phone\":\"+420601000009\"}"), 0);
    assert_int_equal(make(jan, "{\"phone\":\"+420601000008\"}"), 0);
    char cursor[220] = "";
    size_t seen = 0;
    do {
        int got = LIST(.limit = 2, .cursor = *cursor ? cursor : NULL);
        assert_true(got > 0);
        for (int i = 0; i < got; i++, seen++) {
            char path[40];
            snprintf(path, sizeof(path), "items.%d.name", i);
            assert_string_equal(value(path), seen < countof(sorted) ? sorted[seen] : "null");
        }
        snprintf(cursor, sizeof(cursor), "%s", value("next_cursor"));
    } while (strcmp(cursor, "null") != 0);
    assert_int_equal(seen, 9);
    assert_string_equal(value("items.0.phone"), "+420601000009"); /* by number then */
    assert_int_equal(list_of(eva, (struct contacts_filter){0}), 0);
    assert_string_equal(value("items"), "[]");
}

static void cursor_that_is_none_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"x",
                               ".",
                               "zz.0197a000-0000-7000-8000-00000000abcd",
                               "61",
                               "61.x",
                               "6.0197a000-0000-7000-8000-00000000abcd",
                               "ff.0197a000-0000-7000-8000-00000000abcd",
                               "00.0197a000-0000-7000-8000-00000000abcd"};
    for (size_t i = 0; i < countof(bad); i++)
        if (LIST(.cursor = bad[i]) != -EINVAL)
            fail_msg("%s", bad[i]);
}

static void people_are_found_by_words_number_and_kind(void **state)
{
    (void)state;
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\",\"name\":\"Ludmila Vavřínová\","
                               "\"company\":\"Stavby-Brno\",\"notes\":\"klíče u sousedů\"}"),
                     0);
    postgres_contact(jan, "+420777000111", "Petr", "vip");
    const char *const typed[] = {"vavrin", "LUDMILA", "stavby", "brno",
                                 "klice",  "602 345", "5678",   "ludmila klíče stavb"};
    for (size_t i = 0; i < countof(typed); i++)
        if (LIST(.words = typed[i]) != 1 || strcmp(value("items.0.phone"), CALLER) != 0)
            fail_msg("%s", typed[i]);
    const char *const nothing[] = {"ludmila petr", "%", "'", ":*", "", "602346", "\\"};
    for (size_t i = 0; i < countof(nothing); i++)
        assert_int_equal(LIST(.words = nothing[i]), 0);
    assert_int_equal(LIST(.kind = "vip"), 1);
    assert_int_equal(LIST(.kind = "vip", .words = "ludmila"), 0);
    assert_int_equal(LIST(.kind = "blocked"), 0);
    assert_int_equal(list_of(eva, (struct contacts_filter){.words = "ludmila"}), 0);
}

static void change_keeps_what_it_does_not_name(void **state)
{
    (void)state;
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\",\"name\":\"Petr\",\"notes\":\"x\"}"), 0);
    struct uuid id = id_of(value("id"));
    assert_int_equal(change(jan, id, 1, "{\"kind\":\"blocked\",\"notes\":null}"), 0);
    assert_string_equal(value("kind"), "blocked");
    assert_string_equal(value("notes"), "null");
    assert_string_equal(value("name"), "Petr");
    assert_string_equal(value("version"), "2");
    assert_int_equal(change(jan, id, 1, "{\"name\":\"Pavel\"}"), ESTALE);
    assert_int_equal(change(jan, id, -1, "{\"kind\":\"friend\"}"), EINVAL);
    assert_int_equal(change(eva, id, -1, "{\"name\":\"Pavel\"}"), ENOENT);
    assert_int_equal(get(jan, id), 0);
    assert_string_equal(value("name"), "Petr");
    char *logged = postgres_ask("SELECT change FROM audit_log WHERE action = 'contact.change'");
    assert_string_equal(logged, "{\"kind\": [\"normal\", \"blocked\"], \"notes\": [true, false]}");
    free(logged);
}

static void contact_goes_and_its_calls_stay(void **state)
{
    (void)state;
    call_from("'" CALLER "'", "NULL", "NULL");
    assert_int_equal(make(jan, "{\"phone\":\"" CALLER "\"}"), 0);
    struct uuid id = id_of(value("id"));
    assert_int_equal(remove_one(eva, id, -1), ENOENT);
    assert_int_equal(remove_one(jan, id, 7), ESTALE);
    assert_int_equal(remove_one(jan, id, 1), 0);
    assert_int_equal(remove_one(jan, id, -1), ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM calls"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log"
                                    " WHERE action = 'contact.remove'"),
                     1);
}

static void there_is_a_last_contact(void **state)
{
    (void)state;
    char tenant[UUID_TEXT_BYTES];
    uuid_print(jan, tenant);
    char *sql =
        xprintf("INSERT INTO contacts (tenant_id, id, phone) SELECT '%s', gen_random_uuid(),"
                " '+420' || 600000000 + n FROM generate_series(1, %d) AS n",
                tenant, CONTACTS_MAX);
    postgres_run(sql);
    free(sql);
    assert_int_equal(make(jan, "{\"phone\":\"+420777000111\"}"), EDQUOT);
    assert_int_equal(make(eva, "{\"phone\":\"+420777000111\"}"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, neighbours_open, neighbours_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(contact_is_made_from_a_number),
        TEST(contact_is_made_from_a_call),
        TEST(contact_opened_shows_its_newest_calls),
        TEST(list_is_by_name_without_accents_the_nameless_last),
        TEST(cursor_that_is_none_is_refused),
        TEST(people_are_found_by_words_number_and_kind),
        TEST(change_keeps_what_it_does_not_name),
        TEST(contact_goes_and_its_calls_stay),
        TEST(there_is_a_last_contact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
