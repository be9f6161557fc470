/* test/test_api_exports.c: all that is kept of a tenant as one ZIP file: made, fetched, read by
 * another program's library, and nothing of anybody else in it. */
#include "app/export_text.h"
#include "app/exporter.h"
#include "base/mem.h"
#include "store/exports.h"
#include "test/api.h"
#include "test/test.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;
static struct person owner, admin;
static struct exporter *exporter;
static char path[100];

static int open_tenant(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES];
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants");
    struct uuid tenant = api_tenant("Jan");
    owner = api_person(tenant, ROLE_OWNER, "+420601500001");
    admin = api_person(tenant, ROLE_ADMIN, "+420601500002");
    uuid_print(tenant, id);
    snprintf(path, sizeof(path), "/api/tenants/%s/exports", id);
    return 0;
}

static int close_tenant(void **state)
{
    (void)state;
    exporter_free(&exporter);
    return 0;
}

static char *ask_for_one(void)
{
    assert_int_equal(api_ask(&owner, HTTP_POST, NULL, "%s", path), 201);
    assert_string_equal(api_value("state"), "pending");
    return xstrdup(api_value("id"));
}

static void make(void)
{
    exporter = exporter_new(w->bench.loop, w->bench.app);
    while (!exporter_stats(exporter)->ready && !exporter_stats(exporter)->put_off)
        loop_step(w->bench.loop, 100);
    assert_int_equal(exporter_stats(exporter)->ready, 1);
}

/* The newest answer's files: fn with each. */
typedef void file_fn(const char *name, struct str text);

static size_t each_file(file_fn *fn)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    struct buf text = {0};
    char bytes[16384];
    size_t files = 0;
    archive_read_support_format_zip(archive);
    assert_int_equal(archive_read_open_memory(archive, w->body.data, w->body.bytes), ARCHIVE_OK);
    for (; archive_read_next_header(archive, &entry) == ARCHIVE_OK; files++) {
        buf_clear(&text);
        for (la_ssize_t n; (n = archive_read_data(archive, bytes, sizeof(bytes))) != 0;) {
            assert_true(n > 0);
            buf_add(&text, bytes, (size_t)n);
        }
        fn(archive_entry_pathname(entry), buf_str(&text));
    }
    archive_read_free(archive);
    buf_free(&text);
    return files;
}

static size_t json_rows, csv_lines, readmes;
static const char *wanted; /* a file to be kept whole */
static struct buf kept;

static void look(const char *name, struct str text)
{
    size_t length = strlen(name);
    if (strcmp(name, "README.txt") == 0) {
        readmes += str_starts(text, "Toto je vše");
    } else if (strcmp(name + length - 5, ".json") == 0) {
        cJSON *json = cJSON_ParseWithLength(text.at, text.bytes);
        if (!cJSON_IsArray(json))
            fail_msg("%s is no JSON array", name);
        json_rows += (size_t)cJSON_GetArraySize(json);
        cJSON_Delete(json);
    } else {
        for (size_t i = 0; i + 1 < text.bytes; i++)
            csv_lines += text.at[i] == '\r' && text.at[i + 1] == '\n';
    }
    if (wanted && strcmp(name, wanted) == 0)
        buf_add_str(&kept, text);
}

static void fetch(const char *id, const char *file)
{
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s/%s/file", path, id), 200);
    assert_string_equal(api_header("Content-Type"), "application/zip");
    assert_non_null(strstr(api_header("Content-Disposition"), "attachment"));
    json_rows = csv_lines = readmes = 0;
    buf_clear(&kept);
    wanted = file;
    assert_int_equal(each_file(look), 1 + 2 * export_part_count());
    assert_int_equal(readmes, 1);
}

static void everything_of_a_tenant_is_in_it_and_nothing_of_others(void **state)
{
    (void)state;
    struct uuid other = api_tenant("A stranger");
    postgres_sample(owner.tenant);
    postgres_sample(other);
    postgres_run("DELETE FROM exports");
    char *id = ask_for_one();
    make();
    fetch(id, "audit_log.json");
    assert_true(json_rows >= export_part_count()); /* a row of each, and people and sessions more */
    assert_null(strstr(buf_text(&w->body), "stranger"));
    char stranger[UUID_TEXT_BYTES];
    uuid_print(other, stranger);
    assert_null(strstr(buf_text(&kept), stranger));
    assert_non_null(strstr(buf_text(&kept), "export.add"));
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s/%s", path, id), 200);
    assert_string_equal(api_value("state"), "ready");
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE action = 'export.fetch'"),
                     1);
    free(id);
}

