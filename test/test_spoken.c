/* test/test_spoken.c: figures put in words as one says them. */
#include "rules/spoken.h"

#include "base/mem.h"
#include "rules/numerals.h"
#include "test/test.h"

#include <string.h>

struct reading {
    const char *language, *written, *spoken;
};

static void expect(const struct reading *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = {0};
        spoken_put(list[i].language, str_of(list[i].written), &out);
        assert_string_equal(buf_text(&out), list[i].spoken);
        buf_free(&out);
    }
}

static void telephone_numbers_are_read_in_groups(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "Zavolejte na 602 345 678.",
         "Zavolejte na šest nula dva, tři čtyři pět, šest sedm osm."},
        {"cs", "+420602345678", "plus čtyři dva nula, šest nula dva, tři čtyři pět, šest sedm osm"},
        {"sk", "0902 345 678", "nula deväť, nula dva, tri štyri päť, šesť sedem osem"},
        {"en", "602-345-678", "six zero two, three four five, six seven eight"},
        {"de", "+49 171 2345678",
         "plus vier neun, eins sieben eins, zwei drei vier, fünf sechs, "
         "sieben acht"},
    };
    expect(list, countof(list));
}

static void amounts_are_not_telephone_numbers(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "1 250 000 Kč", "milion dvě stě padesát tisíc korun"},
        {"cs", "150 000 korun", "sto padesát tisíc korun"},
        {"cs", "123 456 789 Kč",
         "sto dvacet tři milionů čtyři sta padesát šest tisíc sedm set osmdesát devět korun"},
        {"en", "1,250,000 euros", "one million two hundred fifty thousand euros"},
        {"de", "1.250 €", "eintausendzweihundertfünfzig Euro"},
    };
    expect(list, countof(list));
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "v 10:30", "v deset třicet"},
        {"cs", "v 10:00 a ve 2:00", "v deset hodin a ve dvě hodiny"},
        {"cs", "v 9:05 hodin", "v devět nula pět"},
        {"sk", "o 13:45", "o trinásť štyridsaťpäť"},
        {"en", "at 10:05, at 10:00", "at ten oh five, at ten o'clock"},
        {"de", "um 1:30 Uhr", "um ein Uhr dreißig"},
        {"cs", "poměr 30:90 a 1:2:3", "poměr třicet:devadesát a jedna:dva:tři"},
    };
    expect(list, countof(list));
}

static void dates_are_read(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "5. 12. 2026", "pátého prosince dva tisíce dvacet šest"},
        {"cs", "do 31. ledna", "do třicátého prvního ledna"},
        {"cs", "21. 3. ráno", "dvacátého prvního března ráno"},
        {"cs", "Počet je 5. Další je 6.", "Počet je pět. Další je šest."},
        {"cs", "40. 3.", "čtyřicet. tři."},
        {"sk", "5. decembra", "piateho decembra"},
        {"de", "am 21. März", "am einundzwanzigsten März"},
        {"en", "on the 22nd of May", "on the twenty-second of May"},
    };
    expect(list, countof(list));
}

static void units_follow_their_count(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "1 %, 2 %, 25%", "jedno procento, dvě procenta, dvacet pět procent"},
        {"cs", "1 Kč, 3 Kč, 22 Kč", "jedna koruna, tři koruny, dvacet dva korun"},
        {"cs", "0,5 %", "nula celá pět procenta"},
        {"sk", "2 €, 5 EUR, 2,5 %", "dve eurá, päť eur, dve celé päť percenta"},
        {"de", "1 %, 1,5 %", "ein Prozent, eins Komma fünf Prozent"},
        {"en", "2.5%", "two point five percent"},
    };
    expect(list, countof(list));
}

static void what_is_no_number_stays(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "Dobrý den, tady Karen.", "Dobrý den, tady Karen."},
        {"cs", "B2B, A4, jan2@firma.cz, MP3", "B2B, A4, jan2@firma.cz, MP3"},
        {"cs", "3x", "3x"},
        {"en", "C++ and + and 5+", "C++ and + and five+"},
        {"en", "1234567890123456789", "1234567890123456789"},
        {"en", "", ""},
    };
    expect(list, countof(list));
}

static void plain_numbers_are_read(void **state)
{
    (void)state;
    static const struct reading list[] = {
        {"cs", "0, 7, 13, 40, 101, 1000, 2000, 5421",
         "nula, sedm, třináct, čtyřicet, sto jedna, "
         "tisíc, dva tisíce, pět tisíc čtyři sta "
         "dvacet jedna"},
        {"sk", "21, 200, 1000", "dvadsaťjeden, dvesto, tisíc"},
        {"en", "21, 200, 1999", "twenty-one, two hundred, one thousand nine hundred ninety-nine"},
        {"de", "21, 101, 2026", "einundzwanzig, einhunderteins, zweitausendsechsundzwanzig"},
        {"cs", "0800", "nula osm nula nula"},
    };
    expect(list, countof(list));
}

static void every_number_has_words(void **state)
{
    (void)state;
    for (int language = 0; language < LANGUAGE_COUNT; language++)
        for (int64_t number = 0; number <= NUMERALS_MAX; number = number * 3 + 1) {
            struct buf out = {0};
            numerals_put((enum language)language, number, GENDER_NONE, &out);
            assert_true(out.bytes > 0);
            assert_null(strstr(buf_text(&out), "  "));
            buf_free(&out);
        }
}

static void what_was_spoken_is_found_in_the_text(void **state)
{
    (void)state;
    static const char text[] = "Byt 12 je volný.", words[] = "Byt dvanáct je volný.";
    struct buf spoken = {0};
    spoken_put("cs", str_of(text), &spoken);
    assert_string_equal(buf_text(&spoken), words);
    assert_int_equal(spoken_origin("cs", str_of(text), 0), 0);
    assert_int_equal(spoken_origin("cs", str_of(text), strlen("Byt")), strlen("Byt"));
    assert_int_equal(spoken_origin("cs", str_of(text), strlen("Byt dvan")), strlen("Byt 1"));
    assert_int_equal(spoken_origin("cs", str_of(text), strlen("Byt dvanáct")), strlen("Byt 12"));
    assert_int_equal(spoken_origin("cs", str_of(text), strlen("Byt dvanáct je")),
                     strlen("Byt 12 je"));
    assert_int_equal(spoken_origin("cs", str_of(text), strlen(words)), strlen(text));
    assert_int_equal(spoken_origin("cs", str_of(text), 1000), strlen(text));
    buf_free(&spoken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(telephone_numbers_are_read_in_groups),
        cmocka_unit_test(amounts_are_not_telephone_numbers),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(units_follow_their_count),
        cmocka_unit_test(what_is_no_number_stays),
        cmocka_unit_test(plain_numbers_are_read),
        cmocka_unit_test(every_number_has_words),
        cmocka_unit_test(what_was_spoken_is_found_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
