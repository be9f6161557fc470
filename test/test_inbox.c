/* test/test_inbox.c: calls as people work with them: lists and filters, words, counts, changes. */
#include "store/inbox.h"

#include "store/calls.h"
#include "store/messages.h"
#include "store/screenings.h"
#include "store/turns.h"
#include "test/made_calls.h"
#include "test/neighbours.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct uuid petr; /* a person of Jan's */

static int open_inbox(void **state)
{
    neighbours_open(state);
    petr = uuid_new(wall_now_ms());
    char id[UUID_TEXT_BYTES], tenant[UUID_TEXT_BYTES];
    uuid_print(petr, id);
    uuid_print(jan, tenant);
    char *sql = xprintf("INSERT INTO users (tenant_id, id, phone, name)"
                        " VALUES ('%s', '%s', '+420601999999', 'Petr')",
                        tenant, id);
    postgres_run(sql);
    free(sql);
    return 0;
}

/* ---- asking --------------------------------------------------------------------------------- */

static int list_of(struct uuid tenant, struct inbox_filter filter)
{
    filter.limit = filter.limit ? filter.limit : 50;
    inbox_list(bench.app, tenant, &filter, on_answer, NULL, NULL);
    int err = answered();
    return err ? -err : count("items");
}
#define LIST(...) list_of(jan, (struct inbox_filter){__VA_ARGS__})
#define FOUND(typed) LIST(.words = (typed))

static int get(struct uuid tenant, struct uuid call)
{
    inbox_get(bench.app, tenant, call, on_answer, NULL, NULL);
    return answered();
}

static int counts(void)
{
    inbox_counts(bench.app, jan, on_answer, NULL, NULL);
    return answered();
}

static int change_as(struct uuid tenant, struct uuid call, int64_t version, const char *json)
{
    const struct inbox_change change = {tenant, &call, 1, json, version, petr, "user:petr"};
    inbox_change(bench.app, &change, on_answer, NULL, NULL);
    return answered();
}

static int change(struct uuid call, const char *json)
{
    return change_as(jan, call, -1, json);
}

/* ---- calls ---------------------------------------------------------------------------------- */

#define THEIRS(...) made_call(eva, (struct made_call){__VA_ARGS__})
#define CALL(...) made_call(jan, (struct made_call){__VA_ARGS__})

static void contact(const char *phone, const char *name)
{
    postgres_contact(jan, phone, name, "normal");
}

static bool is_item(const char *path, struct uuid call)
{
    char id[UUID_TEXT_BYTES];
    uuid_print(call, id);
    return strcmp(value(path), id) == 0;
}

/* ---- lists ---------------------------------------------------------------------------------- */

static void empty_inbox_is_an_empty_list(void **state)
{
    (void)state;
    THEIRS(0);
    assert_int_equal(LIST(.limit = 1), 0);
    assert_string_equal(value("items"), "[]");
    assert_string_equal(value("next_cursor"), "null");
    assert_int_equal(counts(), 0);
    assert_string_equal(value("groups.needs_you.calls"), "0");
}

static void pages_hold_every_call_once_newest_first(void **state)
{
    (void)state;
    struct uuid calls[7];
    for (int i = 0; i < 7; i++) /* pairs that began at the same time */
        calls[i] = CALL(.minutes_ago = 10 * (i / 2));
    postgres_run("UPDATE calls SET started_at = date_trunc('minute', started_at)");
    char cursor[100] = "", last[64] = "z";
    int seen = 0, pages = 0;
    do {
        int got = LIST(.limit = 2, .cursor = *cursor ? cursor : NULL);
        assert_in_range(got, 1, 2);
        for (int i = 0; i < got; i++) {
            char path[40];
            snprintf(path, sizeof(path), "items.%d.started_at", i);
            assert_true(strcmp(value(path), last) <= 0);
            snprintf(last, sizeof(last), "%s", value(path));
            snprintf(path, sizeof(path), "items.%d.id", i);
            for (int k = 0; k < 7; k++)
                seen += is_item(path, calls[k]) << k;
        }
        snprintf(cursor, sizeof(cursor), "%s", value("next_cursor"));
        pages++;
    } while (strcmp(cursor, "null") != 0);
    assert_int_equal(seen, 127);
    assert_int_equal(pages, 4);
}

static void cursor_that_is_none_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "x",   "1", "1.", "1.x", ".", "99999999999999999999.0197a000-0000-7000-8000-00000000abcd",
        " 1.x"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(LIST(.cursor = bad[i]), -EINVAL);
}

