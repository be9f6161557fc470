/* test/test_schema.c: every keyword of the contract's JSON Schema, where it holds and where it does
 * not, and what is refused before it could be silently not applied. */
#include "api/schema.h"
#include "test/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A document with a few schemas to refer to. */
static const char DOCUMENT[] =
    "{\"components\":{\"schemas\":{"
    "\"Name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":5},"
    "\"Tree\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"value\"],"
    "\"properties\":{\"value\":{\"type\":\"integer\"},"
    "\"children\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Tree\"}}}},"
    "\"Loop\":{\"allOf\":[{\"$ref\":\"#/components/schemas/Loop\"}]},"
    "\"Circle\":{\"$ref\":\"#/components/schemas/Circle\"},"
    "\"Block\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"kind\"],"
    "\"properties\":{\"kind\":{\"const\":\"block\"}}},"
    "\"Transfer\":{\"type\":\"object\",\"additionalProperties\":false,"
    "\"required\":[\"kind\",\"to\"],\"properties\":{\"kind\":{\"const\":\"transfer\"},"
    "\"to\":{\"type\":\"string\",\"format\":\"phone\"}}}"
    "}}}";

struct scene {
    cJSON *document;
    struct schema_set *set;
    struct arena arena;
    struct faults faults;
};

static struct scene begin(void)
{
    struct scene scene = {.document = cJSON_Parse(DOCUMENT)};
    assert_non_null(scene.document);
    scene.set = schema_set_new(scene.document);
    return scene;
}

static void end(struct scene *scene)
{
    schema_set_free(&scene->set);
    cJSON_Delete(scene->document);
    arena_free(&scene->arena);
}

/* All faults as one text: "/name is empty; /age is missing". */
static char *complaints(const char *schema_text, const char *value_text)
{
    struct scene scene = begin();
    const struct schema *schema = NULL;
    cJSON *json = cJSON_Parse(schema_text), *value = cJSON_Parse(value_text);
    struct buf text = {0};
    if (!json || !value)
        print_message("not JSON: %s %s\n", schema_text, value_text);
    assert_non_null(json);
    assert_non_null(value);
    int err = schema_compile(scene.set, json, &schema);
    if (err)
        print_message("%s: %s\n", schema_text, schema_set_why(scene.set));
    assert_int_equal(err, 0);
    scene.faults.arena = &scene.arena;
    err = schema_check(schema, value, "", &scene.faults);
    assert_int_equal(err != 0, scene.faults.count > 0);
    assert_int_equal(err, schema_check(schema, value, "", NULL));
    for (size_t i = 0; i < scene.faults.count; i++)
        buf_printf(&text, "%s%s%s%s", i ? "; " : "", scene.faults.list[i].field,
                   scene.faults.list[i].field[0] ? " " : "", scene.faults.list[i].message);
    cJSON_Delete(json);
    cJSON_Delete(value);
    end(&scene);
    return text.data ? text.data : xstrdup("");
}

static void expect(const char *schema, const char *value, const char *complaint)
{
    char *got = complaints(schema, value);
    if (strcmp(got, complaint) != 0)
        fail_msg("%s against %s: \"%s\" instead of \"%s\"", value, schema, got, complaint);
    free(got);
}

static void types_are_what_json_says(void **state)
{
    (void)state;
    expect("{}", "[1,{\"a\":null}]", "");
    expect("{\"type\":\"string\"}", "\"a\"", "");
    expect("{\"type\":\"string\"}", "1", "must be text");
    expect("{\"type\":[\"string\",\"null\"]}", "null", "");
    expect("{\"type\":[\"string\",\"null\"]}", "true", "must be text or null");
    expect("{\"type\":\"integer\"}", "1", "");
    expect("{\"type\":\"integer\"}", "1.0", "");
    expect("{\"type\":\"integer\"}", "-7e2", "");
    expect("{\"type\":\"integer\"}", "1.5", "must be a whole number");
    expect("{\"type\":\"integer\"}", "9007199254740991", "");
    expect("{\"type\":\"integer\"}", "9007199254740993", "is too large a number");
    expect("{\"type\":\"number\"}", "1.5", "");
    expect("{\"type\":\"number\"}", "\"1\"", "must be a number");
    expect("{\"type\":\"boolean\"}", "false", "");
    expect("{\"type\":\"boolean\"}", "0", "must be true or false");
    expect("{\"type\":\"array\"}", "[]", "");
    expect("{\"type\":\"array\"}", "{}", "must be a list");
    expect("{\"type\":\"object\"}", "{}", "");
    expect("{\"type\":\"object\"}", "[]", "must be an object");
    expect("{\"type\":\"null\"}", "null", "");
    expect("{\"type\":\"null\"}", "0", "must be null");
    expect("{\"type\":[\"integer\",\"boolean\",\"null\"]}", "\"x\"",
           "must be a whole number or true or false or null");
}

