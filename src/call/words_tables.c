/* call/words_tables.c: the words that words.c knows, a set of tables a language, all normalised
 * (lower case, no diacritics). Adding a language is adding a row. */
#include "call/words.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct words_tables words_tables[LANGUAGE_COUNT] =
    {
        [LANGUAGE_CS] =
            {
                .backchannels = LIST("mhm", "hm", "hmm", "mm", "aha", "jo", "no jo", "jasne",
                                     "dobre", "dobra", "ano", "ok", "okej", "okay", "jojo", "no",
                                     "rozumim", "chapu", "tak jo", "fajn", "uhm", "eh", "ehm"),
                .strong = LIST("ne", "stop", "pockejte", "pockej", "moment", "momentik", "halo",
                               "prestante", "dost", "prominte", "pardon"),
                .farewells =
                    LIST("na shledanou", "nashledanou", "na slysenou", "naslysenou", "sbohem",
                         "cau", "ahoj", "dekuji", "dekuju", "diky", "mejte se", "mejte se hezky",
                         "hezky den", "pekny den", "i vam", "vam taky", "vam take", "dobrou noc",
                         "to je vse", "to je vsechno", "krasny den", "moc", "tak", "zatim", "taky",
                         "nemate zac", "neni zac"),
                .open_ends =
                    LIST("a", "i", "ale", "nebo", "ze", "protoze",
                         "kdyz", "aby", "takze", "jestli", "v", "ve",
                         "na", "z", "ze", "s", "se", "k", "ke", "u", "o", "do", "od",
                         "pro", "po", "pri", "za", "pod", "nad", "mezi", "bez",
                         "eh", "ehm", "hm", "jako", "jakoze", "totiz", "prosim vas", "muj",
                         "moje", "nas", "nase", "ten", "ta", "to",
                         "tento", "ktery", "ktera", "ktere", "jsem", "bych", "chtel bych",
                         "chtela bych", "potrebuji", "potrebuju", "jmenuji se", "jmenuju se",
                         "cislo", "je", "tady", "pan", "pani", "no a", "coz",
                         "tedy", "aspon", "asi"),
                .short_answers =
                    LIST("ano", "ne", "jo", "jiste", "urcite", "dobre", "dekuji", "na shledanou",
                         "nashledanou", "ne dekuji", "ano prosim", "to je vse", "to je vsechno",
                         "presne tak", "souhlasim", "nevim", "halo", "nic", "nikdo"),
                .digits =
                    LIST("nula", "jedna", "jeden", "jedno", "dva", "dve", "tri", "ctyri", "pet",
                         "sest", "sedm", "osm", "devet", "deset", "jedenact", "dvanact", "trinact",
                         "ctrnact", "patnact", "sestnact", "sedmnact", "osmnact", "devatenact",
                         "dvacet", "tricet", "ctyricet", "padesat", "sedesat",
                         "sedmdesat", "osmdesat", "devadesat", "sto", "ste", "sta", "set", "plus"),
                .digit_questions =
                    LIST("cislo", "telefon", "telefonni", "kontakt",
                         "mail", "email", "hlaskujte", "vyhlaskujte", "hlaskovat", "psc"),
                .phone_digits = 9,
            },
        [LANGUAGE_SK] =
            {
                .backchannels = LIST("mhm", "hm", "hmm", "mm", "aha", "jo", "hej", "jasne", "dobre",
                                     "ano", "ok", "okej", "okay", "no", "rozumiem", "chapem",
                                     "fajn", "uhm", "eh", "ehm", "hej hej"),
                .strong = LIST("nie", "stop", "pockajte", "pockaj", "moment", "halo", "prestante",
                               "dost", "prepacte", "pardon"),
                .farewells =
                    LIST("dovidenia", "do videnia", "dopocutia", "do pocutia", "zbohom", "cau",
                         "ahoj", "dakujem", "vdaka", "majte sa", "majte sa pekne", "pekny den",
                         "aj vam", "dobru noc", "to je vsetko", "krasny den", "velmi pekne",
                         "pekne", "tak", "zatial", "nemate za co"),
                .open_ends =
                    LIST("a", "i", "aj", "ale", "alebo", "ze", "pretoze", "lebo", "ked", "aby",
                         "takze", "ci", "v", "vo",
                         "na", "z", "zo", "s", "so", "k", "ku", "u", "o", "do", "od", "pre", "po",
                         "pri", "za", "pod", "nad", "medzi", "bez", "eh", "ehm", "hm", "ako",
                         "akoze", "teda", "prosim vas", "moj", "moja", "moje", "nas", "nase", "ten",
                         "ta", "to", "tento", "ktory", "ktora", "ktore", "som", "by som",
                         "chcel by som", "chcela by som", "potrebujem", "volam sa", "cislo", "je",
                         "tu", "pan", "pani", "asi"),
                .short_answers = LIST("ano", "nie", "hej", "jasne", "urcite", "dobre", "dakujem",
                                      "dovidenia", "nie dakujem", "ano prosim", "to je vsetko",
                                      "presne tak", "suhlasim", "neviem", "halo", "nic", "nikto"),
                .digits =
                    LIST("nula", "jeden", "jedna", "jedno", "dva", "dve", "tri", "styri", "pat",
                         "sest", "sedem", "osem", "devat", "desat", "jedenast", "dvanast",
                         "trinast", "strnast", "patnast", "sestnast", "sedemnast", "osemnast",
                         "devatnast", "dvadsat", "tridsat", "styridsat", "patdesiat", "sestdesiat",
                         "sedemdesiat", "osemdesiat", "devatdesiat", "sto", "plus"),
                .digit_questions = LIST("cislo", "telefon", "telefonne", "kontakt", "mail", "email",
                                        "hlaskujte", "vyhlaskujte", "psc"),
                .phone_digits = 9,
            },
        [LANGUAGE_EN] =
            {
                .backchannels = LIST("mhm", "mm", "hm", "hmm", "mm hmm", "uh huh", "uhhuh", "uh",
                                     "um", "aha", "yeah", "yep", "yes", "ok", "okay", "right",
                                     "sure", "i see", "got it", "alright", "all right", "oh", "ah",
                                     "good", "great", "fine", "true", "exactly", "cool"),
                .strong = LIST("no", "stop", "wait", "hold on", "hang on", "hello", "excuse me",
                               "sorry", "listen"),
                .farewells = LIST("goodbye", "good bye", "bye", "bye bye", "thank you", "thanks",
                                  "thanks a lot", "have a nice day", "have a good day", "you too",
                                  "see you", "take care", "that is all",
                                  "thats all", "that s all", "cheers", "very much", "so much",
                                  "good night", "then", "youre welcome", "you re welcome"),
                .open_ends =
                    LIST("and", "but", "or", "so", "because", "if", "when", "that", "which", "who",
                         "the", "a", "an", "to", "of", "for", "in", "on", "at", "with", "from",
                         "by", "about", "as", "than", "my", "your", "his", "her", "our",
                         "their", "this", "these", "um", "uh", "er", "erm", "like", "well",
                         "you know", "i mean", "i", "we", "is", "are", "was", "am", "i am", "im",
                         "i m", "would", "could", "want", "need", "my name is", "number is", "mr",
                         "mrs", "ms", "it s", "its", "maybe"),
                .short_answers =
                    LIST("yes", "no", "yeah", "nope", "yep", "sure", "okay", "goodbye", "bye",
                         "thank you", "thanks", "no thanks", "no thank you", "yes please",
                         "that is all", "thats all", "that s all", "hello", "exactly", "i agree",
                         "i don t know", "nothing", "nobody"),
                .digits =
                    LIST("zero", "oh", "one", "two", "three", "four", "five", "six",
                         "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
                         "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
                         "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
                         "ninety", "hundred", "double", "triple", "plus"),
                .digit_questions = LIST("number", "phone", "telephone", "mail", "email", "spell",
                                        "postcode", "zip"),
                .phone_digits = 10,
            },
        [LANGUAGE_DE] =
            {
                .backchannels = LIST("mhm", "mm", "hm", "hmm", "aha", "ja", "jaja", "ja ja",
                                     "genau", "ok", "okay", "gut", "klar", "verstehe", "alles klar",
                                     "ach so", "achso", "stimmt", "ah", "oh", "ah ja", "schon"),
                .strong = LIST("nein", "stopp", "stop", "warten", "warte", "moment", "halt",
                               "hallo", "entschuldigung"),
                .farewells =
                    LIST("auf wiederhoren", "auf wiedersehen", "wiederhoren", "wiedersehen",
                         "tschuss", "tschuess", "ciao", "danke", "danke schon", "vielen dank",
                         "dankeschon", "schonen tag", "schonen tag noch", "einen schonen tag",
                         "ihnen auch", "das ist alles", "das war s", "das wars", "gute nacht",
                         "bis dann", "servus", "noch", "ebenfalls", "gleichfalls", "bitte"),
                .open_ends =
                    LIST("und", "aber", "oder", "weil", "dass", "wenn", "ob", "also", "denn", "der",
                         "die", "das", "den", "dem", "des", "ein", "eine",
                         "einen", "einem", "einer", "in", "im", "an", "am", "auf", "aus", "bei",
                         "mit", "nach", "von", "vom", "zu", "zum", "zur", "fur", "uber",
                         "unter", "vor", "um", "ohne", "gegen", "ah", "ahm", "eh", "mein",
                         "meine", "meinen", "unser", "unsere", "ihr", "ihre", "ich", "wir", "ist",
                         "bin", "ich bin", "habe", "mochte", "ich mochte", "wollte", "ich heisse",
                         "mein name ist", "nummer ist", "herr", "frau", "sozusagen", "welche",
                         "welcher", "vielleicht"),
                .short_answers =
                    LIST("ja", "nein", "genau", "gerne", "klar", "sicher", "danke", "tschuss",
                         "auf wiederhoren", "nein danke", "ja bitte", "das ist alles", "das wars",
                         "das war s", "hallo", "richtig", "stimmt", "nichts", "niemand"),
                .digits =
                    LIST("null", "eins", "ein", "zwei", "zwo", "drei", "vier", "funf",
                         "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf", "dreizehn",
                         "vierzehn", "funfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
                         "zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig",
                         "achtzig", "neunzig", "hundert", "plus"),
                .digit_questions = LIST("nummer", "telefonnummer", "telefon", "ruckrufnummer",
                                        "mail", "email", "buchstabieren", "postleitzahl"),
                .phone_digits = 10,
            },
};
