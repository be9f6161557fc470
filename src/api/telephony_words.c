/* api/telephony_words.c: one row a language. The first words say that no person is speaking. */
#include "api/telephony_words.h"

#include "base/mem.h"

#include <string.h>

static const struct {
    const char *language;
    struct telephony_words words;
} rows[] = {
    {"en",
     {.voicemail = "Hello, this is an automatic assistant. Nobody can take your call right now. "
                   "After the tone, please leave your name, your number and your message.",
      .interrupted = "This is the automatic assistant. The connection was interrupted, I am sorry. "
                     "After the tone, please leave your name, your number and your message.",
      .taken = "Thank you, I will pass it on. Goodbye.",
      .refused = "Hello, this is an automatic announcement. Nobody can be reached at this number. "
                 "Goodbye.",
      .call_from = "Karen here, for you, a call from",
      .call = "Karen here with a call for you.",
      .press_one = "Press 1 to take the call.",
      .hidden = "a hidden number",
      .declined = "Hello, this is an automatic assistant. This call cannot be taken.",
      .goodbye = "Goodbye.",
      .code = "Hello, this is an automatic assistant. Please type the four digits of the person "
              "you are calling.",
      .code_again = "I do not know that code. Please try again.",
      .forwarding_works = "Hello, this is the automatic assistant. Your forwarding works. Goodbye.",
      .picked_up = "This is a test of your call forwarding. Next time please let it ring and do "
                   "not pick up. Goodbye."}},
    {"cs",
     {.voicemail = "Dobrý den, tady je automatická asistentka. Teď se vám bohužel nikdo nemůže "
                   "věnovat. Po zaznění tónu prosím nechte své jméno, číslo a vzkaz.",
      .interrupted =
          "Tady je automatická asistentka. Omlouvám se, spojení se přerušilo. Po zaznění "
          "tónu prosím nechte své jméno, číslo a vzkaz.",
      .taken = "Děkuji, vzkaz předám. Na shledanou.",
      .refused = "Dobrý den, toto je automatické hlášení. Na tomto čísle není nikdo k zastižení. "
                 "Na shledanou.",
      .call_from = "Tady Karen, máte hovor. Volá",
      .call = "Tady Karen, mám pro vás hovor.",
      .press_one = "Hovor přijmete stisknutím jedničky.",
      .hidden = "skryté číslo",
      .declined = "Dobrý den, tady je automatická asistentka. Tento hovor nelze přijmout.",
      .goodbye = "Na shledanou.",
      .code = "Dobrý den, tady je automatická asistentka. Zadejte prosím čtyřmístný kód toho, komu "
              "voláte.",
      .code_again = "Tento kód neznám. Zkuste to prosím ještě jednou.",
      .forwarding_works =
          "Dobrý den, tady je automatická asistentka. Přesměrování funguje. Na shledanou.",
      .picked_up = "Toto je zkouška přesměrování hovorů. Příště prosím nechte telefon zvonit a "
                   "nezvedejte ho. Na shledanou."}},
    {"sk",
     {.voicemail = "Dobrý deň, tu je automatická asistentka. Teraz sa vám bohužiaľ nikto nemôže "
                   "venovať. Po zaznení tónu prosím nechajte svoje meno, číslo a odkaz.",
      .interrupted = "Tu je automatická asistentka. Ospravedlňujem sa, spojenie sa prerušilo. Po "
                     "zaznení tónu prosím nechajte svoje meno, číslo a odkaz.",
      .taken = "Ďakujem, odkaz odovzdám. Dovidenia.",
      .refused = "Dobrý deň, toto je automatické hlásenie. Na tomto čísle nie je nikto k "
                 "zastihnutiu. Dovidenia.",
      .call_from = "Tu je Karen, máte hovor. Volá",
      .call = "Tu je Karen, mám pre vás hovor.",
      .press_one = "Hovor prijmete stlačením jednotky.",
      .hidden = "skryté číslo",
      .declined = "Dobrý deň, tu je automatická asistentka. Tento hovor nemožno prijať.",
      .goodbye = "Dovidenia.",
      .code = "Dobrý deň, tu je automatická asistentka. Zadajte prosím štvormiestny kód toho, komu "
              "voláte.",
      .code_again = "Tento kód nepoznám. Skúste to prosím ešte raz.",
      .forwarding_works =
          "Dobrý deň, tu je automatická asistentka. Presmerovanie funguje. Dovidenia.",
      .picked_up = "Toto je skúška presmerovania hovorov. Nabudúce prosím nechajte telefón zvoniť "
                   "a nedvíhajte ho. Dovidenia."}},
    {"de",
     {.voicemail = "Guten Tag, hier spricht eine automatische Assistentin. Gerade kann leider "
                   "niemand Ihren Anruf annehmen. Bitte hinterlassen Sie nach dem Ton Ihren Namen, "
                   "Ihre Nummer und Ihre Nachricht.",
      .interrupted = "Hier spricht die automatische Assistentin. Die Verbindung wurde leider "
                     "unterbrochen. Bitte hinterlassen Sie nach dem Ton Ihren Namen, Ihre Nummer "
                     "und Ihre Nachricht.",
      .taken = "Danke, ich gebe es weiter. Auf Wiederhören.",
      .refused = "Guten Tag, dies ist eine automatische Ansage. Unter dieser Nummer ist niemand zu "
                 "erreichen. Auf Wiederhören.",
      .call_from = "Hier ist Karen mit einem Anruf für Sie. Es ruft an:",
      .call = "Hier ist Karen mit einem Anruf für Sie.",
      .press_one = "Drücken Sie die 1, um den Anruf anzunehmen.",
      .hidden = "eine unterdrückte Nummer",
      .declined = "Guten Tag, hier spricht eine automatische Assistentin. Dieser Anruf kann nicht "
                  "angenommen werden.",
      .goodbye = "Auf Wiederhören.",
      .code = "Guten Tag, hier spricht eine automatische Assistentin. Bitte geben Sie den "
              "vierstelligen Code der Person ein, die Sie anrufen.",
      .code_again = "Diesen Code kenne ich nicht. Bitte versuchen Sie es noch einmal.",
      .forwarding_works = "Guten Tag, hier spricht die automatische Assistentin. Die Rufumleitung "
                          "funktioniert. Auf Wiederhören.",
      .picked_up = "Dies ist ein Test Ihrer Rufumleitung. Bitte lassen Sie es beim nächsten Mal "
                   "klingeln und heben Sie nicht ab. Auf Wiederhören."}},
};

const struct telephony_words *telephony_words(const char *language)
{
    for (size_t i = 0; language && i < countof(rows); i++)
        if (strncmp(rows[i].language, language, 2) == 0)
            return &rows[i].words;
    return &rows[0].words;
}
