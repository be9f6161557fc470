/* test/test_script.c: the screener without a model: labels, slots and whole talks in four
 * languages. */
#include "rules/script.h"

#include "base/mem.h"
#include "rules/slots.h"
#include "test/test.h"

#include <string.h>

static struct screening screen_as(const char *language, const char *text)
{
    struct screening_line line = {SCREENING_CALLER, str_of(text)};
    struct screening_input input = {
        .language = language, .lines = &line, .line_count = 1, .caller_number = "+420777123456"};
    struct screening screening;
    script_screen(&input, &screening);
    return screening;
}

struct labelled {
    const char *language, *text;
    enum screening_label label;
};

static void expect_labels(const struct labelled *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct screening screening = screen_as(list[i].language, list[i].text);
        if (screening.legitimacy != list[i].label)
            fail_msg("%s, wanted %s: %s", screening_label_code(screening.legitimacy),
                     screening_label_code(list[i].label), list[i].text);
    }
}

static void frauds_are_told_in_each_language(void **state)
{
    (void)state;
    static const struct labelled list[] = {
        {"en", "this is your bank we noticed a suspicious transaction on your account",
         LABEL_FRAUD},
        {"en", "please confirm your card number and the security code", LABEL_FRAUD},
        {"en", "Your computer has a virus. We are calling from technical support.", LABEL_FRAUD},
        {"en", "you must pay the fine today or the police will come", LABEL_FRAUD},
        {"en", "your account will be blocked please transfer the money now", LABEL_FRAUD},
        {"cs", "tady vaše banka zaznamenali jsme podezřelou platbu na vašem účtu", LABEL_FRAUD},
        {"cs", "Váš účet bude zablokován, převeďte peníze na bezpečný účet.", LABEL_FRAUD},
        {"cs", "sdělte mi prosím číslo karty a bezpečnostní kód", LABEL_FRAUD},
        {"cs", "tady policie musíte zaplatit pokutu", LABEL_FRAUD},
        {"sk", "tu je vaša banka zaznamenali sme podozrivú platbu na vašom účte", LABEL_FRAUD},
        {"sk", "váš účet bude zablokovaný preveďte peniaze na bezpečný účet", LABEL_FRAUD},
        {"de", "hier ist ihre bank wir haben eine verdächtige zahlung bemerkt", LABEL_FRAUD},
        {"de", "Ihr Konto wird gesperrt, überweisen Sie das Geld sofort.", LABEL_FRAUD},
        {"de", "bitte bestätigen sie ihre kartennummer und den sicherheitscode", LABEL_FRAUD},
    };
    expect_labels(list, countof(list));
}

static void prizes_and_schemes_are_spam(void **state)
{
    (void)state;
    static const struct labelled list[] = {
        {"en", "congratulations you have won a prize please press one to claim your prize",
         LABEL_SPAM},
        {"en", "you have been selected for a free holiday", LABEL_SPAM},
        {"en", "i want to talk to you about a great investment opportunity in bitcoin", LABEL_SPAM},
        {"cs", "gratulujeme vyhráli jste hlavní cenu", LABEL_SPAM},
        {"cs", "stiskněte jedničku a získáte výhru", LABEL_SPAM},
        {"cs", "investujte do zlata a vydělejte peníze", LABEL_SPAM},
        {"sk", "gratulujeme vyhrali ste hlavnú cenu", LABEL_SPAM},
        {"de", "herzlichen glückwunsch sie haben einen preis gewonnen", LABEL_SPAM},
        {"de", "drücken sie die eins und holen sie ihren gewinn", LABEL_SPAM},
    };
    expect_labels(list, countof(list));
}

static void offers_are_marketing(void **state)
{
    (void)state;
    static const struct labelled list[] = {
        {"en", "we offer cheaper energy would you like to save money on your electricity bill",
         LABEL_MARKETING},
        {"en", "we are doing a short survey about your internet connection", LABEL_MARKETING},
        {"en", "We can lower your mortgage payments, are you interested?", LABEL_MARKETING},
        {"cs", "nabízíme levnější energie chcete ušetřit na elektřině", LABEL_MARKETING},
        {"cs", "máte chvilku na krátký průzkum", LABEL_MARKETING},
        {"cs", "Nabízíme vám výhodnou půjčku s nízkým úrokem.", LABEL_MARKETING},
        {"sk", "ponúkame lacnejšiu energiu chcete ušetriť na elektrine", LABEL_MARKETING},
        {"sk", "máme pre vás výhodnú ponuku", LABEL_MARKETING},
        {"de", "wir bieten günstigen strom möchten sie bei der stromrechnung sparen",
         LABEL_MARKETING},
        {"de", "haben sie kurz zeit für eine umfrage", LABEL_MARKETING},
    };
    expect_labels(list, countof(list));
}

