/* test/test_cmd.c: the operator's commands, run as from a shell, what they print and how they end.
 */
#include "app/cmd.h"

#include "base/log.h"
#include "base/mem.h"
#include "test/postgres.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 24 };

static struct buf out, err; /* what the last command printed */

static void read_back(FILE *file, struct buf *text)
{
    char piece[4096];
    size_t bytes;
    buf_clear(text);
    rewind(file);
    while ((bytes = fread(piece, 1, sizeof(piece), file)))
        buf_add(text, piece, bytes);
    fclose(file);
}

typedef int command_fn(const char *database_url, int argc, char **argv);

static int run_words(command_fn *command, const char *url, char **words, int count)
{
    FILE *out_file = tmpfile(), *err_file = tmpfile();
    fflush(stdout);
    fflush(stderr);
    int old_out = dup(STDOUT_FILENO), old_err = dup(STDERR_FILENO);
    dup2(fileno(out_file), STDOUT_FILENO);
    dup2(fileno(err_file), STDERR_FILENO);
    int status = command(url, count, words);
    fflush(stdout);
    fflush(stderr);
    dup2(old_out, STDOUT_FILENO);
    dup2(old_err, STDERR_FILENO);
    close(old_out);
    close(old_err);
    read_back(out_file, &out);
    read_back(err_file, &err);
    return status;
}

/* A command line, its words parted by "|". */
static int run_at(const char *url, const char *line)
{
    char *copy = xstrdup(line), *words[WORDS_MAX], *rest = copy;
    int count = 0;
    while (count < WORDS_MAX - 1 && (words[count] = strsep(&rest, "|")))
        count++;
    command_fn *command = strcmp(words[0], "tenant") == 0     ? cmd_tenant
                          : strcmp(words[0], "number") == 0   ? cmd_number
                          : strcmp(words[0], "operator") == 0 ? cmd_operator
                                                              : cmd_migrate;
    int status = run_words(command, url, words, count);
    free(copy);
    return status;
}

static int run(const char *line)
{
    return run_at(postgres_url(), line);
}

static bool printed(const char *text)
{
    return strstr(buf_text(&out), text) != NULL;
}

static bool complained(const char *text)
{
    return strstr(buf_text(&err), text) != NULL;
}

static int clean(void **state)
{
    (void)state;
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants");
    return 0;
}

static void tenant_is_added_listed_shown_and_set(void **state)
{
    (void)state;
    assert_int_equal(run("tenant|add|--name|Dvořák s.r.o.|--owner|Jan Dvořák|--language|cs"
                         "|--forward|+420601123456|--timezone|Europe/Bratislava"),
                     0);
    assert_int_equal(out.bytes, 37); /* the id, for scripts */
    assert_int_equal(run("tenant|add|--name|Eva|--owner|Eva|--language|en"), 0);
    assert_int_equal(run("tenant|list"), 0);
    assert_true(printed("NAME           OWNER"));
    assert_true(printed("Dvořák s.r.o.  Jan Dvořák  cs        trial  active"));
    assert_true(printed("Eva            Eva         en        trial  active"));
    assert_int_equal(run("tenant|set|dvorak s.r.o.|plan=pro|vip_names=Máma\nTáta"
                         "|forward_number=|greeting_text=Dobrý den, = volejte"),
                     0);
    assert_int_equal(run("tenant|show|Dvořák s.r.o."), 0);
    assert_true(printed("plan                        pro\n"));
    assert_true(printed("vip_names                   Máma\n                            Táta\n"));
    assert_true(printed("forward_number              -\n"));
    assert_true(printed("greeting_text               Dobrý den, = volejte\n"));
    assert_true(printed("timezone                    Europe/Bratislava\n"));
    assert_true(printed("service.mode                full\n"));
    assert_true(printed("service.limit               1000\n"));
    assert_int_equal(postgres_count("SELECT count(*) FROM audit_log WHERE actor LIKE 'shell:%'"),
                     3);
}

static void lists_come_as_json_too(void **state)
{
    (void)state;
    assert_int_equal(run("tenant|add|--name|Jan \"J\"|--owner|Jan|--language|cs"), 0);
    assert_int_equal(run("tenant|list|--json"), 0);
    cJSON *json = cJSON_Parse(buf_text(&out));
    assert_int_equal(cJSON_GetArraySize(json), 1);
    const cJSON *tenant = cJSON_GetArrayItem(json, 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(tenant, "name")), "Jan \"J\"");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(tenant, "voice_id")));
    assert_true(cJSON_IsArray(cJSON_GetObjectItem(tenant, "vip_names")));
    cJSON_Delete(json);
    assert_int_equal(run("number|add|+420228883001|--sid|PN1"), 0);
    assert_int_equal(run("number|list|--json"), 0);
    json = cJSON_Parse(buf_text(&out));
    assert_int_equal(cJSON_GetArraySize(json), 1);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(json, 0), "tenant_id")));
    cJSON_Delete(json);
}