static void choices_are_compared_whole(void **state)
{
    (void)state;
    static const char choice[] =
        "{\"type\":[\"string\",\"null\"],\"enum\":[\"trial\",\"pro\",null]}";
    expect(choice, "\"trial\"", "");
    expect(choice, "null", "");
    expect(choice, "\"Trial\"", "must be one of trial, pro, null");
    expect(choice, "\"tria\"", "must be one of trial, pro, null");
    expect("{\"enum\":[1,[2,3]]}", "[2,3]", "");
    expect("{\"enum\":[1,[2,3]]}", "[3,2]", "must be one of 1, [2,3]");
    expect("{\"const\":\"a\"}", "\"a\"", "");
    expect("{\"const\":\"a\"}", "\"b\"", "must be a");
    expect("{\"const\":true}", "true", "");
    expect("{\"const\":true}", "false", "must be true");
}

static void lengths_count_characters(void **state)
{
    (void)state;
    static const char name[] = "{\"type\":\"string\",\"minLength\":2,\"maxLength\":4}";
    expect(name, "\"ab\"", "");
    expect(name, "\"abcd\"", "");
    expect(name, "\"čřžů\"", "");
    expect(name, "\"😀😀😀😀\"", "");
    expect(name, "\"a\"", "is shorter than 2 characters");
    expect(name, "\"\"", "is empty");
    expect(name, "\"abcde\"", "is longer than 4 characters");
    expect(name, "\"čřžůx\"", "is longer than 4 characters");
}

static void patterns_are_posix_and_unanchored(void **state)
{
    (void)state;
    static const char code[] = "{\"type\":\"string\",\"pattern\":\"^[a-z]{2}(-[A-Z]{2})?$\"}";
    expect(code, "\"cs\"", "");
    expect(code, "\"cs-CZ\"", "");
    expect(code, "\"csx\"", "does not match ^[a-z]{2}(-[A-Z]{2})?$");
    expect(code, "\"cs\\n\"", "does not match ^[a-z]{2}(-[A-Z]{2})?$");
    expect("{\"type\":\"string\",\"pattern\":\"b\"}", "\"abc\"", "");
    expect("{\"type\":\"string\",\"pattern\":\"^a\\\\.b$\"}", "\"a.b\"", "");
    expect("{\"type\":\"string\",\"pattern\":\"^a\\\\.b$\"}", "\"axb\"", "does not match ^a\\.b$");
}