static void honest_callers_are_legitimate(void **state)
{
    (void)state;
    static const struct labelled list[] = {
        {"en", "i am calling about the invoice you sent us last week", LABEL_LEGITIMATE},
        {"en", "hello i have a package for you and i am standing at the door", LABEL_LEGITIMATE},
        {"en", "it is mum please call me when you have time", LABEL_LEGITIMATE},
        {"en", "i saw your advertisement and i would like to buy the car", LABEL_LEGITIMATE},
        {"en", "I need a plumber, there is water everywhere! It's urgent.", LABEL_LEGITIMATE},
        {"cs", "volám kvůli faktuře z minulého týdne", LABEL_LEGITIMATE},
        {"cs", "chtěla bych změnit rezervaci na pátek", LABEL_LEGITIMATE},
        {"cs", "balík nechám u sousedů", LABEL_LEGITIMATE},
        {"sk", "volám sa peter kováč chcel by som hovoriť s pánom riaditeľom", LABEL_LEGITIMATE},
        {"de", "ich rufe wegen der rechnung von letzter woche an", LABEL_LEGITIMATE},
        {"de", "Ist die Wohnung noch frei?", LABEL_LEGITIMATE},
    };
    expect_labels(list, countof(list));
}

/* Words of a sign in the mouth of somebody honest. */
static void signs_do_not_fire_on_honest_words(void **state)
{
    (void)state;
    static const struct labelled list[] = {
        {"en", "One moment, please.", LABEL_UNKNOWN},
        {"en", "I'm calling about the energy meter reading on Wednesday.", LABEL_LEGITIMATE},
        {"en", "Our company sent you an invoice, please call me back.", LABEL_LEGITIMATE},
        {"en", "I'm calling about my loan application at your office.", LABEL_LEGITIMATE},
        {"cs", "Chtěl bych cenovou nabídku na opravu střechy.", LABEL_LEGITIMATE},
        {"cs", "Volám kvůli ceně za opravu auta.", LABEL_LEGITIMATE},
        {"cs", "volám ohledně smlouvy o dodávce plynu", LABEL_LEGITIMATE},
        {"cs", "Okamžik prosím, moment.", LABEL_UNKNOWN},
        {"de", "Ich rufe wegen Ihres Angebots für die Reparatur an.", LABEL_LEGITIMATE},
        {"de", "Einen Moment bitte.", LABEL_UNKNOWN},
    };
    expect_labels(list, countof(list));
    assert_int_not_equal(
        screen_as("cs", "Moje karta byla zablokována, potřebuji poradit.").legitimacy, LABEL_FRAUD);
    assert_int_not_equal(
        screen_as("en", "I got a call that my card was blocked, what should I do?").legitimacy,
        LABEL_FRAUD);
}

struct told {
    const char *language, *text, *name, *company, *intent, *number;
};

static void name_company_reason_and_number_are_found(void **state)
{
    (void)state;
    static const struct told list[] = {
        {"cs",
         "dobrý den tady novák z firmy abc volám kvůli středeční schůzce prosím zavolejte mi "
         "zpátky",
         "Novák", "Abc", "kvůli středeční schůzce", "+420777123456"},
        {"cs",
         "Dobrý den, tady Jan Novák z firmy ABC. Volám kvůli středeční schůzce, prosím, "
         "zavolejte mi zpátky na 602 345 678.",
         "Jan Novák", "ABC", "kvůli středeční schůzce", "+420602345678"},
        {"cs", "Dobrý den, Dvořáková u telefonu, z banky, ohledně úvěru.", "Dvořáková", "banka",
         "ohledně úvěru", ""},
        {"en",
         "hello this is jan novak from abc solutions i am calling about the meeting on wednesday "
         "please call me back",
         "Jan Novak", "Abc Solutions", "about the meeting on wednesday", "+420777123456"},
        {"en", "Hi, Peter Smith speaking. Could you tell Jan that the papers are ready?",
         "Peter Smith", "", "Could you tell Jan that the papers are ready", ""},
        {"en", "i am calling from the school about your son", "", "school", "about your son", ""},
        {"sk",
         "dobrý deň tu je novák z firmy abc volám kvôli stretnutiu v stredu prosím zavolajte mi "
         "späť",
         "Novák", "Abc", "kvôli stretnutiu v stredu", "+420777123456"},
        {"de",
         "Guten Tag, hier ist Peter Müller von der Firma ABC. Ich rufe wegen des Termins am "
         "Mittwoch an, bitte rufen Sie mich zurück.",
         "Peter Müller", "ABC", "wegen des Termins am Mittwoch", "+420777123456"},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct screening screening = screen_as(list[i].language, list[i].text);
        assert_string_equal(screening.caller_name, list[i].name);
        assert_string_equal(screening.company, list[i].company);
        assert_string_equal(screening.intent, list[i].intent);
        assert_string_equal(screening.callback_number, list[i].number);
    }
}