static void operator_suspends_limits_and_lets_go_on(void **state)
{
    (void)state;
    assert_int_equal(run("tenant|add|--name|Jan|--owner|Jan|--language|cs|--plan|basic"), 0);
    assert_int_equal(run("tenant|set|Jan|status=suspended|suspended_reason=unpaid since May"), 0);
    assert_int_equal(run("tenant|show|Jan"), 0);
    assert_true(printed("suspended_reason            unpaid since May\n"));
    assert_true(printed("service.reason              suspended\n"));
    assert_int_equal(run("tenant|set|Jan|status=active|limit_calls=5|owner_spoken=Jano"
                         "|retention_calls_days="),
                     0);
    assert_int_equal(run("tenant|show|Jan|--json"), 0);
    cJSON *json = cJSON_Parse(buf_text(&out));
    const cJSON *service = cJSON_GetObjectItem(json, "service");
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "suspended_reason")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "retention_calls_days")));
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "owner_spoken")), "Jano");
    assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(service, "limit")), 5);
    cJSON_Delete(json);
    assert_int_equal(run("tenant|set|Jan|trial_ends_at=tomorrow"), 1);
    assert_true(complained("not a time like 2026-11-28T08:00:00Z"));
    assert_int_equal(run("tenant|set|Jan|trial_ends_at=2026-02-30T00:00:00Z"), 1);
    assert_true(complained("a day, that exists"));
}

static void prompt_comes_from_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/karen-prompt-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "Be kind.\nBe short.\n", 19), 19);
    close(fd);
    char *line = xprintf("tenant|add|--name|P|--owner|P|--language|cs|--prompt-file|%s", path);
    assert_int_equal(run(line), 0);
    free(line);
    char *prompt = postgres_ask("SELECT system_prompt FROM tenants");
    assert_string_equal(prompt, "Be kind.\nBe short.");
    free(prompt);
    line = xprintf("tenant|set|P|greeting_text=@%s", path);
    assert_int_equal(run(line), 0);
    free(line);
    unlink(path);
    assert_int_equal(postgres_count("SELECT length(greeting_text) FROM tenants"), 18);
    assert_int_equal(run("tenant|set|P|greeting_text=@/no/such/file"), 1);
    assert_true(complained("No such file"));
}

static void wrong_settings_are_all_named_and_nothing_is_changed(void **state)
{
    (void)state;
    assert_int_equal(run("tenant|add|--name|X|--owner|X|--language|xx|--forward|123"), 1);
    assert_true(complained("language: not one of cs en de sk"));
    assert_true(complained("forward_number: not a telephone number"));
    assert_int_equal(run("tenant|add|--name|X|--owner|X|--language|cs|--timezone|Europe/Atlantis"),
                     1);
    assert_true(complained("time zone"));
    assert_int_equal(postgres_count("SELECT count(*) FROM tenants"), 0);
    assert_int_equal(run("tenant|add|--name|X|--owner|X|--language|cs"), 0);
    assert_int_equal(run("tenant|set|X|name="), 1);
    assert_true(complained("name: it cannot be empty"));
    assert_int_equal(run("tenant|set|X|colour=red"), 1);
    assert_true(complained("colour: there is no such setting"));
    assert_int_equal(run("tenant|set|X|voice_id=../v1/user"), 1);
    assert_int_equal(run("tenant|set|Y|name=Z"), 1);
    assert_true(complained("there is no tenant \"Y\""));
}

static void wrong_command_line_is_explained(void **state)
{
    (void)state;
    assert_int_equal(run("tenant"), 2);
    assert_true(complained("usage: karen tenant"));
    assert_int_equal(run("tenant|help"), 0);
    assert_true(printed("usage: karen tenant"));
    assert_int_equal(run("tenant|add|--name|X"), 2);
    assert_true(complained("--name, --owner and --language are needed"));
    assert_int_equal(run("tenant|list|--xml"), 2);
    assert_true(complained("no option --xml"));
    assert_int_equal(run("tenant|show"), 2);
    assert_int_equal(run("tenant|show|a|b"), 2);
    assert_int_equal(run("number|assign|+420228883001"), 2);
    assert_int_equal(run("number|add|--sid"), 2);
    assert_true(complained("--sid wants a value"));
    assert_int_equal(run("migrate|now"), 2);
}