static void row_says_who_why_how_urgent_and_what_next(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate", .lead = "hot_lead", .urgency = "high",
                            .intent = "chce nabídku", .name = "pan Novák", .follow_up = true);
    assert_int_equal(LIST(.limit = 1), 1);
    assert_true(is_item("items.0.id", call));
    assert_string_equal(value("items.0.state"), "new");
    assert_string_equal(value("items.0.group"), "needs_you");
    assert_string_equal(value("items.0.name"), "pan Novák");
    assert_string_equal(value("items.0.reason"), "chce nabídku");
    assert_string_equal(value("items.0.urgency"), "high");
    assert_string_equal(value("items.0.label"), "legitimate");
    assert_string_equal(value("items.0.confidence"), "0.9");
    assert_string_equal(value("items.0.needs_follow_up"), "true");
    assert_string_equal(value("items.0.has_message"), "false");
    assert_string_equal(value("items.0.contact"), "null");
    contact("+420602345678", "Karel Novák");
    const struct message message = {.tenant = jan,
                                    .call = call,
                                    .tool_call_id = "1",
                                    .callback_number = "+420777111222",
                                    .reason = "nabídka na okna"};
    messages_take(bench.app, &message, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(LIST(.limit = 1), 1);
    assert_string_equal(value("items.0.name"), "Karel Novák"); /* the owner knows better */
    assert_string_equal(value("items.0.contact.kind"), "normal");
    assert_string_equal(value("items.0.callback_number"), "+420777111222");
    assert_string_equal(value("items.0.has_message"), "true");
    assert_int_equal(FOUND("okna"), 1); /* a message that came after the end */
}

static void filters_choose(void **state)
{
    (void)state;
    struct uuid spam = CALL(.label = "spam", .minutes_ago = 5, .from = "+420700000001");
    struct uuid lead = CALL(.label = "legitimate", .lead = "hot_lead", .minutes_ago = 4);
    struct uuid live = CALL(.status = "in_progress", .minutes_ago = 3);
    struct uuid calm = CALL(.label = "legitimate", .lead = "informational", .urgency = "low");
    change(calm, "{\"viewed\":true,\"assigned_to\":null,\"starred\":true}");
    assert_int_equal(LIST(0), 4);
    assert_int_equal(LIST(.label = "spam"), 1);
    assert_true(is_item("items.0.id", spam));
    assert_int_equal(LIST(.label = "fraud"), 0);
    assert_int_equal(LIST(.lead = "hot_lead"), 1);
    assert_true(is_item("items.0.id", lead));
    assert_int_equal(LIST(.urgency = "low"), 1);
    assert_int_equal(LIST(.group = "now"), 1);
    assert_true(is_item("items.0.id", live));
    assert_int_equal(LIST(.group = "filtered"), 1);
    assert_int_equal(LIST(.group = "information"), 1);
    assert_int_equal(LIST(.group = "needs_you"), 1);
    assert_int_equal(LIST(.state = "live"), 1);
    assert_int_equal(LIST(.state = "new"), 2);
    assert_int_equal(LIST(.state = "open"), 3);
    assert_int_equal(LIST(.state = "resolved"), 0);
    assert_int_equal(LIST(.starred = true), 1);
    assert_true(is_item("items.0.id", calm));
    assert_int_equal(LIST(.number = "+420700000001"), 1);
    assert_int_equal(LIST(.number = "+420700000001", .label = "legitimate"), 0);
    assert_int_equal(LIST(.contact = uuid_new(1)), 0); /* nobody's calls, not everybody's */
    assert_int_equal(LIST(.unassigned = true), 4);
    assert_int_equal(change(lead, "{\"resolved\":true}"), 0);
    assert_int_equal(LIST(.state = "resolved"), 1);
    assert_int_equal(LIST(.state = "open"), 2);
}

static void dates_include_the_first_moment_and_not_the_last(void **state)
{
    (void)state;
    CALL(.minutes_ago = 1);
    postgres_run("UPDATE calls SET started_at = '2026-03-01 10:00:00+00'");
    assert_int_equal(LIST(.from = "2026-03-01T10:00:00Z"), 1);
    assert_int_equal(LIST(.to = "2026-03-01T10:00:00Z"), 0);
    assert_int_equal(LIST(.from = "2026-03-01T11:00:00+01:00", .to = "2026-03-01T10:00:00.001Z"),
                     1);
    assert_int_equal(LIST(.from = "2026-03-01T10:00:01Z"), 0);
    assert_int_equal(LIST(.from = "soon"), -EINVAL);
}

