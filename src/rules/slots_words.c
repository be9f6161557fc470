/* rules/slots_words.c: the words that slots.c looks for, folded, in four languages. */
#include "rules/slots.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ORGANISATIONS(...) ((const struct organisation[]){__VA_ARGS__, {NULL, NULL}})

const struct slot_words slot_words[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] =
        {
            .said =
                {
                    [SAID_YES] = LIST("yes|yeah|yep|sure|okay|ok|right|correct|exactly|absolutely",
                                      "of course", "that is it"),
                    [SAID_NO] = LIST("no|nope|wrong|incorrect", "not right|correct|really"),
                    [SAID_GREETING] = LIST("good morning|afternoon|evening|day", "hello|hi|hey"),
                    [SAID_GOODBYE] = LIST("goodbye|bye", "good bye", "have a nice|good|great day"),
                    [SAID_THANKS] = LIST("thank you very much", "thank you", "thanks"),
                    [SAID_ASKED_NAME] = LIST("your name", "who .. calling", "who are you"),
                    [SAID_NOTHING_MORE] = LIST("that is|was all", "thats all", "nothing else|more",
                                               "i will call|try .. again|later", "ill call|try .. again|later"),
                    [SAID_REPEAT] = LIST("repeat", "say that|it again", "pardon",
                                         "did|do not understand|hear|catch|get", "didnt|dont understand|hear|catch|get"),
                    [SAID_HEAR_ME] = LIST("can|do you hear me", "are you there", "anybody there"),
                    [SAID_WHO_IS_THIS] = LIST("who is this", "who am i talking|speaking",
                                              "are you a|an robot|machine|computer|ai|real|human",
                                              "talk|speak|talking to a robot|machine|computer"),
                    [SAID_PERSON] =
                        LIST("speak|talk to|with a|an|the|mister|mr|mrs|ms|doctor .. "
                             "person|human|manager|owner|boss|director|somebody|someone",
                             "speak|talk to|with mister|mr|mrs|ms|doctor|someone|somebody|him|her",
                             "speak|talk to|with a|an real|actual|living",
                             "speak|talk to|with the|your manager|owner|boss|director",
                             "can|could|may i speak|talk to|with !you", "put me through",
                             "connect me", "is he|she|mister|mr there|in|available"),
                    [SAID_CALL_BACK] = LIST("call|ring|phone me", "calls me", "call back",
                                            "give me a call|ring", "to call me"),
                    [SAID_OWN_NUMBER] = LIST("this|same|that number", "this one",
                                             "number i am|im calling from", "calling from"),
                    [SAID_URGENT] = LIST("urgent*", "as soon as possible", "immediately",
                                         "emergency", "right away"),
                    [SAID_FAMILY] = LIST("it|this is your mum|mom|dad|mother|father|sister|brother|wife|"
                                         "husband|grandma|grandpa|son|daughter|aunt|uncle",
                                         "it|this is mum|mom|dad|mother|father|grandma|grandpa",
                                         "its mum|mom|dad|grandma|grandpa"),
                    [SAID_DELIVERY] = LIST("package|parcel|courier|postman",
                                           "delivery for|service|man", "deliver*"),
                    [SAID_BUYING] = LIST("i|we|and would like|love to buy|order|rent|book|hire",
                                         "i|we want|wanted|need to buy|order|rent|book|hire",
                                         "still available|for sale|free",
                                         "make a reservation|an|booking", "make an appointment",
                                         "a quote|quotation|price", "i am|im interested in",
                                         "we are interested in"),
                    [SAID_FILLER] = LIST("please|well|so|and|okay|ok|yes|no|um|uh|er|ah|oh|the|"
                                         "yeah|sure|but|karen|just",
 "i am calling", "calling|im calling"),
                },
            .name_after = LIST("my|the name is", "my names", "this is", "it is", "its", "here is",
                               "i am", "im"),
            .name_before = LIST("speaking"),
            .titles = LIST("doctor|dr|mister|mr|mrs|ms|miss|professor"),
            .not_names =
                LIST("i|im|a|an|the|your|you|my|our|we|he|she|it|is|are|am|was|were|be|been|will|"
                     "would|can|could|may|do|does|did|not|no|yes|and|or|but|so|if|from|of|with|at|"
                     "in|on|for|to|by|about|regarding|concerning|because|again|back|here|there|"
                     "please|thanks|thank|this|that|these|those|what|who|when|where|why|how|"
                     "urgent|important|very|really|just|still|also|now|later|today|tomorrow|"
                     "tonight|yesterday|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
                     "last|next|all|right|correct|wrong|good|great|nice|okay|ok|sure|fine|sorry|"
                     "afraid|glad|happy|interested|looking|ready|late|busy|free|me|him|her|them|"
                     "us|good|hello|hi|hey|goodbye|bye|one|two|three|zero|nice|is|as|up|out|"
                     "possible|number|phone|calling|standing|trying|speaking|waiting|running|"
                     "making|doing|talking|company|karen|everything|something|anything|nothing|"
                     "call|calls|called|want|wanted|need|needed|have|has|had|like|then|regards|"
                     "morning|afternoon|evening|only|too|quite|much|more|an|true|fraud|spam|"
                     "legitimate|marketing"),
            .company_after = LIST("from|of|with the company", "company is called", "company is",
                                  "from the company", "i am|im calling from", "i am|im from",
                                  "from"),
            .from = LIST("from|at|with the|your|a|an", "from|at|with"),
            .organisations =
                ORGANISATIONS({"insurance company", "insurance company"},
                              {"electricity company", "electricity company"}, {"school", "school"},
                              {"bank", "bank"}, {"hospital", "hospital"}, {"police", "police"},
                              {"post office", "post office"}, {"tax office", "tax office"},
                              {"city hall", "city hall"}, {"car service", "car service"},
                              {"clinic", "clinic"}, {"library", "library"},
                              {"restaurant", "restaurant"}, {"hotel", "hotel"},
                              {"ministry", "ministry"}, {"court", "court"}),
            .reason_at = LIST("about|regarding|concerning", "because of|i", "with regard to",
                              "in connection with"),
            .wish_at = LIST("i|we would like to|some|an|a", "i|we want|wanted|need|needed to",
                            "i|we want|wanted|need|needed", "id like", "i have|i've|ive a|an|some",
                            "can|could i|we", "is|are the .. available|free", "i saw", "can|could you tell|ask",
                            "you can|could"),
            .ends = LIST("please call|ring|tell|can|could|let", "can|could you please|call|ring",
                         "call me", "give me a call", "my|the number|phone|mobile is|number",
                         "you can reach|call", "thank you|thanks", "my name", "goodbye|bye"),
        },
    [LANGUAGE_CS] =
        {
            .said =
                {
                    [SAID_YES] = LIST("ano|jo|jasne|presne|spravne|souhlasi|samozrejme|urcite|"
                                      "dobre|dobra|okej|ok|muzete",
                                      "v poradku"),
                    [SAID_NO] = LIST("ne|neni|spatne|nikoliv|nikoli|nechci|radeji"),
                    [SAID_GREETING] = LIST("dobry|dobre|hezky|pekny den|rano|vecer|odpoledne|"
                                           "dopoledne",
                                           "zdravim|ahoj|nazdar|cau|halo"),
                    [SAID_GOODBYE] = LIST("na shledanou|slysenou", "nashledanou|naslysenou|sbohem",
                                          "mejte se", "hezky|pekny zbytek|den"),
                    [SAID_THANKS] = LIST("dekuji|dekuju|diky"),
                    [SAID_ASKED_NAME] = LIST("jmenujete|jmeno|ohlasit", "kdo vola"),
                    [SAID_NOTHING_MORE] = LIST("to je|bylo vse|vsechno", "nic dalsiho|vic|jineho",
                                               "uz nic", "zavolam|zkusim .. pozdeji|znovu|zitra|jindy"),
                    [SAID_REPEAT] = LIST("zopakovat|zopakujte|zopakuj|opakovat", "nerozumim|nerozumel*",
                                         "neslysim|neslysel*", "jeste jednou prosim"),
                    [SAID_HEAR_ME] = LIST("slysite|slysis me", "jste tam", "je tam nekdo"),
                    [SAID_WHO_IS_THIS] = LIST("s kym mluvim|hovorim", "kdo je to|tam", "kdo jste",
                                              "jste robot|automat|stroj|pocitac|clovek",
                                              "mluvit|bavit s robotem|automatem|strojem"),
                    [SAID_PERSON] = LIST("mluvit|hovorit|promluvit s panem|pani|clovekem|nekym|"
                                         "majitelem|majitelkou|reditelem|vedoucim|kolegou|doktorem|"
                                         "nim|ni|zivym",
                                         "muzu|mohu|mohl|mohla .. mluvit|hovorit|promluvit s",
                                         "prepojit|prepojte|prepojite|spojit|spojte|spojite",
                                         "je tam|doma pan|pani"),
                    [SAID_CALL_BACK] = LIST("zavolejte|zavolej|zavolat|zavola|zavolal|zavolala mi|zpatky|"
                                            "zpet|co|zitra|odpoledne|dnes",
                                            "mi .. zavolat|zavolejte|zavolal|zavola", "ozvete|ozvi|ozval se|mi"),
                    [SAID_OWN_NUMBER] = LIST("tohle|toto|tomto|tomhle|stejne|stejnem cislo|cisle|"
                                             "telefonu",
                                             "ze ktereho .. volam", "odkud volam", "z ktereho volam"),
                    [SAID_URGENT] = LIST("nalehav*|urgentn*|spech*|akutn*", "co nejdriv*",
                                         "okamzite|ihned|hned"),
                    [SAID_FAMILY] =
                        LIST("tady|to|tu|ja je|jsem mama|mamka|maminka|tata|tatinek|tatka|babicka|babi|"
                             "deda|dedecek|segra|bracha|sestra|bratr|manzel|manzelka",
                             "tady|tu mama|mamka|maminka|tata|tatinek|tatka|babicka|babi|deda|"
                             "dedecek|segra|bracha"),
                    [SAID_DELIVERY] = LIST("balik*|zasilk*|kuryr*|dorucuj*|rozvoz*", "postovni dorucovatel*"),
                    [SAID_BUYING] = LIST("objednat|koupit|pronajmout|rezervovat", "mam|mame zajem o",
                                         "je .. jeste volny|volna|volne|k dispozici|aktualni",
                                         "cenovou nabidku", "videl|videla jsem .. inzerat"),
                    [SAID_FILLER] = LIST("prosim|tak|takze|no|jo|hm|ehm|a|ano|ne|ale|dobre|jasne|"
                                         "karen|tedy|teda|jenom|jen|proste|volam|volala|volal"),
                },
            .name_after = LIST("jmenuji|jmenuju se", "moje|me jmeno je", "tady je", "tady", "zde",
                               "u telefonu", "ja jsem", "to je", "tu je", "volal|volala|vola"),
            .name_before = LIST("u telefonu", "tady"),
            .titles = LIST("doktor|doktorka|pan|pani|inzenyr|inzenyrka|magistr|profesor|dr|ing|mgr"),
            .not_names =
                LIST("z|ze|od|do|na|v|ve|s|se|si|k|ke|o|u|za|po|pro|pri|pres|kvuli|ohledne|kolem|a|"
                     "i|ale|nebo|ze|ktery|ktera|ktere|co|kdo|kde|kdy|jak|proc|je|jsem|jste|jsme|jsou|"
                     "byl|byla|bylo|byt|bych|by|bude|budu|bydlim|volam|volame|vola|volal|volala|"
                     "volejte|zavolejte|zavolej|zavolat|zavola|chci|chtel|chtela|chteli|mam|mame|mate|"
                     "mas|mi|me|mne|vas|vam|vami|nas|nam|ho|mu|ji|to|ten|ta|tohle|tato|toto|ty|vy|on|"
                     "ona|oni|my|ja|vase|vasi|vaseho|nase|nasi|muj|moje|moji|prosim|dekuji|dekuju|diky|"
                     "dobry|den|rano|vecer|odpoledne|dopoledne|ahoj|ano|ne|neni|uz|jeste|jen|jenom|"
                     "tady|tu|tam|zitra|dnes|vcera|ted|hned|pozdeji|pondeli|utery|stredu|streda|"
                     "ctvrtek|patek|sobotu|sobota|nedeli|nedele|firma|firmy|firme|spolecnost|"
                     "spolecnosti|banka|banky|policie|kuryr|posta|posty|skola|ordinace|urad|"
                     "spravne|spatne|jasne|vsechno|vse|nalehave|dulezite|rad|rada|muzu|mohu|mohl|"
                     "mohla|muzete|mohli|potrebuji|potrebuju|potreboval|potrebovala|nabizim|nabizime|"
                     "cislo|telefon|karen|take|taky|jde|neco|nic|pravda|fajn|super|asi|tak|no|"
                     "stojim|cekam|nemohu|nemuzu|hledam|posilam|predem|prichazim|prijdu|jedna|dva|tri|"
                     "jmenuji|jmenuju|reknete|rekni|zaznamenali|zjistili|prevedte|podvod|legitimni"),
            .company_after = LIST("z|ze|od firmy|spolecnosti|podniku|agentury|organizace|redakce",
                                  "firma|spolecnost se jmenuje", "zastupuji firmu|spolecnost",
                                  "jsem z|ze firmy|spolecnosti"),
            .from = LIST("z|ze|od vasi|vaseho|nasi", "z|ze|od", "tady|zde|tu"),
            .organisations = ORGANISATIONS(
                {"banky", "banka"}, {"skoly", "škola"}, {"skolky", "školka"}, {"uradu", "úřad"},
                {"pojistovny", "pojišťovna"}, {"nemocnice", "nemocnice"}, {"posty", "pošta"},
                {"policie", "policie"}, {"servisu", "servis"}, {"autoservisu", "autoservis"},
                {"ordinace", "ordinace"}, {"knihovny", "knihovna"}, {"restaurace", "restaurace"},
                {"hotelu", "hotel"}, {"ministerstva", "ministerstvo"}, {"soudu", "soud"},
                {"financniho uradu", "finanční úřad"}, {"elektraren", "elektrárny"}),
            .reason_at = LIST("kvuli|ohledne", "v souvislosti s", "ve veci", "na tema"),
            .wish_at = LIST("jde o", "jedna se o", "rad|rada bych", "chtel|chtela|chteli bych|bychom", "chci|chceme",
                            "potrebuji|potrebuju|potreboval|potrebovala|potrebujeme",
                            "mam|mame dotaz|otazku|zajem|pro", "muzu|mohu|mohl|mohla", "je ten|ta|to",
                            "videl|videla jsem"),
            .ends = LIST("prosim zavolejte|zavolej|o|vas|at|reknete", "zavolejte|zavolej",
                         "muzete|mohl|mohla|mohli .. zavolat", "ozvete se",
                         "moje|me cislo|telefonni", "cislo je|mam", "dekuji|dekuju|diky",
                         "na shledanou", "jmenuji|jmenuju se", "prosim"),
        },
    [LANGUAGE_SK] =
        {
            .said =
                {
                    [SAID_YES] = LIST("ano|hej|jasne|presne|spravne|suhlasi|samozrejme|urcite|dobre|"
                                      "okej|ok|mozete",
                                      "v poriadku"),
                    [SAID_NO] = LIST("nie|zle|nespravne|nechcem|radsej"),
                    [SAID_GREETING] = LIST("dobry|dobre|pekny den|rano|vecer|popoludnie",
                                           "zdravim|ahoj|cau|halo"),
                    [SAID_GOODBYE] = LIST("dovidenia|dopocutia", "do videnia|pocutia", "majte sa",
                                          "pekny zvysok|den"),
                    [SAID_THANKS] = LIST("dakujem|vdaka|dik|diky"),
                    [SAID_ASKED_NAME] = LIST("meno|ohlasit", "ako sa .. volate", "kto vola"),
                    [SAID_NOTHING_MORE] = LIST("to je|bolo vsetko", "nic viac|dalsie|ine", "uz nic",
                                               "zavolam|skusim .. neskor|znova|zajtra|inokedy"),
                    [SAID_REPEAT] = LIST("zopakovat|zopakujte|zopakuj|opakovat", "nerozumiem|nerozumel*",
                                         "nepocujem|nepocul*", "este raz prosim"),
                    [SAID_HEAR_ME] = LIST("pocujete|pocujes ma", "ste tam", "je tam niekto"),
                    [SAID_WHO_IS_THIS] = LIST("s kym hovorim|rozpravam", "kto je to|tam", "kto ste",
                                              "ste robot|automat|stroj|pocitac|clovek",
                                              "hovorit|rozpravat s robotom|automatom|strojom"),
                    [SAID_PERSON] = LIST("hovorit|rozpravat|porozpravat s panom|pani|clovekom|niekym|"
                                         "majitelom|majitelkou|riaditelom|veducim|kolegom|doktorom|nim|"
                                         "nou|zivym",
                                         "mozem|mohol|mohla .. hovorit|rozpravat s",
                                         "prepojit|prepojte|prepojite|spojit|spojte|spojite",
                                         "je tam|doma pan|pani"),
                    [SAID_CALL_BACK] = LIST("zavolajte|zavolaj|zavolat|zavola|zavolal|zavolala mi|spat|co|"
                                            "zajtra|popoludni|dnes",
                                            "mi .. zavolat|zavolajte|zavolal|zavola", "ozvite|ozvi|ozval sa|mi"),
                    [SAID_OWN_NUMBER] = LIST("toto|tomto|rovnake|rovnakom|to iste cislo|cisle|telefone",
                                             "z ktoreho .. volam", "odkial volam"),
                    [SAID_URGENT] = LIST("naliehav*|surn*|urgentn*|akutn*", "co najskor*",
                                         "okamzite|ihned|hned"),
                    [SAID_FAMILY] = LIST("tu|to|tuto|ja je|som mama|mamka|mamina|tato|ocko|otec|oco|babka|"
                                         "dedko|sestra|brat|manzel|manzelka",
                                         "tu mama|mamka|mamina|tato|oco|ocko|babka|dedko"),
                    [SAID_DELIVERY] = LIST("balik*|zasielk*|kurier*|dorucuj*|rozvoz*"),
                    [SAID_BUYING] = LIST("objednat|kupit|prenajat|rezervovat", "mam|mame zaujem o",
                                         "je .. este volny|volna|volne|k dispozicii|aktualny",
                                         "cenovu ponuku", "videl|videla som .. inzerat"),
                    [SAID_FILLER] = LIST("prosim|tak|takze|no|hej|hm|ehm|a|ano|nie|ale|dobre|jasne|karen|"
                                         "teda|len|iba|proste|volam|volala|volal"),
                },
            .name_after = LIST("volam sa", "moje meno je", "tu je", "tu", "tuto", "pri telefone",
                               "ja som", "to je", "vola|volal|volala"),
            .name_before = LIST("pri telefone", "tu"),
            .titles = LIST("doktor|doktorka|pan|pani|inzinier|inzinierka|magister|profesor|dr|ing|mgr"),
            .not_names =
                LIST("z|zo|od|do|na|v|vo|s|so|sa|si|k|ku|o|u|za|po|pre|pri|cez|kvoli|ohladom|okolo|a|i|"
                     "aj|ale|alebo|ze|ktory|ktora|ktore|co|kto|kde|kedy|ako|preco|je|som|ste|sme|su|bol|"
                     "bola|bolo|byt|by|bude|budem|volam|volame|vola|volal|volala|zavolajte|zavolaj|"
                     "zavolat|zavola|chcem|chcel|chcela|chceli|mam|mame|mate|mas|mi|ma|mne|vas|vam|vami|"
                     "nas|nam|ho|mu|ju|to|ten|ta|toto|tato|ty|vy|on|ona|oni|my|ja|vasa|vase|vasej|vasho|"
                     "nasa|nase|moj|moja|moje|prosim|dakujem|vdaka|dik|dobry|den|rano|vecer|popoludni|"
                     "ahoj|ano|nie|uz|este|len|iba|tu|tam|zajtra|dnes|vcera|teraz|hned|neskor|pondelok|"
                     "utorok|stredu|streda|stvrtok|piatok|sobotu|sobota|nedelu|nedela|firma|firmy|"
                     "spolocnost|spolocnosti|banka|banky|policia|kurier|posta|posty|skola|ordinacia|"
                     "urad|spravne|zle|jasne|vsetko|naliehave|dolezite|rad|rada|mozem|mohol|mohla|"
                     "mozete|mohli|potrebujem|potreboval|potrebovala|ponukam|ponukame|cislo|telefon|"
                     "karen|tiez|ide|nieco|nic|pravda|asi|tak|no|stojim|cakam|nemozem|hladam|posielam|"
                     "ked|pridem|jeden|dva|tri|povedzte|zaznamenali|zistili|prevedte|podvod"),
            .company_after = LIST("z|zo|od firmy|spolocnosti|podniku|agentury|organizacie|redakcie",
                                  "firma|spolocnost sa vola", "zastupujem firmu|spolocnost",
                                  "som z|zo firmy|spolocnosti"),
            .from = LIST("z|zo|od vasej|vasho|nasej", "z|zo|od", "tu|tu je"),
            .organisations = ORGANISATIONS(
                {"banky", "banka"}, {"skoly", "škola"}, {"skolky", "škôlka"}, {"uradu", "úrad"},
                {"poistovne", "poisťovňa"}, {"nemocnice", "nemocnica"}, {"posty", "pošta"},
                {"policie", "polícia"}, {"servisu", "servis"}, {"autoservisu", "autoservis"},
                {"ordinacie", "ordinácia"}, {"kniznice", "knižnica"},
                {"restauracie", "reštaurácia"}, {"hotela", "hotel"},
                {"ministerstva", "ministerstvo"}, {"sudu", "súd"},
                {"danoveho uradu", "daňový úrad"}, {"elektrarni", "elektrárne"}),
            .reason_at = LIST("kvoli|ohladom|ohladne", "v suvislosti s", "vo veci", "na temu"),
            .wish_at = LIST("ide o", "jedna sa o", "rad|rada by som", "chcel|chcela|chceli by", "chcem|chceme",
                            "potrebujem|potreboval|potrebovala|potrebujeme",
                            "mam|mame otazku|zaujem|pre", "mozem|mohol|mohla", "je ten|ta|to",
                            "videl|videla som"),
            .ends = LIST("prosim zavolajte|zavolaj|o|vas|nech|povedzte", "zavolajte|zavolaj",
                         "mozete|mohol|mohla|mohli .. zavolat", "ozvite sa", "moje cislo|telefonne",
                         "cislo je|mam", "dakujem|vdaka|dik", "dovidenia", "volam sa", "prosim"),
        },
    [LANGUAGE_DE] =
        {
            .said =
                {
                    [SAID_YES] = LIST("ja|jawohl|genau|richtig|stimmt|korrekt|sicher|klar|okay|ok|gerne",
                                      "in ordnung"),
                    [SAID_NO] = LIST("nein|falsch|ne|nee", "nicht richtig|korrekt", "stimmt nicht"),
                    [SAID_GREETING] = LIST("guten|schonen tag|morgen|abend|nachmittag",
                                           "hallo|servus|moin", "gruss gott", "gruezi"),
                    [SAID_GOODBYE] = LIST("auf wiederhoren|wiedersehen", "tschuss|ciao|wiederhoren",
                                          "schonen tag noch"),
                    [SAID_THANKS] = LIST("vielen|herzlichen dank", "danke"),
                    [SAID_ASKED_NAME] = LIST("ihr|ihren name|namen", "wen darf ich", "wie heissen", "wer ruft"),
                    [SAID_NOTHING_MORE] = LIST("das ist|war alles", "nichts mehr|weiter",
                                               "ich rufe|melde .. spater|nochmal|noch einmal|wieder|morgen"),
                    [SAID_REPEAT] = LIST("wiederholen", "verstehe nicht|sie", "nicht verstanden|gehort",
                                         "wie bitte", "noch einmal bitte"),
                    [SAID_HEAR_ME] = LIST("horen sie mich", "sind sie da|dran", "ist da jemand"),
                    [SAID_WHO_IS_THIS] = LIST("mit wem spreche", "wer ist|spricht da|dort", "wer sind sie",
                                              "sind sie ein|eine roboter|maschine|computer|mensch",
                                              "mit einem|einer roboter|maschine|computer"),
                    [SAID_PERSON] = LIST("mit herrn|frau|dem|der|einem|einer|jemandem|ihm|ihr .. sprechen|reden",
                                         "verbinden sie|mich", "durchstellen", "mich .. verbinden",
                                         "ist herr|frau .. da|zu sprechen"),
                    [SAID_CALL_BACK] = LIST("rufen|ruf mich|sie|uns .. an|zuruck|zurueck", "zuruckrufen|zuruckruft",
                                            "mich .. anrufen", "ruf mich", "ruckruf",
                                            "rufen sie mich", "melden sie sich"),
                    [SAID_OWN_NUMBER] = LIST("diese|dieser|dieselbe|derselben|gleiche|gleichen nummer",
                                             "von der ich anrufe"),
                    [SAID_URGENT] = LIST("dringend*|eilig|sofort|eilt|notfall", "so schnell|bald wie moglich"),
                    [SAID_FAMILY] = LIST("hier ist mama|papa|mutti|vati|oma|opa|deine|dein",
                                         "ich bins|bin es", "hier spricht mama|papa|oma|opa",
                                         "hier mama|papa|oma|opa"),
                    [SAID_DELIVERY] = LIST("paket|pakete|packchen|sendung|lieferung|kurier|paketbote|zusteller",
                                           "liefer*"),
                    [SAID_BUYING] = LIST("ich|wir mochte|mochten|will|wollen .. kaufen|bestellen|mieten|buchen|"
                                         "reservieren|vereinbaren",
                                         "noch frei|verfugbar|zu haben", "ein|einen angebot|kostenvoranschlag fur",
                                         "ich|wir habe|bin|haben|sind .. interesse|interessiert an",
                                         "ihre|ihr anzeige|inserat .. gesehen"),
                    [SAID_FILLER] = LIST("bitte|also|ja|nein|und|okay|ok|ahm|hm|aber|so|karen|na|gut|doch|mal",
 "ich rufe|rufe"),
                },
            .name_after = LIST("mein name ist", "ich heisse", "hier ist|spricht", "hier", "ich bin",
                               "am apparat", "es spricht"),
            .name_before = LIST("am apparat", "hier"),
            .titles = LIST("doktor|dr|professor|prof|herr|frau"),
            .not_names =
                LIST("von|vom|aus|bei|beim|mit|der|die|das|den|dem|des|ein|eine|einen|einem|einer|und|"
                     "oder|aber|ich|du|er|sie|es|wir|ihr|ihre|ihren|ihrem|ihrer|mein|meine|unser|unsere|"
                     "ist|sind|bin|war|haben|habe|hat|hatte|wird|werden|wurde|kann|konnen|konnten|"
                     "konnte|mochte|mochten|will|wollen|wollte|muss|mussen|rufe|rufen|ruf|an|am|im|in|auf|"
                     "fur|zu|zum|zur|wegen|uber|um|nach|vor|seit|bitte|danke|ja|nein|nicht|kein|keine|"
                     "hier|da|dort|heute|morgen|gestern|jetzt|spater|noch|mal|wieder|auch|nur|so|sehr|"
                     "dringend|wichtig|richtig|falsch|gut|guten|tag|abend|hallo|firma|bank|polizei|"
                     "paketbote|kurier|post|schule|praxis|montag|dienstag|mittwoch|donnerstag|freitag|"
                     "samstag|sonntag|wenn|wann|wo|was|wer|wie|warum|dass|mich|mir|ihm|uns|ihnen|euch|"
                     "nummer|telefon|karen|alles|etwas|nichts|biete|bieten|mache|machen|"
                     "stehe|warte|suche|brauche|eins|zwei|drei|null|deine|dein|auf|wiederhoren|spricht|"
                     "betrug|frage|gerne|gern|heisse|name"),
            .company_after = LIST("von|bei|aus der firma", "von|bei firma", "der firma",
                                  "die firma heisst", "firma heisst"),
            .from = LIST("von|bei|aus der|dem|ihrer|ihrem|einer|einem", "vom|beim", "hier ist die|das|der",
                         "von|bei"),
            .organisations = ORGANISATIONS(
                {"bank", "Bank"}, {"sparkasse", "Sparkasse"}, {"schule", "Schule"},
                {"kita", "Kita"}, {"krankenhaus", "Krankenhaus"}, {"polizei", "Polizei"},
                {"post", "Post"}, {"versicherung", "Versicherung"}, {"werkstatt", "Werkstatt"},
                {"praxis", "Praxis"}, {"finanzamt", "Finanzamt"}, {"rathaus", "Rathaus"},
                {"bibliothek", "Bibliothek"}, {"restaurant", "Restaurant"}, {"hotel", "Hotel"},
                {"ministerium", "Ministerium"}, {"gericht", "Gericht"}, {"stadtwerken", "Stadtwerke"}),
            .reason_at = LIST("wegen|bezuglich|betreffend", "im zusammenhang mit",
                              "in sachen"),
            .wish_at = LIST("es geht um", "ich|wir mochte|mochten|wollte|will|wollen|brauche|brauchen|hatte",
                            "ich habe|hatte eine|ein|einen frage|anliegen|paket|interesse|problem",
                            "kann|konnte ich", "konnen|konnten sie", "ist die|der|das", "ich habe"),
            .ends = LIST("bitte rufen|sagen|richten|melden", "rufen sie", "ruf mich", "melden sie",
                         "konnen|konnten sie mich", "meine nummer|telefonnummer", "danke",
                         "vielen|herzlichen dank", "auf wiederhoren", "mein name", "an",
                         "bitte um"),
        },
};