static void numbers_are_understood_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *digits;
        enum language language;
    } list[] = {
        {"my phone number is six zero two three four five six seven eight", "602345678",
         LANGUAGE_EN},
        {"call oh two oh seven one two three four five six seven", "020712345 67", LANGUAGE_EN},
        {"moje číslo je šest nula dva tři čtyři pět šest sedm osm", "602345678", LANGUAGE_CS},
        {"šest set dva, tři sta čtyřicet pět, šest set sedmdesát osm", "602345678", LANGUAGE_CS},
        {"plus čtyři sta dvacet, 602 34 56 78", "+420602345678", LANGUAGE_CS},
        {"nula deväť nula dva tri štyri päť šesť sedem osem", "0902345678", LANGUAGE_SK},
        {"null eins sieben sechs dreiundzwanzig fünfundvierzig siebenundsechzig acht",
         "01762345678", LANGUAGE_DE},
    };
    for (size_t i = 0; i < countof(list); i++) {
        struct words words;
        struct digits digits;
        char wanted[32] = "";
        for (const char *at = list[i].digits; *at; at++)
            if (*at != ' ')
                strncat(wanted, at, 1);
        words_of(&words, str_of(list[i].text));
        assert_true(digits_find(&words, list[i].language, 0, &digits));
        assert_string_equal(digits.text, wanted);
        words_free(&words);
    }
}

static void dates_and_times_are_no_telephone_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {"on 12. 5. 2026 at 10:30", "at half past ten, room 204",
                                        "one two three testing", "in 2026"};
    for (size_t i = 0; i < countof(texts); i++) {
        struct words words;
        struct digits digits;
        words_of(&words, str_of(texts[i]));
        assert_false(digits_find(&words, LANGUAGE_EN, 0, &digits));
        words_free(&words);
    }
}

static void patterns_match_words(void **state)
{
    (void)state;
    struct words words;
    words_of(&words, str_of("Vaše karta, prosím, BYLA „zablokována“!"));
    assert_int_equal(words.count, 5);
    assert_true(words_have(&words, "vase|vas karta|ucet .. zablok*"));
    assert_true(words_have(&words, "karta !nic byla"));
    assert_false(words_have(&words, "karta !prosim"));
    assert_false(words_have(&words, "kart byla"));
    assert_false(words_have(&words, "zablok* karta"));
    assert_true(words.list[1].ends && words.list[4].ends && !words.list[0].ends);
    words_free(&words);
}

/* ---- talks ---------------------------------------------------------------------------------- */

struct talk {
    struct script script;
    struct script_reply reply;
};

static struct talk talk_in(const char *language, bool can_transfer)
{
    struct talk talk = {0};
    script_start(&talk.script,
                 &(struct script_setup){.language = language, .can_transfer = can_transfer});
    return talk;
}

static void say(struct talk *talk, const char *text)
{
    script_hear(&talk->script, str_of(text), 1, &talk->reply);
}

static void expect_question(const struct talk *talk, const char *part)
{
    if (!strstr(talk->reply.text, part))
        fail_msg("not \"%s\" but \"%s\"", part, talk->reply.text);
    assert_int_equal(talk->reply.tool, SCRIPT_NO_TOOL);
    assert_string_equal(talk->reply.arguments, "");
}

