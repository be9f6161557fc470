/* test/test_log.c: log lines in both forms, read back from standard error. */
#include "base/buf.h"
#include "base/log.h"
#include "test/test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int pipe_ends[2];
static int saved_stderr;

static int setup(void **state)
{
    (void)state;
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    return pipe(pipe_ends) || dup2(pipe_ends[1], STDERR_FILENO) < 0;
}

static int teardown(void **state)
{
    (void)state;
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    log_setup(LOG_INFO, false);
    return 0;
}

/* What has been logged since the last call. */
static const char *logged(void)
{
    static char text[4096];
    if (write(pipe_ends[1], "#", 1) != 1) /* so that there is always something to read */
        return "";
    ssize_t bytes = read(pipe_ends[0], text, sizeof(text) - 1);
    text[bytes > 0 ? bytes - 1 : 0] = '\0';
    return text;
}

static void line_is_an_event_with_its_ids(void **state)
{
    (void)state;
    struct log log = {0};
    log_setup(LOG_INFO, false);
    log_with(&log, "call", "0190");
    log_with(&log, "who", "a \"b\"\n=");
    log_info(&log, "closed", "why=%s ms=%d", "done", 5);
    const char *line = logged();
    assert_memory_equal(line, "ts=20", 5);
    assert_string_equal(line + strlen("ts=2026-11-22T10:00:00.123Z"),
                        " level=info event=closed call=0190 who=\"a 'b' =\" why=done ms=5\n");
}

static void levels_below_the_least_are_silent(void **state)
{
    (void)state;
    log_setup(LOG_WARN, false);
    log_info(NULL, "hushed", "");
    log_debug(NULL, "hushed", "");
    assert_string_equal(logged(), "");
    log_error(NULL, "said", "");
    assert_non_null(strstr(logged(), " level=error event=said\n"));
}

static void json_line_has_the_same_fields(void **state)
{
    (void)state;
    struct log log = {0};
    log_setup(LOG_INFO, true);
    log_with(&log, "call", "0190");
    log_warn(&log, "closed",
             "why=\"it \xC5\x99"
             "ang\" ms=%d empty=\"\"",
             5);
    cJSON *line = cJSON_Parse(logged());
    assert_non_null(line);
    static const char *const fields[][2] = {{"level", "warn"},
                                            {"event", "closed"},
                                            {"call", "0190"},
                                            {"why", "it \xC5\x99"
                                                    "ang"},
                                            {"ms", "5"},
                                            {"empty", ""}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(line, fields[i][0])),
                            fields[i][1]);
    cJSON_Delete(line);
}

static void long_and_hostile_values_stay_one_line(void **state)
{
    (void)state;
    char hostile[3000];
    memset(hostile, 'x', sizeof(hostile));
    hostile[10] = '\n';
    hostile[11] = '\x1B';
    hostile[12] = '\xFF';
    hostile[sizeof(hostile) - 1] = '\0';
    log_setup(LOG_INFO, true);
    log_info(NULL, "odd", "why=\"%s\"", hostile);
    const char *line = logged();
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_null(strchr(line, '\x1B'));
    cJSON *parsed = cJSON_Parse(line);
    assert_non_null(parsed);
    cJSON_Delete(parsed);
}

static void inherited_fields_never_overflow(void **state)
{
    (void)state;
    struct log log = {0};
    for (int i = 0; i < 100; i++)
        log_with(&log, "key", "a value of some length");
    assert_true(strlen(log.fields) < sizeof(log.fields));
    log_info(&log, "full", "");
    assert_non_null(strstr(logged(), "event=full key="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(line_is_an_event_with_its_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(levels_below_the_least_are_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(json_line_has_the_same_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(long_and_hostile_values_stay_one_line, setup, teardown),
        cmocka_unit_test_setup_teardown(inherited_fields_never_overflow, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