static void formats_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        const char *good[8];
        const char *bad[16];
    } rows[] = {
        {"uuid",
         {"0190b5a0-7b6c-7f00-8000-000000000001"},
         {"0190b5a0-7b6c-7f00-8000-00000000000", "0190b5a07b6c7f008000000000000001", "",
          "0190b5a0-7b6c-7f00-8000-00000000000g"}},
        {"date-time",
         {"2026-11-28T08:00:00Z", "2026-11-28T08:00:00.123Z", "2026-11-28t08:00:00.123456789z",
          "2024-02-29T23:59:59+14:00", "2000-02-29T00:00:00-00:30"},
         {"2026-11-28", "2026-11-28 08:00:00Z", "2026-11-28T08:00Z", "2026-11-28T08:00:00",
          "2026-02-29T08:00:00Z", "1900-02-29T08:00:00Z", "2026-13-01T08:00:00Z",
          "2026-11-31T08:00:00Z", "2026-11-28T24:00:00Z", "2026-11-28T08:60:00Z",
          "2026-11-28T08:00:61Z", "2026-11-28T08:00:00.Z", "2026-11-28T08:00:00+1:00",
          "2026-11-28T08:00:00Zx", "0000-01-01T00:00:00Z"}},
        {"date",
         {"2026-11-28", "2024-02-29"},
         {"2026-11-28T", "2026-1-28", "2026-11-00", "26-11-28", "2026/11/28", ""}},
        {"time-zone",
         {"Europe/Prague", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires",
          "America/Port-au-Prince"},
         {"", "Europe/", "/Europe", "Europe//Prague", "../../etc/passwd", "Europe Prague",
          "Evropa/Pražská"}},
        {"email",
         {"jan@example.com", "jan.novak+karen@mail.example.co.uk", "o'neil@example.com"},
         {"jan", "jan@", "@example.com", "jan@example", "jan@exa mple.com", "jan@@example.com",
          "jan..novak@example.com", ".jan@example.com", "jan.@example.com", "jan@example.com.",
          "jan@-example.com", "jan@example..com", "jan@example.com\\nBcc: x@example.com",
          "\\\"jan\\\"@example.com"}},
        {"uri",
         {"https://example.com", "https://example.com/a/b?c=d#e", "http://localhost:8080/x",
          "https://[::1]/x"},
         {"", "example.com", "ftp://example.com", "javascript:alert(1)", "https://",
          "https://exa mple.com", "https://user:secret@example.com/", "ws://example.com",
          "https://example.com/\\u010d", "//example.com"}},
        {"phone",
         {"+420601234567", "+442088883001"},
         {"", "420601234567", "+420 601 234 567", "00420601234567", "+42060123", "+4206012345678",
          "+0420601234567", "anonymous", "+420601234567x", "+420601234567890123"}},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        char *schema = xprintf("{\"type\":\"string\",\"format\":\"%s\"}", rows[i].format);
        for (size_t j = 0; rows[i].good[j]; j++) {
            char *value = xprintf("\"%s\"", rows[i].good[j]);
            expect(schema, value, "");
            free(value);
        }
        for (size_t j = 0; rows[i].bad[j]; j++) {
            char *value = xprintf("\"%s\"", rows[i].bad[j]);
            char *got = complaints(schema, value);
            if (strncmp(got, "is not ", 7) != 0)
                fail_msg("%s is taken for a %s", value, rows[i].format);
            free(got);
            free(value);
        }
        free(schema);
    }
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    static const char limit[] = "{\"type\":\"integer\",\"minimum\":1,\"maximum\":200}";
    expect(limit, "1", "");
    expect(limit, "200", "");
    expect(limit, "0", "is less than 1");
    expect(limit, "201", "is more than 200");
    static const char open[] =
        "{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":1,\"multipleOf\":0.25}";
    expect(open, "0.5", "");
    expect(open, "0", "is not more than 0");
    expect(open, "1", "is not less than 1");
    expect(open, "0.3", "is not a multiple of 0.25");
}

static void lists_are_checked_item_by_item(void **state)
{
    (void)state;
    static const char list[] =
        "{\"type\":\"array\",\"minItems\":1,\"maxItems\":3,\"uniqueItems\":true,"
        "\"items\":{\"type\":\"string\",\"maxLength\":2}}";
    expect(list, "[\"a\",\"b\"]", "");
    expect(list, "[]", "has fewer than 1 items");
    expect(list, "[\"a\",\"b\",\"c\",\"d\"]", "has more than 3 items");
    expect(list, "[\"a\",\"abc\",7]", "/1 is longer than 2 characters; /2 must be text");
    expect(list, "[\"a\",\"b\",\"a\"]", "/2 is there twice");
    expect(list, "[\"a\",\"a\",\"a\"]", "/1 is there twice; /2 is there twice");
    expect("{\"type\":\"array\",\"maxItems\":9,\"uniqueItems\":true}", "[[1],{\"a\":1},[1]]",
           "/2 is there twice");
}

static void objects_are_checked_member_by_member(void **state)
{
    (void)state;
    static const char person[] =
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\",\"a/b~c\"],"
        "\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":3},\"a/b~c\":{},"
        "\"address\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}}";
    expect(person, "{\"name\":\"Jan\",\"a/b~c\":null}", "");
    expect(person, "{\"name\":\"Jana\"}", "/name is longer than 3 characters; /a~1b~0c is missing");
    expect(person, "{\"name\":\"Jan\",\"a/b~c\":1,\"Name\":2}", "/Name is not known here");
    expect(person, "{\"name\":\"Jan\",\"a/b~c\":1,\"x/~\":2}", "/x~1~0 is not known here");
    expect(person, "{\"name\":\"Jan\",\"a/b~c\":1,\"address\":{\"city\":5,\"street\":1}}",
           "/address/city must be text");
    static const char map[] =
        "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"},"
        "\"minProperties\":1,\"maxProperties\":2}";
    expect(map, "{\"a\":1,\"b\":2}", "");
    expect(map, "{\"a\":1,\"b\":\"2\"}", "/b must be a whole number");
    expect(map, "{}", "has fewer than 1 members");
    expect(map, "{\"a\":1,\"b\":2,\"c\":3}", "has more than 2 members");
}