static void expect_tool(const struct talk *talk, enum script_tool tool, const char *arguments)
{
    assert_int_equal(talk->reply.tool, tool);
    assert_string_equal(talk->reply.arguments, arguments);
}

static void message_is_taken_read_back_and_ended(void **state)
{
    (void)state;
    struct talk talk = talk_in("cs", false);
    say(&talk, "dobrý den");
    expect_question(&talk, "s čím vám mohu pomoci?");
    say(&talk, "Volám ohledně té faktury.");
    expect_question(&talk, "Jak se prosím jmenujete?");
    say(&talk, "Jan Novák.");
    expect_question(&talk, "na číslo, ze kterého voláte?");
    say(&talk, "Ne.");
    expect_question(&talk, "Na které číslo");
    say(&talk, "602 345 678");
    expect_question(&talk, "Jan Novák, ohledně té faktury, zavolat zpět na číslo 602 345 678.");
    say(&talk, "Ano, to je správně.");
    expect_tool(&talk, SCRIPT_TAKE_MESSAGE,
                "{\"caller_name\":\"Jan Novák\",\"company\":null,\"reason\":\"ohledně té faktury\","
                "\"callback_number\":\"602345678\",\"urgent\":false}");
    assert_string_equal(talk.reply.text, "");
    script_tool_done(&talk.script, SCRIPT_TAKE_MESSAGE, false, &talk.reply);
    expect_tool(&talk, SCRIPT_END_CALL, "{\"reason\":\"finished\"}");
    assert_string_equal(talk.reply.text, "Děkuji, vzkaz předám. Na shledanou.");
}

static void what_was_said_is_not_asked_for(void **state)
{
    (void)state;
    static const char *const callers[][2] = {
        {"en", "Hello, this is Jan Novak from ABC Solutions, I'm calling about the meeting. Please "
               "call me back."},
        {"cs", "dobrý den tady novák z firmy abc volám kvůli schůzce prosím zavolejte mi zpátky"},
        {"sk", "dobrý deň tu je novák z firmy abc volám kvôli stretnutiu zavolajte mi späť"},
        {"de", "guten tag hier ist peter müller von der firma abc ich rufe wegen des termins an "
               "bitte rufen sie mich zurück"},
    };
    static const char *const yes[] = {"yes", "ano", "áno", "ja genau"};
    for (size_t i = 0; i < countof(callers); i++) {
        struct talk talk = talk_in(callers[i][0], false);
        say(&talk, callers[i][1]);
        assert_int_equal(talk.script.state, SCRIPT_CONFIRM);
        say(&talk, yes[i]);
        assert_int_equal(talk.reply.tool, SCRIPT_TAKE_MESSAGE);
    }
}

static void unwanted_callers_are_turned_away(void **state)
{
    (void)state;
    static const char *const callers[][3] = {
        {"cs", "nabízíme levnější energie chcete ušetřit na elektřině", "nabídky"},
        {"cs", "gratulujeme vyhráli jste hlavní cenu", "zájem"},
        {"cs", "tady vaše banka zaznamenali jsme podezřelou platbu na vašem účtu", "údaje"},
        {"en", "congratulations you have won a prize", "not interested"},
        {"sk", "ponúkame lacnejšiu energiu chcete ušetriť na elektrine", "ponuky"},
        {"de", "ihr konto wird gesperrt überweisen sie das geld", "Daten"},
    };
    for (size_t i = 0; i < countof(callers); i++) {
        struct talk talk = talk_in(callers[i][0], true);
        say(&talk, callers[i][1]);
        expect_tool(&talk, SCRIPT_END_CALL, "{\"reason\":\"unwanted\"}");
        assert_non_null(strstr(talk.reply.text, callers[i][2]));
    }
}

/* A swindler who gives himself away late is turned away late. */
static void signs_add_up_over_the_talk(void **state)
{
    (void)state;
    struct talk talk = talk_in("en", false);
    say(&talk, "Good morning, my name is John Black and I am calling regarding your account.");
    assert_int_equal(talk.reply.tool, SCRIPT_NO_TOOL);
    say(&talk, "We noticed a suspicious payment. Please tell me your card number.");
    expect_tool(&talk, SCRIPT_END_CALL, "{\"reason\":\"unwanted\"}");
}

