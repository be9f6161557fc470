/* test/test_url.c: URLs taken apart and percent-encoding undone. */
#include "base/mem.h"
#include "net/url.h"
#include "test/test.h"

#include <errno.h>
#include <string.h>

static void parts_come_out(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *target;
        uint16_t port;
        bool tls, port_given;
    } cases[] = {
        {"http://example.com", "example.com", "/", 80, false, false},
        {"https://Example.COM/", "example.com", "/", 443, true, false},
        {"wss://api.example.com/v1/listen?a=b&c=%20d", "api.example.com", "/v1/listen?a=b&c=%20d",
         443, true, false},
        {"ws://127.0.0.1:8080/media#part", "127.0.0.1", "/media", 8080, false, true},
        {"http://[::1]:81/x", "::1", "/x", 81, false, true},
        {"https://[2001:db8::7]", "2001:db8::7", "/", 443, true, false},
        {"http://h:65535/@:[]", "h", "/@:[]", 65535, false, true},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        struct url url;
        assert_int_equal(url_parse(cases[i].text, &url), 0);
        assert_string_equal(url.host, cases[i].host);
        assert_true(str_is(url.target, cases[i].target));
        assert_int_equal(url.port, cases[i].port);
        assert_int_equal(url.tls, cases[i].tls);
        assert_int_equal(url.port_given, cases[i].port_given);
    }
}

static void odd_urls_are_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",
        "example.com",
        "ftp://example.com/",
        "HTTP//x",
        "http://",
        "http:///x",
        "http://:80/",
        "http://user@host/",
        "http://user:pw@host/",
        "http://host:/",
        "http://host:0/",
        "http://host:65536/",
        "http://host:80a/",
        "http://host:-1/",
        "http://ho st/",
        "http://host/a b",
        "http://host/\n",
        "http://host/\x7F",
        "http://host\\@evil/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[zz]/",
        "http://[]/",
        "http://host?x=1",
        "http://h\xC3\xA1/",
        "http://%41/",
        "file:///etc/passwd",
    };
    for (size_t i = 0; i < countof(odd); i++) {
        struct url url = {.port = 7};
        if (url_parse(odd[i], &url) != EINVAL)
            fail_msg("accepted: %s", odd[i]);
        assert_int_equal(url.port, 7);
    }
}

static void host_longer_than_a_name_is_refused(void **state)
{
    (void)state;
    char text[400] = "http://";
    struct url url;
    memset(text + 7, 'a', 256);
    strcpy(text + 7 + 255, "/");
    assert_int_equal(url_parse(text, &url), 0);
    memset(text + 7, 'a', 256);
    strcpy(text + 7 + 256, "/");
    assert_int_equal(url_parse(text, &url), EINVAL);
}

static void percent_encoding_is_undone(void **state)
{
    (void)state;
    struct buf out = {0};
    assert_int_equal(url_decode(&out, str_of("a%20b+c%C3%a1%25"), false), 0);
    assert_string_equal(buf_text(&out), "a b+c\xC3\xA1%");
    buf_clear(&out);
    assert_int_equal(url_decode(&out, str_of("%2B+x"), true), 0);
    assert_string_equal(buf_text(&out), "+ x");
    buf_free(&out);
}

static void broken_escapes_and_nul_are_refused_and_leave_no_trace(void **state)
{
    (void)state;
    static const char *const broken[] = {"ab%", "ab%4", "ab%4g", "ab%00c", "%%41", "%-1"};
    struct buf out = {0};
    buf_puts(&out, "before");
    for (size_t i = 0; i < countof(broken); i++)
        assert_int_equal(url_decode(&out, str_of(broken[i]), true), EINVAL);
    assert_int_equal(url_decode(&out, (struct str){"a\0b", 3}, true), EINVAL);
    assert_string_equal(buf_text(&out), "before");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_come_out),
        cmocka_unit_test(odd_urls_are_refused),
        cmocka_unit_test(host_longer_than_a_name_is_refused),
        cmocka_unit_test(percent_encoding_is_undone),
        cmocka_unit_test(broken_escapes_and_nul_are_refused_and_leave_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
