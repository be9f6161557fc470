/* test/test_yaml_json.c: the contract's YAML made JSON at build time, and the YAML that is refused
 * because its readers do not agree on it. */
#include "base/mem.h"
#include "test/file.h"
#include "test/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the tool makes of a text: its JSON, or what it complains about. The caller frees it. */
static char *converted(const char *yaml, bool *good_out)
{
    char folder[] = "/tmp/karen-yaml-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *in = xprintf("%s/in", folder), *out = xprintf("%s/out", folder);
    char *said = xprintf("%s/said", folder);
    FILE *file = fopen(in, "wb");
    fputs(yaml, file);
    fclose(file);
    char *command = xprintf("'%s/src/api/yaml_json' %s %s 2>%s", KAREN_BUILD_ROOT, in, out, said);
    int status = system(command);
    assert_true(WIFEXITED(status));
    *good_out = WEXITSTATUS(status) == 0;
    char *text = file_text(*good_out ? out : said);
    unlink(in);
    unlink(out);
    unlink(said);
    rmdir(folder);
    free(command);
    free(in);
    free(out);
    free(said);
    return text;
}

static void yaml_becomes_json(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } rows[] = {
        {"a: b\n", "{\"a\":\"b\"}\n"},
        {"a: [1, -2.5e3, true, false, null]\n", "{\"a\":[1,-2.5e3,true,false,null]}\n"},
        {"a: ['1', \"true\", 'null', \"no\"]\n", "{\"a\":[\"1\",\"true\",\"null\",\"no\"]}\n"},
        {"- {a: {}, b: []}\n- x\n", "[{\"a\":{},\"b\":[]},\"x\"]\n"},
        {"200: ok\n1.0: x\n", "{\"200\":\"ok\",\"1.0\":\"x\"}\n"},
        {"a: 3.1.0\n", "{\"a\":\"3.1.0\"}\n"},
        {"a: e164\n", "{\"a\":\"e164\"}\n"},
        {"a: |\n  one\n  two \"x\"\n", "{\"a\":\"one\\u000atwo \\\"x\\\"\\u000a\"}\n"},
        {"a: >\n  one\n  two\n", "{\"a\":\"one two\\u000a\"}\n"},
        {"a: one\n  two\n", "{\"a\":\"one two\"}\n"},
        {"a: Dvořák # a comment\n", "{\"a\":\"Dvořák\"}\n"},
        {"a: \"\\u010d\\t\"\n", "{\"a\":\"č\\u0009\"}\n"},
        {"\"null\": text\n", "{\"null\":\"text\"}\n"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        bool good;
        char *json = converted(rows[i].yaml, &good);
        if (!good || strcmp(json, rows[i].json) != 0)
            fail_msg("%s became %s", rows[i].yaml, json);
        free(json);
    }
}

static void doubtful_yaml_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *why;
    } rows[] = {
        {"a: &x 1\n", ":1:4: anchors"},
        {"a: *x\n", ":1:4: anchors"},
        {"a: !!str 1\n", ":1:4: anchors"},
        {"a: 1\n<<: {b: 2}\n", ":2:1: anchors"},
        {"a: 1\nb: 2\na: 3\n", ":3:1: the key \"a\" a second time"},
        {"a:\n  - {b: 1, \"b\": 2}\n", ":2:12: the key \"b\" a second time"},
        {"a:\n", "\"\" is read in different ways"},
        {"a: ~\n", ":1:4: \"~\" is read in different ways"},
        {"a: yes\n", "\"yes\" is read in different ways"},
        {"a: Off\n", "\"Off\" is read in different ways"},
        {"a: NULL\n", "\"NULL\" is read in different ways"},
        {"a: 0x1f\n", "\"0x1f\" is read in different ways"},
        {"a: 010\n", "\"010\" is read in different ways"},
        {"a: +1\n", "\"+1\" is read in different ways"},
        {"a: .5\n", "\".5\" is read in different ways"},
        {"a: 12:30\n", "\"12:30\" is read in different ways"},
        {"a: 2026-11-28\n", "\"2026-11-28\" is read in different ways"},
        {"[a]: 1\n", ":1:1: a key that is no text"},
        {"a: [1\n", ":2:1: did not find expected"},
        {"a: 1\n---\nb: 2\n", "a second document"},
        {"", "the file is empty"},
        {"a: \"\\0\"\n", "U+0000 in a text"},
        {"a: \xFF\n", "invalid"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        bool good;
        char *said = converted(rows[i].yaml, &good);
        if (good || !strstr(said, rows[i].why))
            fail_msg("%s: %s instead of %s", rows[i].yaml, said, rows[i].why);
        free(said);
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct buf yaml = {0};
    bool good;
    for (int i = 0; i < 100; i++)
        buf_putc(&yaml, '[');
    char *said = converted(buf_text(&yaml), &good);
    assert_false(good);
    assert_non_null(strstr(said, "deeper than 64 levels"));
    free(said);
    buf_free(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_becomes_json),
        cmocka_unit_test(doubtful_yaml_is_refused_with_its_place),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
