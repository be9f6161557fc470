/* test/test_contract.c: the contract as the server reads it, a body's and a parameter's way through
 * it, and what it refuses at start. */
#include "api/contract.h"
#include "test/test.h"

#include <errno.h>
#include <stdlib.h>

/* A small contract; {THINGS} and {MORE} are put in by the tests. */
static const char PLAIN[] =
    "{\"openapi\":\"3.1.0\",\"info\":{},\"paths\":{\"/things/{id}\":{"
    "\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
    "\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}}],"
    "\"get\":{\"operationId\":\"getThing\",\"x-access\":\"member\",\"x-scope\":\"things:read\","
    "\"parameters\":[{\"$ref\":\"#/components/parameters/Limit\"},"
    "{\"name\":\"labels\",\"in\":\"query\",\"explode\":false,\"schema\":{\"type\":\"array\","
    "\"maxItems\":2,\"items\":{\"type\":\"string\",\"enum\":[\"spam\",\"fraud\"]}}},"
    "{\"name\":\"deep\",\"in\":\"query\",\"schema\":{\"type\":\"boolean\",\"default\":false}},"
    "{\"name\":\"If-Match\",\"in\":\"header\",\"schema\":{\"type\":\"string\",\"maxLength\":9}}],"
    "\"responses\":{\"200\":{\"description\":\"x\",\"content\":{\"application/json\":"
    "{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
    "\"properties\":{\"name\":{\"type\":\"string\"}}}},\"text/csv\":{}}},"
    "\"404\":{\"$ref\":\"#/components/responses/NotFound\"}}},"
    "\"post\":{\"operationId\":\"postThing\",\"x-access\":\"public\",\"x-body-bytes-max\":100,"
    "\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":"
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
    "\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":3}}}}}},"
    "\"responses\":{\"204\":{\"description\":\"x\"}}}},"
    "\"/things/mine\":{\"delete\":{\"operationId\":\"deleteMine\",\"x-access\":\"operator\","
    "\"responses\":{\"204\":{\"description\":\"x\"}}}}},"
    "\"components\":{\"parameters\":{\"Limit\":{\"name\":\"limit\",\"in\":\"query\","
    "\"schema\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200,\"default\":50}}},"
    "\"responses\":{\"NotFound\":{\"description\":\"x\",\"content\":{\"application/problem+json\":"
    "{\"schema\":{\"type\":\"object\"}}}}}}}";

static struct contract *load(const char *json)
{
    struct contract *contract = NULL;
    char *why = NULL;
    if (contract_load(str_of(json), &contract, &why))
        fail_msg("%s", why);
    return contract;
}

static const struct operation *operation_named(const struct contract *contract, const char *id)
{
    size_t count;
    const struct operation *operations = contract_operations(contract, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(operations[i].id, id) == 0)
            return &operations[i];
    fail_msg("no operation %s", id);
    return NULL;
}

static void the_contract_of_the_program_is_read(void **state)
{
    (void)state;
    struct contract *contract = NULL;
    char *why = NULL;
    assert_string_equal(contract_file[0].name, "openapi.json");
    assert_null(contract_file[1].name);
    int err = contract_load(contract_file[0].text, &contract, &why);
    if (err)
        print_message("api/openapi.yaml: %s\n", why);
    assert_int_equal(err, 0);
    contract_free(&contract);
    assert_null(contract);
}

static void operations_say_who_and_what(void **state)
{
    (void)state;
    struct contract *contract = load(PLAIN);
    const struct operation *get = operation_named(contract, "getThing");
    const struct operation *post = operation_named(contract, "postThing");
    assert_int_equal(get->method, HTTP_GET);
    assert_string_equal(get->path, "/things/:id");
    assert_int_equal(get->access, ACCESS_MEMBER);
    assert_string_equal(get->scope, "things:read");
    assert_int_equal(get->body_bytes_max, 0);
    assert_int_equal(get->status, 200);
    assert_int_equal(post->access, ACCESS_PUBLIC);
    assert_null(post->scope);
    assert_int_equal(post->body_bytes_max, 100);
    assert_true(post->body_required);
    assert_int_equal(post->status, 204);
    contract_free(&contract);
}