/* A new table is either exported or listed here with the reason why not. */
static void every_table_is_exported_or_has_a_reason(void **state)
{
    (void)state;
    static const char decided[] =
        "api_keys audit_log call_events call_messages call_orders call_screenings"
        " call_turns calls contacts invites rehearsal_results rehearsals rule_settings rules"
        " tenant_phone_numbers tenant_text_versions usage_ledger user_sessions users" /* exported */
        " call_search call_sids call_snapshots counted_calls" /* made from calls */
        " export_chunks exports idempotency_keys outbox retired_tokens stream_tokens upkeep"
        " forwarding_checks number_orders" /* work in progress, shown by its own routes
                                            */
        " tenant_notes";                   /* the operators' own */
    char *tables = postgres_ask(
        "SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE c.relnamespace ="
        " 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND EXISTS"
        " (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT"
        " a.attisdropped)");
    struct str rest = str_of(tables);
    while (rest.bytes) {
        struct str table = str_cut(&rest, ' '), known = str_of(decided);
        bool found = false;
        while (known.bytes && !found) {
            struct str word = str_cut(&known, ' ');
            found = word.bytes == table.bytes && memcmp(word.at, table.at, word.bytes) == 0;
        }
        if (!found)
            fail_msg("export %.*s, or say here why not", (int)table.bytes, table.at);
    }
    free(tables);
}

static void many_pages_come_whole(void **state)
{
    (void)state;
    postgres_run(
        "WITH c AS (INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at, status,"
        "  ended_at) SELECT id, gen_random_uuid(), 'twilio', gen_random_uuid()::text, now(),"
        "  'completed', now() FROM tenants, generate_series(1, 250) RETURNING *)"
        " INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text)"
        "  SELECT tenant_id, id, n, 'caller', 'said', 0, 1, (SELECT string_agg(md5(id::text || n ||"
        "   i), ' ') FROM generate_series(1, 60) i) FROM c, generate_series(1, 3) n");
    char *id = ask_for_one();
    make();
    fetch(id, "transcripts.json");
    assert_true(w->body.bytes > 3 * EXPORT_CHUNK_BYTES); /* more than one piece */
    cJSON *json = cJSON_Parse(buf_text(&kept));
    assert_int_equal(cJSON_GetArraySize(json), 750);
    cJSON_Delete(json);
    fetch(id, "calls.csv");
    assert_true(strncmp(buf_text(&kept), "id,from_number,", 15) == 0);
    free(id);
}

static void only_the_owner_exports(void **state)
{
    (void)state;
    char *id = ask_for_one();
    api_ask(&admin, HTTP_POST, NULL, "%s", path);
    api_expect_problem(403, "forbidden");
    api_ask(&admin, HTTP_GET, NULL, "%s/%s/file", path, id);
    api_expect_problem(403, "forbidden");
    struct person stranger = api_person(api_tenant("Eva"), ROLE_OWNER, "+420601500003");
    char hers[UUID_TEXT_BYTES];
    uuid_print(stranger.tenant, hers);
    api_ask(&stranger, HTTP_GET, NULL, "/api/tenants/%s/exports/%s/file", hers, id);
    api_expect_problem(404, "not_found");
    free(id);
}

static void one_is_made_at_a_time_and_five_a_day(void **state)
{
    (void)state;
    char *id = ask_for_one();
    api_ask(&owner, HTTP_POST, NULL, "%s", path);
    api_expect_problem(409, "already_running");
    api_ask(&owner, HTTP_GET, NULL, "%s/%s/file", path, id);
    api_expect_problem(409, "not_ready");
    for (int i = 0; i < 4; i++) {
        postgres_run("UPDATE exports SET state = 'failed'");
        free(ask_for_one());
    }
    postgres_run("UPDATE exports SET state = 'failed'");
    api_ask(&owner, HTTP_POST, NULL, "%s", path);
    api_expect_problem(429, "too_many_exports");
    assert_int_equal(api_ask(&owner, HTTP_GET, NULL, "%s", path), 200);
    assert_true(api_has("items.4"));
    free(id);
}