static void person_asked_for_is_transferred_once_the_name_is_known(void **state)
{
    (void)state;
    struct talk talk = talk_in("en", true);
    say(&talk, "Can I speak to the manager please?");
    expect_question(&talk, "Who may I say is calling");
    say(&talk, "Peter Smith from Acme");
    expect_tool(&talk, SCRIPT_TRANSFER_CALL,
                "{\"reason\":\"Peter Smith, Acme: would like to talk in person\"}");
    script_tool_done(&talk.script, SCRIPT_TRANSFER_CALL, true, &talk.reply);
    expect_question(&talk, "nobody can take your call");
    expect_question(&talk, "What are you calling about?");
}

static void without_transfer_a_message_is_taken(void **state)
{
    (void)state;
    struct talk talk = talk_in("cs", false);
    say(&talk, "dobrý den mohu mluvit s panem svobodou");
    expect_question(&talk, "s čím vám mohu pomoci?");
    say(&talk, "kvůli střeše");
    expect_question(&talk, "Jak se prosím jmenujete?");
}

static void family_and_couriers_are_not_questioned(void **state)
{
    (void)state;
    struct talk talk = talk_in("cs", false);
    say(&talk, "ahoj to je máma zavolej mi až budeš mít čas");
    expect_tool(&talk, SCRIPT_TAKE_MESSAGE,
                "{\"caller_name\":\"Máma\",\"company\":null,\"reason\":\"zavolej mi až budeš mít "
                "čas\",\"callback_number\":null,\"urgent\":false}");
    talk = talk_in("en", false);
    say(&talk, "hello i have a package for you and i am standing at the door");
    assert_int_equal(talk.reply.tool, SCRIPT_TAKE_MESSAGE);
}

static void wrong_note_is_taken_anew_once(void **state)
{
    (void)state;
    struct talk talk = talk_in("en", false);
    say(&talk, "This is Jan Novak, I'm calling about the car. Please call me back.");
    expect_question(&talk, "Is that right?");
    say(&talk, "No, that is wrong.");
    expect_question(&talk, "once more");
    say(&talk, "My name is John Nowak and it is regarding the garage.");
    expect_question(&talk, "call you back");
    say(&talk, "yes");
    expect_question(&talk, "John Nowak, regarding the garage");
    say(&talk, "no"); /* twice is enough: better a doubtful message than none */
    assert_int_equal(talk.reply.tool, SCRIPT_TAKE_MESSAGE);
}

static void correction_is_read_back(void **state)
{
    (void)state;
    struct talk talk = talk_in("cs", false);
    say(&talk, "Tady Jan Novák, volám kvůli autu, zavolejte mi.");
    say(&talk, "Ano, ale jmenuji se Petr Novák.");
    expect_question(&talk, "Petr Novák, kvůli autu");
    say(&talk, "Ještě prosím vyřiďte, že klíče jsou u sousedů.");
    assert_non_null(strstr(talk.reply.arguments, "kvůli autu; "));
    assert_non_null(strstr(talk.reply.arguments, "klíče jsou u sousedů"));
}

static void questions_about_karen_are_answered(void **state)
{
    (void)state;
    struct talk talk = talk_in("cs", false);
    say(&talk, "Haló, slyšíte mě?");
    expect_question(&talk, "Ano, slyším vás. Dobrý den");
    say(&talk, "S kým mluvím?");
    expect_question(&talk, "automatická asistentka");
    expect_question(&talk, "Kvůli čemu voláte?");
}

static void unsure_words_are_asked_for_again_but_not_for_ever(void **state)
{
    (void)state;
    struct talk talk = talk_in("en", false);
    for (int i = 0; i < 2; i++) {
        script_hear(&talk.script, str_of("about the boat"), 0.3, &talk.reply);
        expect_question(&talk, "did not catch that");
    }
    script_hear(&talk.script, str_of("about the boat"), 0.3, &talk.reply);
    expect_question(&talk, "your name");
}

static void farewell_ends_the_call(void **state)
{
    (void)state;
    static const char *const byes[][2] = {{"cs", "děkuji na shledanou"},
                                          {"cs", "ne děkuji zavolám později"},
                                          {"en", "thank you very much goodbye"},
                                          {"sk", "ďakujem dovidenia"},
                                          {"de", "vielen dank auf wiederhören"}};
    for (size_t i = 0; i < countof(byes); i++) {
        struct talk talk = talk_in(byes[i][0], true);
        say(&talk, byes[i][1]);
        expect_tool(&talk, SCRIPT_END_CALL, "{\"reason\":\"finished\"}");
    }
    struct talk talk = talk_in("en", false);
    say(&talk, "I'm calling about the boat.");
    say(&talk, "Never mind, goodbye.");
    assert_int_equal(talk.reply.tool, SCRIPT_TAKE_MESSAGE); /* a message is never lost */
}