static void literal_paths_come_before_names(void **state)
{
    (void)state;
    struct contract *contract = load(PLAIN);
    size_t count;
    const struct operation *operations = contract_operations(contract, &count);
    assert_int_equal(count, 3);
    assert_string_equal(operations[0].id, "deleteMine");
    assert_string_equal(operations[1].id, "getThing");
    assert_string_equal(operations[2].id, "postThing");
    contract_free(&contract);
}

static const struct parameter *parameter_named(const struct operation *operation, const char *name)
{
    const struct parameter *list;
    size_t count = operation_parameters(operation, &list);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    fail_msg("no parameter %s", name);
    return NULL;
}

static void parameters_are_read_as_their_type(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *field, *message; /* NULL: good */
    } rows[] = {
        {"id", "0190b5a0-7b6c-7f00-8000-000000000001", NULL, NULL},
        {"id", "7", "id", "is not a UUID"},
        {"limit", "7", NULL, NULL},
        {"limit", "201", "limit", "is more than 200"},
        {"limit", "7.5", "limit", "must be a whole number"},
        {"limit", "seven", "limit", "must be a whole number"},
        {"limit", "7 ", "limit", "must be a whole number"},
        {"limit", " 7", "limit", "must be a whole number"},
        {"limit", "07", "limit", "must be a whole number"},
        {"limit", "", "limit", "must be a whole number"},
        {"limit", "1e2", "limit", "must be a whole number"},
        {"limit", "7.0", "limit", "must be a whole number"},
        {"limit", "-", "limit", "must be a whole number"},
        {"limit", "-7", "limit", "is less than 1"},
        {"limit", "99999999999999999999", "limit", "is too large a number"},
        {"deep", "true", NULL, NULL},
        {"deep", "True", "deep", "must be true or false"},
        {"labels", "spam,fraud", NULL, NULL},
        {"labels", "", NULL, NULL},
        {"labels", "spam,ham", "labels/1", "must be one of spam, fraud"},
        {"labels", "spam,spam,spam", "labels", "has more than 2 items"},
        {"If-Match", "\"12\"", NULL, NULL},
        {"If-Match", "\"1234567890\"", "If-Match", "is longer than 9 characters"},
        {"If-Match", "\xC3(", "If-Match", "is not valid UTF-8"},
    };
    struct contract *contract = load(PLAIN);
    const struct operation *get = operation_named(contract, "getThing");
    for (size_t i = 0; i < countof(rows); i++) {
        struct arena arena = {0};
        struct faults faults = {.arena = &arena};
        int err = operation_check_parameter(get, parameter_named(get, rows[i].name), rows[i].value,
                                            &faults);
        assert_int_equal(err, rows[i].field ? EINVAL : 0);
        assert_int_equal(faults.count, rows[i].field ? 1 : 0);
        if (rows[i].field) {
            assert_string_equal(faults.list[0].field, rows[i].field);
            assert_string_equal(faults.list[0].message, rows[i].message);
        }
        arena_free(&arena);
    }
    contract_free(&contract);
}

static void parameters_have_presets(void **state)
{
    (void)state;
    struct contract *contract = load(PLAIN);
    const struct operation *get = operation_named(contract, "getThing");
    assert_string_equal(parameter_named(get, "limit")->preset, "50");
    assert_string_equal(parameter_named(get, "deep")->preset, "false");
    assert_null(parameter_named(get, "labels")->preset);
    assert_int_equal(parameter_named(get, "id")->place, PARAMETER_PATH);
    assert_true(parameter_named(get, "id")->required);
    assert_int_equal(parameter_named(get, "If-Match")->place, PARAMETER_HEADER);
    contract_free(&contract);
}