static void old_export_is_gone(void **state)
{
    (void)state;
    char *id = ask_for_one();
    make();
    postgres_run("UPDATE exports SET expires_at = now()");
    api_ask(&owner, HTTP_GET, NULL, "%s/%s/file", path, id);
    api_expect_problem(404, "not_found");
    api_ask(&owner, HTTP_GET, NULL, "%s/%s", path, id);
    api_expect_problem(404, "not_found");
    free(id);
}

/* A worker died in the middle: what it had stored does not count. */
static void export_that_was_begun_begins_anew(void **state)
{
    (void)state;
    char *id = ask_for_one();
    postgres_run("UPDATE exports SET state = 'running', run = gen_random_uuid();"
                 "INSERT INTO export_chunks (tenant_id, export_id, run, seq, data)"
                 " SELECT tenant_id, id, run, 0, 'half' FROM exports");
    make();
    fetch(id, NULL);
    free(id);
}

/* Whether it was made already or is being made: it may hold him. */
static void export_goes_with_a_caller_who_is_erased(void **state)
{
    (void)state;
    char id[UUID_TEXT_BYTES], *export = ask_for_one();
    uuid_print(owner.tenant, id);
    exporter = exporter_new(w->bench.loop, w->bench.app);
    while (!postgres_count("SELECT count(*) FROM exports WHERE state <> 'pending'"))
        loop_step(w->bench.loop, 10);
    assert_int_equal(
        api_ask(&owner, HTTP_POST, "{\"phone\":\"+420602000111\"}", "/api/tenants/%s/erasures", id),
        201);
    assert_string_equal(api_value("erased.exports"), "1");
    while (!exporter_stats(exporter)->put_off && /* else it had been made, or had come to its end */
           !postgres_count("SELECT count(*) FROM outbox WHERE kind = 'export' AND status = 'done'"))
        loop_step(w->bench.loop, 10);
    postgres_run("UPDATE outbox SET run_at = now() WHERE kind = 'export'");
    while (!postgres_count("SELECT count(*) FROM outbox WHERE kind = 'export' AND status = 'done'"))
        loop_step(w->bench.loop, 100);
    api_ask(&owner, HTTP_GET, NULL, "%s/%s", path, export);
    api_expect_problem(404, "not_found");
    assert_int_equal(postgres_count("SELECT count(*) FROM export_chunks"), 0);
    free(export);
}

static void csv_is_quoted_and_holds_no_formula(void **state)
{
    (void)state;
    struct buf out = {0};
    struct str object = str_of("{\"a\":\"x, \\\"y\\\"\",\"b\":null,\"c\":1.5,\"d\":[1],"
                               "\"e\":\"=1+1\",\"f\":\"+420601123456\",\"g\":\"-\",\"h\":true}");
    export_csv_head(object, &out);
    export_csv_line(object, &out);
    assert_string_equal(buf_text(&out), "a,b,c,d,e,f,g,h\r\n"
                                        "\"x, \"\"y\"\"\",,1.5,[1],\"'=1+1\",+420601123456,\"'-\","
                                        "true\r\n");
    buf_free(&out);
}

static void readme_is_there_in_every_language(void **state)
{
    (void)state;
    static const char *const languages[] = {"cs", "sk", "de"};
    for (size_t i = 0; i < countof(languages); i++)
        assert_string_not_equal(export_readme(languages[i]), export_readme("en"));
    assert_string_equal(export_readme("fr"), export_readme("en"));
}

static int close_all(void **state)
{
    buf_free(&kept);
    return api_world_close(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_tenant, close_tenant)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everything_of_a_tenant_is_in_it_and_nothing_of_others),
        TEST(every_table_is_exported_or_has_a_reason),
        TEST(many_pages_come_whole),
        TEST(only_the_owner_exports),
        TEST(one_is_made_at_a_time_and_five_a_day),
        TEST(old_export_is_gone),
        TEST(export_that_was_begun_begins_anew),
        TEST(export_goes_with_a_caller_who_is_erased),
        TEST(csv_is_quoted_and_holds_no_formula),
        TEST(readme_is_there_in_every_language),
    };
    return cmocka_run_group_tests(tests, api_world_open, close_all);
}