static void references_are_followed(void **state)
{
    (void)state;
    static const char named[] = "{\"type\":\"object\",\"properties\":{\"name\":"
                                "{\"$ref\":\"#/components/schemas/Name\",\"description\":\"x\"}}}";
    expect(named, "{\"name\":\"Jan\"}", "");
    expect(named, "{\"name\":\"Jan Novak\"}", "/name is longer than 5 characters");
    expect("{\"$ref\":\"#/components/schemas/Name\",\"pattern\":\"^J\"}", "\"Eva\"",
           "does not match ^J");
    expect("{\"$ref\":\"#/components/schemas/Name\",\"pattern\":\"^J\"}", "\"Jaroslav\"",
           "is longer than 5 characters");
    static const char tree[] = "{\"$ref\":\"#/components/schemas/Tree\"}";
    expect(tree, "{\"value\":1,\"children\":[{\"value\":2,\"children\":[{\"value\":3}]}]}", "");
    expect(tree, "{\"value\":1,\"children\":[{\"value\":2,\"children\":[{\"valu\":3}]}]}",
           "/children/0/children/0/valu is not known here; "
           "/children/0/children/0/value is missing");
}

static void forms_are_told_apart_by_their_tag(void **state)
{
    (void)state;
    static const char action[] = "{\"oneOf\":[{\"$ref\":\"#/components/schemas/Block\"},"
                                 "{\"$ref\":\"#/components/schemas/Transfer\"}]}";
    expect(action, "{\"kind\":\"block\"}", "");
    expect(action, "{\"kind\":\"transfer\",\"to\":\"+420601234567\"}", "");
    expect(action, "{\"kind\":\"transfer\"}", "/to is missing");
    expect(action, "{\"kind\":\"block\",\"to\":\"+420601234567\"}", "/to is not known here");
    expect(action, "{\"kind\":\"transfer\",\"to\":\"+1\"}",
           "/to is not a phone number such as +420601234567");
    expect(action, "{\"kind\":\"ring\"}", "/kind must be one of block, transfer");
    expect(action, "{\"kind\":7}", "/kind must be one of block, transfer");
    expect(action, "{}", "/kind is missing");
    expect(action, "[]", "must be an object");
}

static void forms_without_a_tag_are_tried(void **state)
{
    (void)state;
    static const char either[] = "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":2},"
                                 "{\"type\":\"integer\",\"minimum\":5},{\"type\":\"null\"}]}";
    expect(either, "\"ab\"", "");
    expect(either, "7", "");
    expect(either, "null", "");
    expect(either, "\"abc\"", "is longer than 2 characters");
    expect(either, "4", "is less than 5");
    expect(either, "true", "has none of the forms it may have");
    static const char one[] = "{\"oneOf\":[{\"type\":\"integer\",\"minimum\":0},"
                              "{\"type\":\"integer\",\"maximum\":10}]}";
    expect(one, "-1", "");
    expect(one, "11", "");
    expect(one, "5", "fits more than one of the forms it may have");
    expect("{\"allOf\":[{\"type\":\"integer\"},{\"minimum\":3},{\"maximum\":1}]}", "2",
           "is less than 3; is more than 1");
}

static void faults_are_bounded(void **state)
{
    (void)state;
    struct scene scene = begin();
    const struct schema *schema = NULL;
    struct buf text = {0};
    cJSON *json = cJSON_Parse("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
    assert_int_equal(schema_compile(scene.set, json, &schema), 0);
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, i ? ",1" : "[1");
    buf_putc(&text, ']');
    cJSON *value = cJSON_Parse(buf_text(&text));
    scene.faults.arena = &scene.arena;
    assert_int_equal(schema_check(schema, value, "list", &scene.faults), EINVAL);
    assert_int_equal(scene.faults.count, CONTRACT_FAULTS_MAX);
    assert_string_equal(scene.faults.list[15].field, "list/15");
    buf_free(&text);
    cJSON_Delete(json);
    cJSON_Delete(value);
    end(&scene);
}