/* field NULL: good */
static void expect_body(struct str text, const char *field, const char *message)
{
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    cJSON *body = NULL;
    int err = contract_read_body(text, &arena, &body, &faults);
    if ((err != 0) != (field != NULL))
        fail_msg("%.*s: %s", (int)text.bytes, text.at,
                 err ? faults.list[0].message : "it was taken");
    assert_int_equal(faults.count, field ? 1 : 0);
    if (field &&
        (strcmp(faults.list[0].field, field) != 0 || strcmp(faults.list[0].message, message) != 0))
        fail_msg("%.*s: %s \"%s\"", (int)text.bytes, text.at, faults.list[0].field,
                 faults.list[0].message);
    assert_true(field ? body == NULL : body != NULL);
    arena_free(&arena);
}

static void bodies_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text, *field, *message;
    } rows[] = {
        {"{\"a\":[1,-2.5e3,true,false,null,\"\\u010d\\ud83d\\ude00\\\\u0000\"]}", NULL, NULL},
        {" \r\n\t7 ", NULL, NULL},
        {"", "", "is not valid JSON"},
        {"{", "", "is not valid JSON"},
        {"{\"a\":1,}", "", "is not valid JSON"},
        {"{'a':1}", "", "is not valid JSON"},
        {"[01]", "", "is not valid JSON"},
        {"[1.]", "", "is not valid JSON"},
        {"[+1]", "", "is not valid JSON"},
        {"[NaN]", "", "is not valid JSON"},
        {"[\"\t\"]", "", "is not valid JSON"},
        {"[\"\\x\"]", "", "is not valid JSON"},
        {"[nul]", "", "is not valid JSON"},
        {"\xEF\xBB\xBF{}", "", "is not valid JSON"},
        {"{} {}", "", "has something behind its JSON value"},
        {"{}x", "", "has something behind its JSON value"},
        {"{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", "/a/b", "is there twice"},
        {"{\"a/b\":1,\"a\\/b\":3}", "/a~1b", "is there twice"},
        {"{\"a\":1,\"\\u0061\":3}", "/a", "is there twice"},
        {"[{\"a\":\"x\\u0000y\"}]", "/0/a", "has a U+0000"},
        {"{\"\\u0000\":1}", "", "has a member whose name cannot be"},
        {"[\"\\ud83d\"]", "/0", "has half a character (a lone surrogate)"},
        {"[\"\\ud83dx\"]", "/0", "has half a character (a lone surrogate)"},
        {"[\"\\ud83d\\u0041\"]", "/0", "has half a character (a lone surrogate)"},
        {"[\"\\ude00\"]", "/0", "has half a character (a lone surrogate)"},
        {"[1e999]", "/0", "is too large a number"},
        {"[1e400,-1e400]", "/0", "is too large a number"},
        {"[\"\xC0\xAF\"]", "", "is not valid UTF-8"},
        {"[\"\xED\xA0\x80\"]", "", "is not valid UTF-8"},
        {"[\"\xFF\"]", "", "is not valid UTF-8"},
        {"[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", NULL, NULL},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "is too deep"},
    };
    for (size_t i = 0; i < countof(rows); i++)
        expect_body(str_of(rows[i].text), rows[i].field, rows[i].message);
    expect_body((struct str){"[1]\0", 4}, "", "has something behind its JSON value");
    expect_body((struct str){"\"a\0b\"", 5}, "", "is not valid JSON");
}

static void body_of_too_many_members_is_refused(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i <= CONTRACT_MEMBERS_MAX; i++)
        buf_printf(&text, "%s\"%d\":0", i ? "," : "{", i);
    buf_putc(&text, '}');
    expect_body(buf_str(&text), "", "has more members than anything here");
    buf_free(&text);
}