static void calls_of_a_contact_are_found_by_its_number(void **state)
{
    (void)state;
    CALL(.from = "+420700000001");
    CALL(.from = "+420700000001");
    CALL(.from = "+420700000002");
    contact("+420700000001", "Babička");
    char *id = postgres_ask("SELECT id FROM contacts");
    struct uuid babicka;
    assert_int_equal(uuid_parse(str_of(id), &babicka), 0);
    free(id);
    assert_int_equal(LIST(.contact = babicka), 2);
    assert_int_equal(LIST(.contact = babicka, .words = "babi"), 2);
    assert_int_equal(list_of(eva, (struct inbox_filter){.contact = babicka}), 0);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void words_are_found_without_their_accents_and_with_them(void **state)
{
    (void)state;
    CALL(.label = "legitimate", .said = "Příliš žluťoučký kůň", .intent = "faktúra za okná");
    CALL(.label = "legitimate", .said = "Prilis zlutoucky pes", .name = "Jürgen Straße");
    assert_int_equal(FOUND("žluťoučký"), 2);
    assert_int_equal(FOUND("zlutoucky"), 2);
    assert_int_equal(FOUND("PŘÍLIŠ KŮŇ"), 1);
    assert_int_equal(FOUND("prilis kun"), 1);
    assert_int_equal(FOUND("faktúra"), 1);
    assert_int_equal(FOUND("faktura okna"), 1);
    assert_int_equal(FOUND("strasse"), 1);
    assert_int_equal(FOUND("jurgen"), 1);
}

static void last_word_may_be_a_beginning_the_others_are_whole(void **state)
{
    (void)state;
    CALL(.label = "legitimate", .said = "Volám kvůli zakázce na střechu");
    assert_int_equal(FOUND("volám zak"), 1);
    assert_int_equal(FOUND("z"), 1);
    assert_int_equal(FOUND("zak volám"), 0);
    assert_int_equal(FOUND("zakázce klavír"), 0);
    assert_int_equal(FOUND("střechu volám"), 1);
}

static void all_that_is_known_of_a_call_is_searched(void **state)
{
    (void)state;
    struct uuid call =
        CALL(.label = "legitimate", .said = "Tady jan.novak@firma-stavby.cz, 2026/15",
             .intent = "nabídka", .name = "Ludmila");
    contact("+420602345678", "Hugo Vavřín");
    assert_int_equal(change(call, "{\"note\":\"zavolat architektovi\"}"), 0);
    const char *const typed[] = {
        "nabidka", "ludmila",         "architekt", "hugo",
        "vavrin",  "hugo nabid",      "novak",     "stavby",
        "firma-",  "jan.novak@firma", "2026/15",   "Ludmila architektovi Vavřín novak"};
    for (size_t i = 0; i < countof(typed); i++)
        if (FOUND(typed[i]) != 1)
            fail_msg("%s is not found", typed[i]);
    assert_int_equal(change(call, "{\"note\":null}"), 0);
    assert_int_equal(FOUND("architekt"), 0);
}

static void numbers_are_found_by_any_part_however_written(void **state)
{
    (void)state;
    CALL(.from = "+420602345678", .label = "legitimate", .said = "číslo je 777 111 222");
    CALL(.from = NULL, .status = "in_progress");
    CALL(.from = "sip:anonymous@example.invalid");
    const char *const parts[] = {"+420602345678", "602345678",   "602 345 678", "345678",
                                 "2345",          "678",         "+420 602",    "60234",
                                 "(602) 345-678", "777 111 222", "777 11"};
    for (size_t i = 0; i < countof(parts); i++)
        if (FOUND(parts[i]) != 1)
            fail_msg("%s is not found", parts[i]);
    assert_int_equal(FOUND("602345679"), 0);
    assert_int_equal(FOUND("anonymous"), 0); /* no number, and nothing that was said */
}

static void what_nobody_would_type_is_found_nowhere_and_breaks_nothing(void **state)
{
    (void)state;
    CALL(.label = "legitimate", .said = "o'Brien & synové 100% <b>tučně</b> C:\\dir a_b ':*");
    static char long_text[5001];
    memset(long_text, 'x', sizeof(long_text) - 1);
    const char *const nothing[] = {"'", "''", ":*",   "&",   "|",   "!",       "!brien",  "a & !",
                                   "%", "_",  "\\",   "\\'", "<->", "( ) &|!", "\x01",    "\xff",
                                   " ", "",   "'':*", "--",  "$1",  "zzz:*",   long_text, "😀"};
    for (size_t i = 0; i < countof(nothing); i++) {
        int got = FOUND(nothing[i]);
        bool brien = strcmp(nothing[i], "!brien") == 0; /* signs are nothing, so it is the word */
        bool single = strcmp(nothing[i], "a & !") == 0 || strcmp(nothing[i], "$1") == 0;
        if (got != brien && !(single && got >= 0))
            fail_msg("%s: %d", nothing[i], got);
    }
    const char *const there[] = {"o'brien", "O’Brien", "brien & synove", "100%",     "tučně",
                                 "c:\\dir", "a_b",     "brien'--",       "synové:*", "dir' OR 1=1"};
    for (size_t i = 0; i + 1 < countof(there); i++)
        if (FOUND(there[i]) != 1)
            fail_msg("%s is not found", there[i]);
    assert_int_equal(FOUND(there[countof(there) - 1]), 0);
}

static void long_words_and_long_calls_are_no_trouble(void **state)
{
    (void)state;
    char *said =
        postgres_ask("SELECT string_agg(md5(n::text), ' ') || repeat(' y', 2) || repeat('y', 3000)"
                     " FROM generate_series(1, 300) AS n");
    struct uuid call = CALL(.label = "legitimate", .said = said);
    char id[UUID_TEXT_BYTES];
    uuid_print(call, id);
    char *sql = xprintf("INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms,"
                        " end_ms, text) SELECT tenant_id, id, n, 'caller', 'said', 0, 0,"
                        " repeat(chr(20000 + n), 3000) || ' ' || n || ' ' || repeat('ž', 3000)"
                        " FROM calls, generate_series(2, 200) AS n WHERE id = '%s';"
                        "SELECT index_call(tenant_id, id) FROM calls WHERE id = '%s'",
                        id, id);
    postgres_run(sql);
    free(sql);
    free(said);
    memset(id, 'y', 36);
    assert_int_equal(FOUND(id), 1);
    assert_int_equal(FOUND("c4ca4238a0b923820dcc509a6f75849b"), 1);
}

static void common_and_rare_words_come_in_the_same_order_and_pages(void **state)
{
    (void)state;
    postgres_run(
        "INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, ended_at, status,"
        " note, starred) SELECT t.id, gen_random_uuid(), 'twilio', 'S' || n,"
        " now() - n * interval '1 minute', now(), 'completed',"
        " CASE WHEN n % 400 = 0 THEN 'vzácné' ELSE 'obvyklé' END, n % 100 = 0"
        " FROM generate_series(1, 2400) AS n, tenants t WHERE t.name = 'Jan'");
    static const struct {
        const char *word;
        int all;
        bool starred;
    } searches[] = {{"vzacne", 6, false}, {"obvykle", 2394, false}, {"obvykle", 18, true}};
    for (size_t i = 0; i < countof(searches); i++) {
        char cursor[100] = "", last[64] = "z";
        int seen = 0, pages = 0;
        do {
            int got =
                LIST(.words = searches[i].word, .starred = searches[i].starred,
                     .limit = searches[i].all > 200 ? 200 : 4, .cursor = *cursor ? cursor : NULL);
            assert_true(got > 0);
            for (int k = 0; k < got; k++) {
                char path[40];
                snprintf(path, sizeof(path), "items.%d.started_at", k);
                assert_true(strcmp(value(path), last) < 0);
                snprintf(last, sizeof(last), "%s", value(path));
            }
            seen += got;
            pages++;
            snprintf(cursor, sizeof(cursor), "%s", value("next_cursor"));
        } while (strcmp(cursor, "null") != 0);
        assert_int_equal(seen, searches[i].all);
        assert_true(pages > 1);
    }
}

static void erased_words_are_not_found_any_more(void **state)
{
    (void)state;
    CALL(.label = "legitimate", .said = "tajemství", .intent = "důvod");
    assert_int_equal(FOUND("tajemstvi"), 1);
    postgres_run("DELETE FROM call_turns");
    assert_int_equal(FOUND("tajemstvi"), 0);
    assert_int_equal(FOUND("duvod"), 1);
    postgres_run("DELETE FROM call_screenings");
    assert_int_equal(FOUND("duvod"), 0);
    assert_int_equal(LIST(0), 1);
    assert_string_equal(value("items.0.label"), "null");
    postgres_run("DELETE FROM calls");
    assert_int_equal(postgres_count("SELECT count(*) FROM call_search"), 0);
}

static void nothing_of_another_tenant_is_found(void **state)
{
    (void)state;
    THEIRS(.label = "legitimate", .said = "tajemství", .from = "+420777888999");
    assert_int_equal(FOUND("tajemstvi"), 0);
    assert_int_equal(FOUND("777888999"), 0);
    assert_int_equal(list_of(eva, (struct inbox_filter){.words = "tajemstvi"}), 1);
}

/* As a call really comes about: through the line's writers and the screener's. */
static void call_is_searchable_when_it_has_ended(void **state)
{
    (void)state;
    struct uuid call = CALL(.status = "in_progress");
    struct call_line line = {.seq = 1,
                             .speaker = SPEAKER_CALLER,
                             .kind = LINE_SAID,
                             .confidence = 1,
                             .text = str_of("prosím o přepojení")};
    turns_save(bench.app, jan, call, &line, 1, &(struct turns_snapshot){str_of("snap"), NULL, 0},
               on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(FOUND("prepojeni"), 0);
    line.text = str_of("prosím o přepojení na skladníka");
    const struct call_finish finish = {.tenant = jan,
                                       .call = call,
                                       .status = STATUS_COMPLETED,
                                       .why = "caller_hung_up",
                                       .ended_at_ms = wall_now_ms(),
                                       .lines = &line,
                                       .line_count = 1};
    calls_finish(bench.app, &finish, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(FOUND("prepojeni sklad"), 1);
    assert_string_equal(value("items.0.group"), "needs_you"); /* not screened, not forgotten */
    const struct screening_record record = {.tenant = jan,
                                            .call = call,
                                            .screening = {.legitimacy = LABEL_MARKETING,
                                                          .urgency = URGENCY_LOW,
                                                          .caller_name = "Řehoř",
                                                          .confidence = 0.7},
                                            .model = "test"};
    screenings_put(bench.app, &record, NULL, on_ending, &ending, NULL);
    assert_int_equal(bench_ending(&bench, &ending), 0);
    assert_int_equal(FOUND("rehor prepojeni"), 1);
    assert_string_equal(value("items.0.group"), "filtered");
    assert_string_equal(value("items.0.label"), "marketing");
}

/* ---- one call ------------------------------------------------------------------------------- */

static void opened_call_shows_all_there_is(void **state)
{
    (void)state;
    struct uuid call =
        CALL(.label = "spam", .said = "Vyhráli jste!", .intent = "výhra", .name = "neznámý");
    char id[UUID_TEXT_BYTES];
    uuid_print(call, id);
    char *sql =
        xprintf("INSERT INTO call_events (tenant_id, call_id, at, id, kind, detail)"
                " SELECT tenant_id, id, now(), gen_random_uuid(), 'stt_lost', '{\"n\": 1}'"
                " FROM calls WHERE id = '%s';"
                "INSERT INTO usage_ledger (tenant_id, key, call_id, kind, provider, quantity,"
                " cost_micro) SELECT tenant_id, 'k' || n, id, 'stt_ms', 'deepgram', 5, 40 * n"
                " FROM calls, generate_series(1, 2) AS n WHERE id = '%s'",
                id, id);
    postgres_run(sql);
    free(sql);
    assert_int_equal(get(jan, call), 0);
    assert_string_equal(value("id"), id);
    assert_string_equal(value("turns.0.text"), "Vyhráli jste!");
    assert_string_equal(value("turns.0.start_ms"), "0");
    assert_string_equal(value("screening.label"), "spam");
    assert_string_equal(value("screening.intent"), "výhra");
    assert_string_equal(value("correction"), "null");
    assert_string_equal(value("messages"), "[]");
    assert_string_equal(value("events.0.kind"), "stt_lost");
    assert_string_equal(value("events.0.detail.n"), "1");
    assert_int_equal(count("usage"), 2);
    assert_string_equal(value("cost_micro"), "120");
    assert_string_equal(value("note"), "null");
    assert_string_equal(value("status"), "completed");
    assert_int_equal(get(eva, call), ENOENT);
    assert_int_equal(get(jan, uuid_new(1)), ENOENT);
}

static void live_call_has_no_version(void **state)
{
    (void)state;
    struct uuid call = CALL(.status = "in_progress", .said = "Haló");
    assert_int_equal(get(jan, call), 0);
    assert_string_equal(value("version"), "null");
    assert_string_equal(value("state"), "live");
    assert_string_equal(value("turns.0.text"), "Haló");
}

/* ---- changes -------------------------------------------------------------------------------- */

static int64_t audits(void)
{
    return postgres_count("SELECT count(*) FROM audit_log WHERE action = 'call.change'");
}

static void change_says_who_and_when_and_can_be_taken_back(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate");
    assert_int_equal(
        change(call, "{\"viewed\":true,\"resolved\":true,\"starred\":true,\"note\":\"zavolat\"}"),
        0);
    assert_string_equal(value("state"), "resolved");
    assert_string_equal(value("viewed_by.name"), "Petr");
    assert_string_equal(value("resolved_by.name"), "Petr");
    assert_string_equal(value("note"), "zavolat");
    assert_string_equal(value("starred"), "true");
    char viewed[40];
    snprintf(viewed, sizeof(viewed), "%s", value("viewed_at"));
    assert_int_equal(change(call, "{\"resolved\":false,\"viewed\":true,\"note\":null}"), 0);
    assert_string_equal(value("state"), "open");
    assert_string_equal(value("resolved_by"), "null");
    assert_string_equal(value("viewed_at"), viewed); /* the first time counts */
    assert_string_equal(value("note"), "null");
    assert_string_equal(value("starred"), "true"); /* absent keeps */
    assert_int_equal(audits(), 2);
    char *note = postgres_ask("SELECT string_agg(change->>'note', ' ' ORDER BY at) FROM audit_log");
    assert_string_equal(note, "[false, true] [true, false]");
    free(note);
}

static void change_to_what_is_so_already_is_none(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate");
    assert_int_equal(change(call, "{\"viewed\":true}"), 0);
    int version = atoi(value("version"));
    assert_int_equal(change(call, "{\"viewed\":true,\"starred\":false,\"label\":null}"), 0);
    assert_int_equal(atoi(value("version")), version);
    assert_int_equal(change(call, "{}"), 0);
    assert_int_equal(audits(), 1);
}

static void change_of_another_version_is_refused(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate");
    assert_int_equal(get(jan, call), 0);
    int version = atoi(value("version"));
    assert_int_equal(change_as(jan, call, version, "{\"starred\":true}"), 0);
    assert_int_equal(atoi(value("version")), version + 1);
    assert_int_equal(change_as(jan, call, version, "{\"starred\":false}"), ESTALE);
    assert_int_equal(change_as(jan, uuid_new(1), version, "{}"), ENOENT);
    assert_int_equal(change_as(eva, call, -1, "{\"starred\":false}"), ENOENT);
    assert_int_equal(get(jan, call), 0);
    assert_string_equal(value("starred"), "true");
    assert_int_equal(audits(), 1);
}

static void assigned_to_a_person_of_the_tenant_only(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate");
    char id[UUID_TEXT_BYTES], json[100];
    uuid_print(petr, id);
    snprintf(json, sizeof(json), "{\"assigned_to\":\"%s\"}", id);
    assert_int_equal(change(call, json), 0);
    assert_string_equal(value("assigned_to.name"), "Petr");
    assert_int_equal(LIST(.assigned_to = petr), 1);
    assert_int_equal(LIST(.unassigned = true), 0);
    struct uuid theirs = THEIRS(0);
    assert_int_equal(change_as(eva, theirs, -1, json), EINVAL);
    postgres_run("DELETE FROM users");
    assert_int_equal(LIST(.unassigned = true), 1); /* who is gone does nothing any more */
}

static void correction_stands_beside_the_screening(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "spam", .intent = "nabídka");
    assert_int_equal(LIST(.group = "filtered"), 1);
    assert_int_equal(change(call, "{\"label\":\"legitimate\",\"lead\":\"hot_lead\"}"), 0);
    assert_string_equal(value("label"), "legitimate");
    assert_string_equal(value("corrected"), "true");
    assert_string_equal(value("group"), "needs_you");
    assert_string_equal(value("screening.label"), "spam");
    assert_string_equal(value("correction.label"), "legitimate");
    assert_string_equal(value("correction.corrected_by.name"), "Petr");
    assert_int_equal(LIST(.label = "legitimate", .lead = "hot_lead"), 1);
    assert_int_equal(LIST(.label = "spam"), 0);
    postgres_run("UPDATE call_screenings SET legitimacy = 'fraud'"); /* screened again */
    assert_int_equal(get(jan, call), 0);
    assert_string_equal(value("label"), "legitimate"); /* a person's word stays */
    assert_int_equal(change(call, "{\"label\":null,\"lead\":null}"), 0);
    assert_string_equal(value("label"), "fraud");
    assert_string_equal(value("correction"), "null");
    assert_string_equal(value("corrected"), "false");
}

static void wrong_change_is_refused_whole(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate");
    const char *const bad[] = {"{\"starred\":true,\"label\":\"nice\"}",
                               "{\"starred\":true,\"assigned_to\":\"0\"}",
                               "{\"starred\":true,\"viewed\":\"perhaps\"}",
                               "{\"starred\":true,\"note\":\"\"}", "{\"starred\":true"};
    for (size_t i = 0; i < countof(bad); i++)
        if (change(call, bad[i]) != EINVAL)
            fail_msg("%s", bad[i]);
    assert_int_equal(get(jan, call), 0);
    assert_string_equal(value("starred"), "false");
    assert_int_equal(audits(), 0);
}

static void many_change_at_once_or_none(void **state)
{
    (void)state;
    struct uuid calls[] = {CALL(.label = "spam"), uuid_new(7), CALL(.label = "marketing"),
                           THEIRS(0)};
    struct inbox_change all = {jan, calls, 4,          "{\"resolved\":true,\"viewed\":true}",
                               -1,  petr,  "user:petr"};
    inbox_change_many(bench.app, &all, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    assert_string_equal(value("changed"), "2");
    assert_int_equal(count("not_found"), 2);
    assert_true(is_item("not_found.0", calls[1]));
    assert_true(is_item("not_found.1", calls[3]));
    assert_int_equal(audits(), 2);
    assert_int_equal(LIST(.state = "resolved"), 2);
    calls[1] = CALL(.status = "in_progress");
    all.json = "{\"deleted\":true}";
    inbox_change_many(bench.app, &all, on_answer, NULL, NULL);
    assert_int_equal(answered(), EBUSY); /* one of them goes on */
    assert_int_equal(LIST(.state = "deleted"), 0);
}

static void thrown_away_can_be_taken_back_until_it_is_erased(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate", .said = "tajemství");
    struct uuid live = CALL(.status = "in_progress");
    assert_int_equal(change(live, "{\"deleted\":true}"), EBUSY);
    assert_int_equal(change(call, "{\"deleted\":true}"), 0);
    assert_string_equal(value("state"), "deleted");
    assert_string_equal(value("deleted_by.name"), "Petr");
    assert_true(json_at(answer.json, "erased_at") && strlen(value("erased_at")) == 24);
    assert_int_equal(LIST(0), 1);
    assert_int_equal(FOUND("tajemstvi"), 0);
    assert_int_equal(LIST(.state = "deleted", .words = "tajemstvi"), 1);
    assert_int_equal(change(call, "{\"deleted\":false}"), 0);
    assert_int_equal(FOUND("tajemstvi"), 1);
    assert_int_equal(change(call, "{\"deleted\":true}"), 0);
    postgres_run("INSERT INTO call_events (tenant_id, call_id, at, id, kind)"
                 " SELECT tenant_id, id, now(), id, 'x' FROM calls");
    assert_int_equal(postgres_count("SELECT erase_deleted_calls(100)"), 0);
    postgres_run("UPDATE calls SET deleted_at = now() - interval '31 days'"
                 " WHERE deleted_at IS NOT NULL");
    assert_int_equal(postgres_count("SELECT erase_deleted_calls(100)"), 1);
    assert_int_equal(get(jan, call), ENOENT);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_turns"), 0);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_events"), 1);
    assert_int_equal(postgres_count("SELECT count(*) FROM call_search"), 0);
}

static void expect_counts(const char *group, int calls, int unviewed)
{
    char path[60];
    snprintf(path, sizeof(path), "%s.calls", group);
    assert_int_equal(atoi(value(path)), calls);
    snprintf(path, sizeof(path), "%s.unviewed", group);
    assert_int_equal(atoi(value(path)), unviewed);
}

static void counts_stay_true_under_corrections(void **state)
{
    (void)state;
    struct uuid spam = CALL(.label = "spam");
    struct uuid lead = CALL(.label = "legitimate", .lead = "hot_lead");
    CALL(.label = "legitimate");
    CALL(.status = "in_progress");
    assert_int_equal(counts(), 0);
    expect_counts("groups.now", 1, 1);
    expect_counts("groups.needs_you", 1, 1);
    expect_counts("groups.information", 1, 1);
    expect_counts("groups.filtered", 1, 1);
    expect_counts("labels.legitimate", 2, 2);
    expect_counts("labels.spam", 1, 1);
    expect_counts("labels.fraud", 0, 0);
    assert_int_equal(change(spam, "{\"label\":\"legitimate\",\"lead\":\"follow_up\"}"), 0);
    assert_int_equal(change(lead, "{\"viewed\":true,\"lead\":\"none\"}"), 0);
    assert_int_equal(counts(), 0);
    expect_counts("groups.needs_you", 1, 1);
    expect_counts("groups.information", 2, 1);
    expect_counts("groups.filtered", 0, 0);
    expect_counts("labels.legitimate", 3, 2);
    expect_counts("labels.spam", 0, 0);
    assert_int_equal(change(spam, "{\"label\":null,\"lead\":null,\"viewed\":true}"), 0);
    assert_int_equal(change(lead, "{\"deleted\":true}"), 0);
    assert_int_equal(counts(), 0);
    expect_counts("groups.filtered", 1, 0);
    expect_counts("groups.information", 1, 1);
    expect_counts("labels.legitimate", 1, 1);
    const char *const groups[] = {"now", "needs_you", "information", "filtered"};
    for (size_t i = 0; i < countof(groups); i++) { /* and what they count is what is listed */
        char path[60];
        assert_int_equal(counts(), 0);
        snprintf(path, sizeof(path), "groups.%s.calls", groups[i]);
        int counted = atoi(value(path));
        assert_int_equal(LIST(.group = groups[i]), counted);
    }
}

static void resolved_needs_nobody_any_more(void **state)
{
    (void)state;
    struct uuid call = CALL(.label = "legitimate", .urgency = "high");
    assert_int_equal(LIST(.group = "needs_you"), 1);
    assert_int_equal(change(call, "{\"resolved\":true}"), 0);
    assert_int_equal(LIST(.group = "needs_you"), 0);
    assert_int_equal(LIST(.group = "information", .state = "resolved"), 1);
}

static void turned_away_at_the_ring_needs_nobody(void **state)
{
    (void)state;
    CALL(0);
    CALL(0);
    assert_int_equal(LIST(.group = "needs_you"), 2); /* nobody has judged them yet */
    postgres_run("UPDATE calls SET ended_reason = CASE WHEN call_sid = (SELECT min(call_sid)"
                 " FROM calls) THEN 'blocked' ELSE 'ruled_out' END");
    assert_int_equal(LIST(.group = "filtered"), 2);
    assert_int_equal(LIST(.group = "needs_you"), 0);
}

static void export_has_its_columns_in_their_order(void **state)
{
    (void)state;
    CALL(.label = "legitimate", .intent = "nabídka");
    inbox_export(bench.app, jan, &(struct inbox_filter){.limit = 10}, on_answer, NULL, NULL);
    assert_int_equal(answered(), 0);
    const cJSON *item = json_at(answer.json, "items.0")->child;
    for (size_t i = 0; i < inbox_export_column_count; i++, item = item->next) {
        assert_string_equal(item->string, inbox_export_columns[i]);
        assert_false(cJSON_IsObject(item) || cJSON_IsArray(item));
    }
    assert_null(item);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_inbox, neighbours_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(empty_inbox_is_an_empty_list),
        TEST(pages_hold_every_call_once_newest_first),
        TEST(cursor_that_is_none_is_refused),
        TEST(row_says_who_why_how_urgent_and_what_next),
        TEST(filters_choose),
        TEST(dates_include_the_first_moment_and_not_the_last),
        TEST(calls_of_a_contact_are_found_by_its_number),
        TEST(words_are_found_without_their_accents_and_with_them),
        TEST(last_word_may_be_a_beginning_the_others_are_whole),
        TEST(all_that_is_known_of_a_call_is_searched),
        TEST(numbers_are_found_by_any_part_however_written),
        TEST(what_nobody_would_type_is_found_nowhere_and_breaks_nothing),
        TEST(long_words_and_long_calls_are_no_trouble),
        TEST(common_and_rare_words_come_in_the_same_order_and_pages),
        TEST(erased_words_are_not_found_any_more),
        TEST(nothing_of_another_tenant_is_found),
        TEST(call_is_searchable_when_it_has_ended),
        TEST(opened_call_shows_all_there_is),
        TEST(live_call_has_no_version),
        TEST(change_says_who_and_when_and_can_be_taken_back),
        TEST(change_to_what_is_so_already_is_none),
        TEST(change_of_another_version_is_refused),
        TEST(assigned_to_a_person_of_the_tenant_only),
        TEST(correction_stands_beside_the_screening),
        TEST(wrong_change_is_refused_whole),
        TEST(many_change_at_once_or_none),
        TEST(thrown_away_can_be_taken_back_until_it_is_erased),
        TEST(counts_stay_true_under_corrections),
        TEST(resolved_needs_nobody_any_more),
        TEST(turned_away_at_the_ring_needs_nobody),
        TEST(export_has_its_columns_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