static void number_is_added_assigned_and_released(void **state)
{
    (void)state;
    assert_int_equal(run("tenant|add|--name|Jan|--owner|Jan|--language|cs"), 0);
    assert_int_equal(run("tenant|add|--name|Eva|--owner|Eva|--language|cs"), 0);
    assert_int_equal(run("number|add|+420 228 883 001"), 0);
    assert_int_equal(run("number|add|+420228883001"), 1);
    assert_true(complained("known already"));
    assert_int_equal(run("number|assign|+420228883001|Jan|--forwarding-source|+420 601 123 456"),
                     0);
    assert_int_equal(run("number|list"), 0);
    assert_true(printed("+420228883001  assigned  Jan     +420601123456   yes      -"));
    assert_int_equal(run("number|assign|+420228883001|Eva"), 1);
    assert_true(complained("another tenant's"));
    assert_int_equal(run("number|release|+420228883001"), 0);
    assert_int_equal(run("number|list"), 0);
    assert_true(printed("+420228883001  quarantined  -"));
    assert_int_equal(run("number|release|+420228883001"), 1);
    assert_true(complained("nobody's"));
    assert_int_equal(run("number|assign|+420228883001|Eva"), 1);
    assert_int_equal(run("number|assign|+420228883002|Eva"), 1);
    assert_true(complained("not among the numbers"));
    assert_int_equal(run("number|add|hello"), 1);
    assert_true(complained("not a telephone number"));
}

static void migrate_brings_an_empty_database_up_to_date_once(void **state)
{
    (void)state;
    char *url = postgres_empty_url();
    assert_int_equal(run_at(url, "migrate|--status"), 1);
    assert_true(printed("0001_roles.sql"));
    assert_true(printed("missing"));
    assert_int_equal(run_at(url, "tenant|list"), 1);
    assert_true(complained("run `karen migrate`"));
    assert_int_equal(run_at(url, "migrate"), 0);
    assert_true(printed("0001_roles.sql applied"));
    assert_int_equal(run_at(url, "migrate"), 0);
    assert_false(printed("applied\n"));
    assert_int_equal(run_at(url, "migrate|--status"), 0);
    assert_false(printed("missing"));
    assert_int_equal(run_at(url, "tenant|list"), 0);
    free(url);
}

static void database_that_is_away_is_said_to_be(void **state)
{
    (void)state;
    assert_int_equal(run_at("postgresql://x@127.0.0.1:1/x", "migrate"), 1);
    assert_true(complained("the database cannot be reached"));
    assert_int_equal(run_at("postgresql://x@127.0.0.1:1/x", "tenant|list"), 1);
    assert_true(complained("Connection refused"));
    assert_int_equal(run_at("postgresql://[", "tenant|list"), 1);
    assert_true(complained("not a PostgreSQL URL"));
}

static void operator_is_added_listed_and_removed(void **state)
{
    (void)state;
    assert_int_equal(run("operator|list|--json"), 0);
    assert_true(printed("[]"));
    assert_int_equal(run("operator|add|+420 601 000 001"), 0);
    assert_int_equal(run("operator|add|+420601000001"), 1);
    assert_true(complained("is an operator already"));
    assert_int_equal(run("operator|list"), 0);
    assert_true(printed("+420601000001"));
    assert_int_equal(run("operator|remove|+420601000001"), 0);
    assert_int_equal(run("operator|remove|+420601000001"), 1);
    assert_true(complained("is no operator"));
    assert_int_equal(run("operator|add|me"), 1);
    assert_true(complained("not a telephone number"));
    assert_int_equal(run("operator|add"), 2);
    assert_int_equal(run("operator|help"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, clean)
int main(void)
{
    log_setup(LOG_ERROR, false);
    const struct CMUnitTest tests[] = {
        TEST(tenant_is_added_listed_shown_and_set),
        TEST(lists_come_as_json_too),
        TEST(operator_suspends_limits_and_lets_go_on),
        TEST(prompt_comes_from_a_file),
        TEST(wrong_settings_are_all_named_and_nothing_is_changed),
        TEST(wrong_command_line_is_explained),
        TEST(number_is_added_assigned_and_released),
        TEST(operator_is_added_listed_and_removed),
        TEST(migrate_brings_an_empty_database_up_to_date_once),
        TEST(database_that_is_away_is_said_to_be),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_free(&out);
    buf_free(&err);
    return failed;
}
