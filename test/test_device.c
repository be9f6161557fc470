/* test/test_device.c: devices called by what their owners call them. */
#include "api/device.h"

#include "base/mem.h"
#include "test/test.h"

#include <string.h>

static void expect(const char *agent, const char *name)
{
    char got[DEVICE_BYTES];
    device_name(agent, got);
    assert_string_equal(got, name);
}

static void browsers_are_told_apart(void **state)
{
    (void)state;
    expect("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/140.0.0.0 Safari/537.36",
           "Chrome on Windows");
    expect("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
           "Edge on Windows");
    expect("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
           "Gecko) Version/18.0 Safari/605.1.15",
           "Safari on Mac");
    expect("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
           "like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
           "Chrome on iPhone");
    expect("Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
           "SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
           "Samsung Internet on Android");
    expect("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
           "Firefox on Linux");
}

static void programs_are_called_by_their_name(void **state)
{
    (void)state;
    expect("curl/7.88.1", "curl/7.88.1");
    expect("Karen/2.1 (iOS 18.0; iPhone15,2)", "Karen/2.1");
    expect("", "");
    expect(NULL, "");
}

static void strangers_words_are_cut(void **state)
{
    (void)state;
    char agent[1000], got[DEVICE_BYTES];
    memset(agent, 'x', sizeof(agent));
    agent[sizeof(agent) - 1] = '\0';
    device_name(agent, got);
    assert_int_equal(strlen(got), DEVICE_BYTES - 1);
    expect("a\x01"
           "b",
           "a");
    expect("\xff\xfe", "");
    expect("\xc5\x99", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(browsers_are_told_apart),
        cmocka_unit_test(programs_are_called_by_their_name),
        cmocka_unit_test(strangers_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
