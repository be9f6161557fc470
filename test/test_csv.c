/* test/test_csv.c: cells as RFC 4180 has them, and none that a spreadsheet would run. */
#include "base/csv.h"

#include "base/mem.h"
#include "test/test.h"

static void expect(const char *text, const char *cell)
{
    struct buf out = {0};
    csv_put_cell(&out, str_of(text));
    assert_string_equal(buf_text(&out), cell);
    buf_free(&out);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    expect("", "");
    expect("Příliš žluťoučký", "Příliš žluťoučký");
    expect("12:30 - 14", "12:30 - 14");
    expect("it's", "it's");
}

static void separators_quotes_and_lines_are_quoted(void **state)
{
    (void)state;
    expect("a,b", "\"a,b\"");
    expect("a;b", "\"a;b\""); /* the separator of spreadsheets in half of Europe */
    expect("say \"no\"", "\"say \"\"no\"\"\"");
    expect("one\r\ntwo", "\"one\r\ntwo\"");
    expect("\"", "\"\"\"\"");
}

static void formulas_are_no_formulas_any_more(void **state)
{
    (void)state;
    expect("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
    expect("@SUM(1)", "'@SUM(1)");
    expect("-2+3", "'-2+3");
    expect("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0");
    expect("\t=1", "\"'\t=1\"");
    expect("\r=1", "\"'\r=1\"");
    expect("+", "'+");
    expect("- milk", "'- milk");
}

static void telephone_numbers_stay_numbers(void **state)
{
    (void)state;
    expect("+420602345678", "+420602345678");
    expect("-5", "-5");
    expect("+420 602", "'+420 602");
}

static void objects_are_lines_of_their_values(void **state)
{
    (void)state;
    static const char rows[] =
        "[{\"day\":\"2026-11-28\",\"calls\": 3 ,\"half\":1.5,\"why\":null},"
        "{\"day\":\"a,\\u0022b\",\"calls\":true,\"half\":\"=1\",\"why\":\"\"}]";
    struct json json = json_of(str_of(rows));
    struct buf out = {0};
    assert_true(json_array(&json) && json_element(&json));
    csv_put_names(&out, json);
    csv_put_object(&out, &json);
    assert_true(json_element(&json));
    csv_put_object(&out, &json);
    assert_string_equal(buf_text(&out), "day,calls,half,why\r\n2026-11-28,3,1.5,\r\n"
                                        "\"a,\"\"b\",true,'=1,\r\n");
    assert_false(json_element(&json));
    assert_true(json_done(&json));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_stays_as_it_is),
        cmocka_unit_test(objects_are_lines_of_their_values),
        cmocka_unit_test(separators_quotes_and_lines_are_quoted),
        cmocka_unit_test(formulas_are_no_formulas_any_more),
        cmocka_unit_test(telephone_numbers_stay_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