static void body_is_held_against_its_operation(void **state)
{
    (void)state;
    struct contract *contract = load(PLAIN);
    const struct operation *post = operation_named(contract, "postThing");
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    cJSON *body = NULL;
    assert_int_equal(contract_read_body(str_of("{\"name\":\"Jan\"}"), &arena, &body, &faults), 0);
    assert_int_equal(operation_check_body(post, body, &faults), 0);
    assert_int_equal(
        contract_read_body(str_of("{\"name\":\"Jana\",\"x\":1}"), &arena, &body, &faults), 0);
    assert_int_equal(operation_check_body(post, body, &faults), EINVAL);
    assert_int_equal(faults.count, 2);
    assert_string_equal(faults.list[0].field, "/name");
    assert_string_equal(faults.list[0].message, "is longer than 3 characters");
    assert_string_equal(faults.list[1].field, "/x");
    assert_string_equal(faults.list[1].message, "is not known here");
    arena_free(&arena);
    contract_free(&contract);
}

static void answers_are_held_against_the_contract(void **state)
{
    (void)state;
    static const struct {
        const char *operation;
        int status;
        const char *type, *body, *message; /* NULL: good */
    } rows[] = {
        {"getThing", 200, "application/json", "{\"name\":\"x\"}", NULL},
        {"getThing", 200, "application/json; charset=utf-8", "{\"name\":\"x\"}", NULL},
        {"getThing", 200, "text/csv", "a,b", NULL},
        {"getThing", 404, "application/problem+json", "{}", NULL},
        {"postThing", 204, NULL, "", NULL},
        {"getThing", 200, "application/json", "{\"name\":1}", "must be text"},
        {"getThing", 200, "application/json", "{}", "is missing"},
        {"getThing", 200, "application/json", "", "is not valid JSON"},
        {"getThing", 200, "text/html", "x",
         "200 came as \"text/html\", which getThing does not list"},
        {"getThing", 500, "text/html", "x",
         "the status 500 (\"text/html\") is none that getThing lists"},
        {"postThing", 204, "text/html", "x",
         "204 came as \"text/html\", which postThing does not list"},
    };
    struct contract *contract = load(PLAIN);
    for (size_t i = 0; i < countof(rows); i++) {
        struct arena arena = {0};
        struct faults faults = {.arena = &arena};
        cJSON *body = cJSON_Parse(rows[i].body);
        int err = operation_check_answer(operation_named(contract, rows[i].operation),
                                         rows[i].status, rows[i].type, body, &faults);
        assert_int_equal(err, rows[i].message ? EINVAL : 0);
        if (rows[i].message)
            assert_string_equal(faults.list[0].message, rows[i].message);
        cJSON_Delete(body);
        arena_free(&arena);
    }
    contract_free(&contract);
}

static void paths_belong_to_operations(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool get, mine;
    } rows[] = {
        {"/things/mine", true, true},  {"/things/7", true, false},
        {"/things/", false, false},    {"/things", false, false},
        {"/things/7/x", false, false}, {"/things/7/", false, false},
        {"things/7", false, false},    {"", false, false},
        {"/", false, false},           {"/things/mine/", false, false},
    };
    struct contract *contract = load(PLAIN);
    for (size_t i = 0; i < countof(rows); i++) {
        struct str path = str_of(rows[i].path);
        assert_int_equal(operation_path_fits(operation_named(contract, "getThing"), path),
                         rows[i].get);
        assert_int_equal(operation_path_fits(operation_named(contract, "deleteMine"), path),
                         rows[i].mine);
    }
    contract_free(&contract);
}

/* The plain contract with one thing changed. */
static char *changed(const char *from, const char *to)
{
    struct buf text = {0};
    const char *at = strstr(PLAIN, from);
    if (!at)
        fail_msg("the plain contract has no %s", from);
    buf_add(&text, PLAIN, (size_t)(at - PLAIN));
    buf_puts(&text, to);
    buf_puts(&text, at + strlen(from));
    return text.data;
}

