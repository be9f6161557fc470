/* rules/script_texts.c: the scripted screener's sentences. */
#include "rules/script_texts.h"

static const char *const texts[LANGUAGE_COUNT][SAY_COUNT] = {
    [LANGUAGE_EN] =
        {
            [SAY_HELP] = "Hello, how can I help you?",
            [SAY_ASK_REASON] = "What are you calling about?",
            [SAY_ASK_NAME] = "May I have your name, please?",
            [SAY_WHO_CALLS] = "Who may I say is calling, please?",
            [SAY_CALL_BACK] = "Shall we call you back on the number you are calling from?",
            [SAY_ASK_NUMBER] = "Which number should we call you back on?",
            [SAY_REPEAT] = "I am sorry, I did not catch that. Could you say it again, please?",
            [SAY_HEAR_YOU] = "Yes, I can hear you.",
            [SAY_WHO_I_AM] = "I am Karen, an automated assistant, and I take messages here.",
            [SAY_NOT_REACHED] = "I am sorry, nobody can take your call right now. I will gladly "
                                "pass on a message.",
            [SAY_AGAIN] = "I am sorry. Please tell me once more who you are and what it is about.",
            [SAY_TAKEN] = "Thank you, I will pass that on. Goodbye.",
            [SAY_NOT_TAKEN] = "I am sorry, I could not save that. Please try again later. Goodbye.",
            [SAY_GOODBYE] = "Thank you for calling. Goodbye.",
            [SAY_NO_MARKETING] = "Thank you, but we do not take offers over the phone. Please do "
                                 "not call this number again. Goodbye.",
            [SAY_NO_SPAM] = "Thank you, but we are not interested. Goodbye.",
            [SAY_NO_FRAUD] = "We do not give out such details or make payments over the phone. "
                             "Goodbye.",
            [SAY_NOTED] = "I have noted: ",
            [SAY_NOTED_RIGHT] = "Is that right?",
            [SAY_BACK_ON_OWN] = "call back on the number you are calling from",
            [SAY_BACK_ON] = "call back on ",
            [SAY_IN_PERSON] = "would like to talk in person",
            [SAY_NO_REASON] = "did not say why",
            [SUM_SOMEBODY] = "A caller",
            [SUM_CALLED] = " called ",
            [SUM_SAID] = " left a message: ",
            [SUM_WANTS_PERSON] = " wanted to talk to somebody in person",
            [SUM_WANTS_BACK] = " and asks to be called back",
            [SUM_UNCLEAR] = " called without saying why",
            [SUM_MARKETING] = "A sales call: ",
            [SUM_SPAM] = "An unwanted call: ",
            [SUM_FRAUD] = "An attempted fraud: ",
            [SUM_NOTHING] = "The caller said nothing.",
            [SUM_QUOTE] = "“",
            [SUM_UNQUOTE] = "”",
        },
    [LANGUAGE_CS] =
        {
            [SAY_HELP] = "Dobrý den, s čím vám mohu pomoci?",
            [SAY_ASK_REASON] = "Kvůli čemu voláte?",
            [SAY_ASK_NAME] = "Jak se prosím jmenujete?",
            [SAY_WHO_CALLS] = "Koho mám prosím ohlásit?",
            [SAY_CALL_BACK] = "Máme vám zavolat zpět na číslo, ze kterého voláte?",
            [SAY_ASK_NUMBER] = "Na které číslo vám tedy máme zavolat?",
            [SAY_REPEAT] = "Promiňte, nerozuměla jsem. Můžete to prosím zopakovat?",
            [SAY_HEAR_YOU] = "Ano, slyším vás.",
            [SAY_WHO_I_AM] = "Jsem Karen, automatická asistentka, a přijímám tu vzkazy.",
            [SAY_NOT_REACHED] = "Bohužel teď hovor nikdo nepřijal. Ráda předám vzkaz.",
            [SAY_AGAIN] = "Omlouvám se. Řekněte mi prosím ještě jednou, kdo jste a kvůli čemu "
                          "voláte.",
            [SAY_TAKEN] = "Děkuji, vzkaz předám. Na shledanou.",
            [SAY_NOT_TAKEN] = "Omlouvám se, vzkaz se nepodařilo uložit. Zkuste to prosím později. "
                              "Na shledanou.",
            [SAY_GOODBYE] = "Děkuji za zavolání. Na shledanou.",
            [SAY_NO_MARKETING] = "Děkuji, ale o nabídky po telefonu nemáme zájem. Na toto číslo už "
                                 "prosím nevolejte. Na shledanou.",
            [SAY_NO_SPAM] = "Děkuji, ale o to nemáme zájem. Na shledanou.",
            [SAY_NO_FRAUD] = "Takové údaje po telefonu nesdělujeme a žádné platby neprovádíme. Na "
                             "shledanou.",
            [SAY_NOTED] = "Zapsala jsem si: ",
            [SAY_NOTED_RIGHT] = "Je to tak správně?",
            [SAY_BACK_ON_OWN] = "zavolat zpět na číslo, ze kterého voláte",
            [SAY_BACK_ON] = "zavolat zpět na číslo ",
            [SAY_IN_PERSON] = "chce mluvit osobně",
            [SAY_NO_REASON] = "důvod neuveden",
            [SUM_SOMEBODY] = "Volající",
            [SUM_CALLED] = " volá ",
            [SUM_SAID] = " nechává vzkaz: ",
            [SUM_WANTS_PERSON] = " chce mluvit s někým osobně",
            [SUM_WANTS_BACK] = " a prosí o zavolání zpět",
            [SUM_UNCLEAR] = " neuvádí důvod hovoru",
            [SUM_MARKETING] = "Obchodní nabídka: ",
            [SUM_SPAM] = "Nevyžádaný hovor: ",
            [SUM_FRAUD] = "Pokus o podvod: ",
            [SUM_NOTHING] = "Volající nic neřekl.",
            [SUM_QUOTE] = "„",
            [SUM_UNQUOTE] = "“",
        },
    [LANGUAGE_SK] =
        {
            [SAY_HELP] = "Dobrý deň, s čím vám môžem pomôcť?",
            [SAY_ASK_REASON] = "Kvôli čomu voláte?",
            [SAY_ASK_NAME] = "Ako sa, prosím, voláte?",
            [SAY_WHO_CALLS] = "Koho mám, prosím, ohlásiť?",
            [SAY_CALL_BACK] = "Máme vám zavolať späť na číslo, z ktorého voláte?",
            [SAY_ASK_NUMBER] = "Na ktoré číslo vám teda máme zavolať?",
            [SAY_REPEAT] = "Prepáčte, nerozumela som. Môžete to, prosím, zopakovať?",
            [SAY_HEAR_YOU] = "Áno, počujem vás.",
            [SAY_WHO_I_AM] = "Som Karen, automatická asistentka, a prijímam tu odkazy.",
            [SAY_NOT_REACHED] = "Žiaľ, teraz hovor nikto neprijal. Rada odovzdám odkaz.",
            [SAY_AGAIN] = "Ospravedlňujem sa. Povedzte mi, prosím, ešte raz, kto ste a kvôli čomu "
                          "voláte.",
            [SAY_TAKEN] = "Ďakujem, odkaz odovzdám. Dovidenia.",
            [SAY_NOT_TAKEN] = "Ospravedlňujem sa, odkaz sa nepodarilo uložiť. Skúste to, prosím, "
                              "neskôr. Dovidenia.",
            [SAY_GOODBYE] = "Ďakujem za zavolanie. Dovidenia.",
            [SAY_NO_MARKETING] =
                "Ďakujem, ale o ponuky po telefóne nemáme záujem. Na toto číslo už, "
                "prosím, nevolajte. Dovidenia.",
            [SAY_NO_SPAM] = "Ďakujem, ale o to nemáme záujem. Dovidenia.",
            [SAY_NO_FRAUD] = "Takéto údaje po telefóne neposkytujeme a žiadne platby nevykonávame. "
                             "Dovidenia.",
            [SAY_NOTED] = "Zapísala som si: ",
            [SAY_NOTED_RIGHT] = "Je to tak správne?",
            [SAY_BACK_ON_OWN] = "zavolať späť na číslo, z ktorého voláte",
            [SAY_BACK_ON] = "zavolať späť na číslo ",
            [SAY_IN_PERSON] = "chce hovoriť osobne",
            [SAY_NO_REASON] = "dôvod neuvedený",
            [SUM_SOMEBODY] = "Volajúci",
            [SUM_CALLED] = " volá ",
            [SUM_SAID] = " necháva odkaz: ",
            [SUM_WANTS_PERSON] = " chce hovoriť s niekým osobne",
            [SUM_WANTS_BACK] = " a prosí o zavolanie späť",
            [SUM_UNCLEAR] = " neuvádza dôvod hovoru",
            [SUM_MARKETING] = "Obchodná ponuka: ",
            [SUM_SPAM] = "Nevyžiadaný hovor: ",
            [SUM_FRAUD] = "Pokus o podvod: ",
            [SUM_NOTHING] = "Volajúci nič nepovedal.",
            [SUM_QUOTE] = "„",
            [SUM_UNQUOTE] = "“",
        },
    [LANGUAGE_DE] =
        {
            [SAY_HELP] = "Guten Tag, wie kann ich Ihnen helfen?",
            [SAY_ASK_REASON] = "Worum geht es bitte?",
            [SAY_ASK_NAME] = "Wie ist bitte Ihr Name?",
            [SAY_WHO_CALLS] = "Wen darf ich bitte melden?",
            [SAY_CALL_BACK] = "Sollen wir Sie unter der Nummer zurückrufen, von der Sie anrufen?",
            [SAY_ASK_NUMBER] = "Unter welcher Nummer sollen wir Sie zurückrufen?",
            [SAY_REPEAT] = "Entschuldigung, das habe ich nicht verstanden. Können Sie es bitte "
                           "wiederholen?",
            [SAY_HEAR_YOU] = "Ja, ich höre Sie.",
            [SAY_WHO_I_AM] = "Ich bin Karen, eine automatische Assistentin, und nehme hier "
                             "Nachrichten entgegen.",
            [SAY_NOT_REACHED] = "Leider konnte gerade niemand den Anruf annehmen. Gern richte ich "
                                "etwas aus.",
            [SAY_AGAIN] = "Entschuldigung. Sagen Sie mir bitte noch einmal, wer Sie sind und worum "
                          "es geht.",
            [SAY_TAKEN] = "Vielen Dank, ich richte das aus. Auf Wiederhören.",
            [SAY_NOT_TAKEN] =
                "Es tut mir leid, das konnte ich nicht speichern. Bitte versuchen Sie "
                "es später noch einmal. Auf Wiederhören.",
            [SAY_GOODBYE] = "Vielen Dank für Ihren Anruf. Auf Wiederhören.",
            [SAY_NO_MARKETING] = "Danke, aber an Angeboten am Telefon haben wir kein Interesse. "
                                 "Bitte rufen Sie diese Nummer nicht mehr an. Auf Wiederhören.",
            [SAY_NO_SPAM] = "Danke, aber daran haben wir kein Interesse. Auf Wiederhören.",
            [SAY_NO_FRAUD] =
                "Solche Daten geben wir am Telefon nicht heraus, und Zahlungen leisten "
                "wir auch nicht. Auf Wiederhören.",
            [SAY_NOTED] = "Ich habe notiert: ",
            [SAY_NOTED_RIGHT] = "Ist das richtig?",
            [SAY_BACK_ON_OWN] = "Rückruf unter der Nummer, von der Sie anrufen",
            [SAY_BACK_ON] = "Rückruf unter ",
            [SAY_IN_PERSON] = "möchte persönlich sprechen",
            [SAY_NO_REASON] = "Grund nicht genannt",
            [SUM_SOMEBODY] = "Jemand",
            [SUM_CALLED] = " ruft an ",
            [SUM_SAID] = " hinterlässt eine Nachricht: ",
            [SUM_WANTS_PERSON] = " möchte persönlich mit jemandem sprechen",
            [SUM_WANTS_BACK] = " und bittet um Rückruf",
            [SUM_UNCLEAR] = " nennt keinen Grund",
            [SUM_MARKETING] = "Ein Werbeanruf: ",
            [SUM_SPAM] = "Ein unerwünschter Anruf: ",
            [SUM_FRAUD] = "Ein Betrugsversuch: ",
            [SUM_NOTHING] = "Der Anrufer hat nichts gesagt.",
            [SUM_QUOTE] = "„",
            [SUM_UNQUOTE] = "“",
        },
};

const char *script_text(enum language language, enum script_say say)
{
    return texts[language][say];
}