static void every_talk_comes_to_an_end(void **state)
{
    (void)state;
    static const char *const stubborn[] = {
        "ne", "no", "hm", "what", "", "\xFF\xFE", "nein", "can you repeat that", "are you a robot"};
    for (int language = 0; language < LANGUAGE_COUNT; language++)
        for (size_t i = 0; i < countof(stubborn); i++) {
            struct talk talk = talk_in(language_code((enum language)language), false);
            int turns = 0;
            while (talk.script.state != SCRIPT_CLOSED && turns++ < 40)
                say(&talk, stubborn[i]);
            assert_in_range(turns, 1, SCRIPT_TURNS_MAX + 2);
        }
}

static void same_words_give_the_same_talk(void **state)
{
    (void)state;
    static const char *const lines[] = {"hello", "it's about the boat", "John Black", "yes", "yes"};
    struct talk one = talk_in("en", true), other = talk_in("en", true);
    for (size_t i = 0; i < countof(lines); i++) {
        say(&one, lines[i]);
        say(&other, lines[i]);
        assert_memory_equal(&one, &other, sizeof(one));
    }
}

static void long_and_odd_texts_stay_within_bounds(void **state)
{
    (void)state;
    struct buf text = {0};
    for (int i = 0; i < 2000; i++)
        buf_puts(&text, "řeknu \"vám\" to \\ ");
    for (int language = 0; language < LANGUAGE_COUNT; language++) {
        struct talk talk = talk_in(language_code((enum language)language), true);
        for (int i = 0; i < 20; i++)
            say(&talk, buf_text(&text));
    }
    buf_free(&text);
}

/* ---- whole calls ---------------------------------------------------------------------------- */

static struct screening screen(const char *language, const struct screening_line *lines,
                               size_t count)
{
    struct screening_input input = {.language = language,
                                    .lines = lines,
                                    .line_count = count,
                                    .caller_number = "+420777123456"};
    struct screening screening;
    script_screen(&input, &screening);
    return screening;
}
#define KAREN(words)                                                                               \
    {                                                                                              \
        SCREENING_KAREN,                                                                           \
        {                                                                                          \
            words, sizeof(words) - 1                                                               \
        }                                                                                          \
    }
#define CALLER(words)                                                                              \
    {                                                                                              \
        SCREENING_CALLER,                                                                          \
        {                                                                                          \
            words, sizeof(words) - 1                                                               \
        }                                                                                          \
    }

static void facts_come_from_the_whole_call(void **state)
{
    (void)state;
    const struct screening_line lines[] = {KAREN("Dobrý den, tady Karen. S čím vám mohu pomoci?"),
                                           CALLER("Chtěl bych objednat dort na sobotu."),
                                           KAREN("Jak se prosím jmenujete?"),
                                           CALLER("Eva Malá."),
                                           KAREN("Na které číslo máme zavolat?"),
                                           CALLER("Zavolejte mi na 602 345 678.")};
    struct screening facts = screen("cs", lines, countof(lines));
    assert_int_equal(facts.legitimacy, LABEL_LEGITIMATE);
    assert_int_equal(facts.lead, LEAD_HOT);
    assert_int_equal(facts.urgency, URGENCY_NORMAL);
    assert_string_equal(facts.caller_name, "Eva Malá");
    assert_string_equal(facts.callback_number, "+420602345678");
    assert_true(facts.needs_follow_up);
    assert_string_equal(
        facts.summary,
        "Eva Malá nechává vzkaz: „Chtěl bych objednat dort na sobotu“ a prosí o zavolání zpět.");
}