static void what_would_not_be_applied_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *schema, *why;
    } rows[] = {
        {"7", "it is no schema"},
        {"{\"type\":\"text\"}", "type is none of JSON Schema's"},
        {"{\"type\":[]}", "type is an empty list"},
        {"{\"type\":[\"string\",null]}", "null stands in quotes"},
        {"{\"type\":[\"string\",\"string\"]}", "named twice"},
        {"{\"propertyNames\":{}}", "propertyNames is not known here"},
        {"{\"nullable\":true}", "nullable is not known here"},
        {"{\"type\":\"string\",\"minLenght\":1}", "minLenght is not known here"},
        {"{\"type\":\"string\",\"maxLength\":\"9\"}", "maxLength is no count"},
        {"{\"type\":\"string\",\"maxLength\":1.5}", "maxLength is no count"},
        {"{\"type\":\"string\",\"maximum\":3}", "maximum says nothing about its type"},
        {"{\"type\":\"integer\",\"maxLength\":3}", "maxLength says nothing about its type"},
        {"{\"type\":\"string\",\"minLength\":3,\"maxLength\":2}", "its least is above its most"},
        {"{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "its least is above its most"},
        {"{\"type\":\"integer\",\"minimum\":3,\"exclusiveMinimum\":2}", "stands beside"},
        {"{\"type\":\"number\",\"multipleOf\":0}", "multipleOf is not above 0"},
        {"{\"type\":\"string\",\"format\":\"hostname\"}", "format is none that is known"},
        {"{\"type\":\"string\",\"pattern\":\"(\"}", "the pattern ("},
        {"{\"type\":\"string\",\"pattern\":\"^\\\\d+$\"}", "escape that POSIX does not know"},
        {"{\"type\":\"string\",\"pattern\":\"a*?\"}", "behind a repetition"},
        {"{\"type\":\"string\",\"pattern\":\"(?=a)\"}", "behind a repetition"},
        {"{\"type\":\"string\",\"pattern\":\"[[:alpha:]]\"}", "backslash or a [ in brackets"},
        {"{\"type\":\"string\",\"pattern\":\"[\\\\w]\"}", "backslash or a [ in brackets"},
        {"{\"type\":\"string\",\"pattern\":\"[]a]\"}", "a ] first in brackets"},
        {"{\"type\":\"string\",\"pattern\":\"[^]a]\"}", "a ] first in brackets"},
        {"{\"type\":\"string\",\"pattern\":\"č\"}", "other characters than ASCII"},
        {"{\"type\":\"string\",\"pattern\":\"a{1000}\"}", "repeats too often"},
        {"{\"enum\":[]}", "enum is no list of values"},
        {"{\"enum\":[1,2,1]}", "enum has a value twice"},
        {"{\"type\":\"string\",\"enum\":[\"a\",1]}", "enum has a value that is not of its type"},
        {"{\"type\":[\"string\",\"null\"],\"enum\":[\"a\"]}", "enum has no null"},
        {"{\"type\":\"string\",\"const\":1}", "const is not of its type"},
        {"{\"type\":\"integer\",\"maximum\":5,\"default\":6}", "default is not what it must be"},
        {"{\"type\":\"array\",\"uniqueItems\":true}", "uniqueItems needs a maxItems"},
        {"{\"type\":\"array\",\"items\":[]}", "it is no schema"},
        {"{\"type\":\"object\",\"properties\":[]}", "properties is no object"},
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"x\"}}}", "a: type is none"},
        {"{\"type\":\"object\",\"required\":\"a\"}", "required is no list"},
        {"{\"type\":\"object\",\"required\":[\"a\",\"a\"]}", "required has a name twice"},
        {"{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false}",
         "a is required, but no property"},
        {"{\"oneOf\":{}}", "oneOf is no list of schemas"},
        {"{\"allOf\":[]}", "allOf is no list of schemas"},
        {"{\"$ref\":\"#/components/schemas/Nobody\"}",
         "there is no \"#/components/schemas/Nobody\""},
        {"{\"$ref\":\"other.yaml#/Name\"}", "there is no \"other.yaml#/Name\""},
        {"{\"$ref\":\"#/components/schemas/Loop\"}", "is made of itself"},
        {"{\"$ref\":\"#/components/schemas/Circle\"}", "is made of itself"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct scene scene = begin();
        const struct schema *schema = NULL;
        cJSON *json = cJSON_Parse(rows[i].schema);
        assert_non_null(json);
        if (!schema_compile(scene.set, json, &schema))
            fail_msg("%s was taken", rows[i].schema);
        if (!strstr(schema_set_why(scene.set), rows[i].why))
            fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].schema, schema_set_why(scene.set),
                     rows[i].why);
        assert_null(schema);
        cJSON_Delete(json);
        end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_what_json_says),
        cmocka_unit_test(choices_are_compared_whole),
        cmocka_unit_test(lengths_count_characters),
        cmocka_unit_test(patterns_are_posix_and_unanchored),
        cmocka_unit_test(formats_are_checked),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(lists_are_checked_item_by_item),
        cmocka_unit_test(objects_are_checked_member_by_member),
        cmocka_unit_test(references_are_followed),
        cmocka_unit_test(forms_are_told_apart_by_their_tag),
        cmocka_unit_test(forms_without_a_tag_are_tried),
        cmocka_unit_test(faults_are_bounded),
        cmocka_unit_test(what_would_not_be_applied_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