static void what_cannot_be_lived_by_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *why;
    } rows[] = {
        {"{\"openapi\"", "[\"openapi\"", "it is no JSON"},
        {"3.1.0", "3.0.0", "it is no OpenAPI 3.1"},
        {"\"info\"", "\"webhooks\"", "webhooks is not known here"},
        {"\"x-access\":\"member\",", "", "get /things/{id}: x-access is none of"},
        {"\"x-access\":\"member\"", "\"x-access\":\"root\"", "x-access is none of"},
        {"\"x-access\":\"operator\"", "\"x-access\":\"operator\",\"x-scope\":\"a:b\"",
         "x-scope, but no key"},
        {"\"operationId\":\"postThing\",", "", "no operationId"},
        {"\"postThing\"", "\"getThing\"", "another operation is called getThing"},
        {"\"x-scope\"", "\"x-scpoe\"", "x-scpoe is not known here"},
        {"\"delete\"", "\"trace\"", "trace is not known here"},
        {"\"/things/mine\"", "\"things\"", "a path begins with /"},
        {"\"/things/{id}\"", "\"/things/{thing_id}\"", "do not fit each other"},
        {"\"/things/{id}\"", "\"/things\"", "do not fit each other"},
        {"\"required\":true,\"schema\"", "\"schema\"", "do not fit each other"},
        {"\"in\":\"header\"", "\"in\":\"cookie\"", "neither in path nor query nor header"},
        {"\"If-Match\"", "\"deep\"", "parameter deep is there twice"},
        {"\"explode\":false,", "", "a list needs explode: false"},
        {"{\"type\":\"boolean\",\"default\":false}", "{}", "its type is not one that can be read"},
        {"components/parameters/Limit", "components/parameters/Lmit",
         "there is no \"#/components/"},
        {"components/responses/NotFound", "components/schemas/NotFound", "there is no \"#/"},
        {"\"default\":50", "\"default\":500", "default is not what it must be"},
        {"{\"application/json\":{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,"
         "\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\"",
         "{\"text/plain\":{\"schema\":{\"type\":\"object\",\"additionalProperties\":false,"
         "\"required\":[\"name\"],\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\"",
         "a body is application/json and nothing else"},
        {"\"x-body-bytes-max\":100", "\"x-body-bytes-max\":0", "x-body-bytes-max is not between"},
        {"\"requestBody\":", "\"description\":", "x-body-bytes-max without a body"},
        {"\"404\":", "\"4XX\":", "has no exact status"},
        {"\"204\":", "\"304\":", "no response says how all goes well"},
        {"\"204\":", "\"default\":", "has no exact status"},
        {"\"maxLength\":3", "\"maxLenght\":3", "post /things/{id}: body"},
    };
    for (size_t i = 0; i < countof(rows); i++) {
        struct contract *contract = NULL;
        char *why = NULL, *json = changed(rows[i].from, rows[i].to);
        if (!contract_load(str_of(json), &contract, &why))
            fail_msg("%s for %s was taken", rows[i].to, rows[i].from);
        if (!strstr(why, rows[i].why))
            fail_msg("%s for %s: \"%s\" instead of \"%s\"", rows[i].to, rows[i].from, why,
                     rows[i].why);
        assert_null(contract);
        free(why);
        free(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_of_the_program_is_read),
        cmocka_unit_test(operations_say_who_and_what),
        cmocka_unit_test(literal_paths_come_before_names),
        cmocka_unit_test(parameters_are_read_as_their_type),
        cmocka_unit_test(parameters_have_presets),
        cmocka_unit_test(bodies_are_read_strictly),
        cmocka_unit_test(body_of_too_many_members_is_refused),
        cmocka_unit_test(body_is_held_against_its_operation),
        cmocka_unit_test(answers_are_held_against_the_contract),
        cmocka_unit_test(paths_belong_to_operations),
        cmocka_unit_test(what_cannot_be_lived_by_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