static void summaries_are_sentences_in_the_owners_language(void **state)
{
    (void)state;
    static const char *const list[][3] = {
        {"en", "This is Jan Novak from ABC Solutions, I'm calling about the meeting, call me back.",
         "Jan Novak (ABC Solutions) called about the meeting and asks to be called back."},
        {"cs", "Tady Novák z firmy ABC, volám kvůli schůzce, zavolejte mi zpátky.",
         "Novák (ABC) volá kvůli schůzce a prosí o zavolání zpět."},
        {"sk", "Tu je Novák z firmy ABC, volám kvôli stretnutiu, zavolajte mi späť.",
         "Novák (ABC) volá kvôli stretnutiu a prosí o zavolanie späť."},
        {"de",
         "Hier ist Peter Müller von der Firma ABC, ich rufe wegen des Termins an, bitte "
         "rufen Sie mich zurück.",
         "Peter Müller (ABC) ruft an wegen des Termins und bittet um Rückruf."},
        {"cs", "gratulujeme vyhráli jste hlavní cenu",
         "Nevyžádaný hovor: „gratulujeme vyhráli jste hlavní cenu“."},
    };
    for (size_t i = 0; i < countof(list); i++)
        assert_string_equal(screen_as(list[i][0], list[i][1]).summary, list[i][2]);
}

static void who_asks_for_a_person_is_known(void **state)
{
    (void)state;
    assert_true(screen_as("cs", "chci mluvit s člověkem, ne s robotem").asked_for_person);
    assert_true(screen_as("sk", "chcem hovoriť s človekom").asked_for_person);
    assert_true(screen_as("en", "can I talk to a real person please").asked_for_person);
    assert_true(screen_as("de", "ich möchte mit einem Menschen sprechen").asked_for_person);
    assert_false(screen_as("cs", "volám kvůli zahradě").asked_for_person);
    assert_false(screen_as("en", "I am calling about the garden").asked_for_person);
}

static void silence_is_unknown(void **state)
{
    (void)state;
    const struct screening_line lines[] = {KAREN("Dobrý den."), KAREN("Jste tam?")};
    struct screening facts = screen("cs", lines, countof(lines));
    assert_int_equal(facts.legitimacy, LABEL_UNKNOWN);
    assert_int_equal(facts.lead, LEAD_NONE);
    assert_false(facts.needs_follow_up);
    assert_string_equal(facts.summary, "Volající nic neřekl.");
    facts = screen("en", NULL, 0);
    assert_int_equal(facts.legitimacy, LABEL_UNKNOWN);
}

static void karens_words_are_no_evidence(void **state)
{
    (void)state;
    const struct screening_line lines[] = {
        KAREN("We never give out your card number, your bank account will be blocked."),
        CALLER("I'm calling about the garden.")};
    assert_int_equal(screen("en", lines, countof(lines)).legitimacy, LABEL_LEGITIMATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frauds_are_told_in_each_language),
        cmocka_unit_test(prizes_and_schemes_are_spam),
        cmocka_unit_test(offers_are_marketing),
        cmocka_unit_test(honest_callers_are_legitimate),
        cmocka_unit_test(signs_do_not_fire_on_honest_words),
        cmocka_unit_test(name_company_reason_and_number_are_found),
        cmocka_unit_test(numbers_are_understood_in_words),
        cmocka_unit_test(dates_and_times_are_no_telephone_numbers),
        cmocka_unit_test(patterns_match_words),
        cmocka_unit_test(message_is_taken_read_back_and_ended),
        cmocka_unit_test(what_was_said_is_not_asked_for),
        cmocka_unit_test(unwanted_callers_are_turned_away),
        cmocka_unit_test(signs_add_up_over_the_talk),
        cmocka_unit_test(person_asked_for_is_transferred_once_the_name_is_known),
        cmocka_unit_test(without_transfer_a_message_is_taken),
        cmocka_unit_test(family_and_couriers_are_not_questioned),
        cmocka_unit_test(wrong_note_is_taken_anew_once),
        cmocka_unit_test(correction_is_read_back),
        cmocka_unit_test(questions_about_karen_are_answered),
        cmocka_unit_test(unsure_words_are_asked_for_again_but_not_for_ever),
        cmocka_unit_test(farewell_ends_the_call),
        cmocka_unit_test(every_talk_comes_to_an_end),
        cmocka_unit_test(same_words_give_the_same_talk),
        cmocka_unit_test(long_and_odd_texts_stay_within_bounds),
        cmocka_unit_test(facts_come_from_the_whole_call),
        cmocka_unit_test(summaries_are_sentences_in_the_owners_language),
        cmocka_unit_test(who_asks_for_a_person_is_known),
        cmocka_unit_test(silence_is_unknown),
        cmocka_unit_test(karens_words_are_no_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
