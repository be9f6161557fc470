/* test/test_docs.c: the contract and its page, as readers get them. */
#include "api/contract.h"
#include "test/api.h"
#include "test/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct api_world *const w = &api_world;

static int get(const char *header, const char *path)
{
    const char *const headers[] = {header, NULL};
    return api_ask_with(NULL, HTTP_GET, headers, (struct str){0}, path);
}

static void the_contract_is_there_as_json_and_yaml(void **state)
{
    (void)state;
    assert_int_equal(get(NULL, "/openapi.json"), 200);
    assert_string_equal(api_header("Content-Type"), "application/json");
    assert_string_equal(api_value("openapi"), "3.1.0");
    assert_int_equal(w->body.bytes, contract_file[0].text.bytes);
    assert_int_equal(get(NULL, "/openapi.yaml"), 200);
    assert_string_equal(api_header("Content-Type"), "application/yaml");
    assert_non_null(strstr(buf_text(&w->body), "\nopenapi: 3.1.0\n"));
}

static void what_a_reader_has_is_not_sent_again(void **state)
{
    (void)state;
    assert_int_equal(get(NULL, "/openapi.yaml"), 200);
    char *known = xprintf("If-None-Match: %s", api_header("ETag"));
    assert_int_equal(get(known, "/openapi.yaml"), 304);
    assert_int_equal(w->body.bytes, 0);
    assert_int_equal(get(known, "/openapi.json"), 200);
    free(known);
}

/* Every src and href of the page is a file that is there and of its type. */
static void the_page_has_all_it_asks_for_here(void **state)
{
    (void)state;
    assert_int_equal(get(NULL, "/docs"), 200);
    assert_string_equal(api_header("Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(api_header("Content-Security-Policy"), "script-src 'self';"));
    char *page = xstrdup(buf_text(&w->body));
    size_t found = 0;
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    for (char *at = page; (at = strchr(at, '='));) {
        at++;
        if (strncmp(at, "\"/", 2) != 0)
            continue;
        char *path = xstrndup(at + 1, strcspn(at + 1, "\""));
        if (get("Accept-Encoding: gzip", path) != 200)
            fail_msg("%s: %d", path, w->status);
        assert_true(w->body.bytes > 100);
        found++;
        free(path);
    }
    assert_int_equal(found, 5);
    free(page);
}

static void large_files_come_packed(void **state)
{
    (void)state;
    assert_int_equal(get("Accept-Encoding: br, gzip", "/docs/swagger-ui-bundle.js"), 200);
    assert_string_equal(api_header("Content-Encoding"), "gzip");
    assert_string_equal(api_header("Content-Type"), "text/javascript; charset=utf-8");
    assert_int_equal(get("Accept-Encoding: identity", "/docs/swagger-ui-bundle.js"), 406);
    assert_int_equal(get("Accept-Encoding: gzip", "/docs/other.js"), 404);
    assert_int_equal(get("Accept-Encoding: gzip", "/docs/..%2f..%2fetc%2fpasswd"), 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_is_there_as_json_and_yaml),
        cmocka_unit_test(what_a_reader_has_is_not_sent_again),
        cmocka_unit_test(the_page_has_all_it_asks_for_here),
        cmocka_unit_test(large_files_come_packed),
    };
    return cmocka_run_group_tests(tests, api_world_open, api_world_close);
}
