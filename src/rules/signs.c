/* rules/signs.c: the tables of signs and how they are weighed. */
#include "rules/signs.h"

#include "base/mem.h"

#include <assert.h>

/* Below these a label is only a suspicion. However polite a caller is, an honest manner makes up
 * for no more than LEGITIMATE_MAX. */
#define UNWANTED_MIN 4.0
#define LEGITIMATE_MIN 1.5
#define LEGITIMATE_MAX 4.0

struct sign {
    const char *pattern;
    enum screening_label label;
    double weight;
};

static const struct sign english[] = {
    {"your|the bank", LABEL_FRAUD, 2},
    {"this is your bank", LABEL_FRAUD, 2},
    {"suspicious|fraudulent|unusual|strange transaction|payment|activity|login", LABEL_FRAUD, 3},
    {"we noticed|detected", LABEL_FRAUD, 1},
    {"transfer|send|move .. money|funds", LABEL_FRAUD, 4},
    {"safe|secure account", LABEL_FRAUD, 4},
    {"your .. card number", LABEL_FRAUD, 4},
    {"security|pin|verification code", LABEL_FRAUD, 3},
    {"your|me .. password|pin", LABEL_FRAUD, 3},
    {"your .. account|card .. blocked|closed|suspended|hacked|frozen", LABEL_FRAUD, 4},
    {"your computer", LABEL_FRAUD, 2},
    {"virus", LABEL_FRAUD, 3},
    {"technical support", LABEL_FRAUD, 2},
    {"remote access", LABEL_FRAUD, 4},
    {"anydesk|teamviewer", LABEL_FRAUD, 4},
    {"pay .. fine|debt|taxes", LABEL_FRAUD, 3},
    {"police will", LABEL_FRAUD, 3},
    {"had an accident .. money", LABEL_FRAUD, 4},
    {"gift card|cards", LABEL_FRAUD, 3},
    {"you have|had won|been", LABEL_SPAM, 2},
    {"youve won|been", LABEL_SPAM, 2},
    {"won|selected|chosen .. prize|gift|holiday|voucher|phone|car|trip|vacation", LABEL_SPAM, 4},
    {"congratulations", LABEL_SPAM, 2},
    {"prize|lottery|voucher|winner|lucky", LABEL_SPAM, 2},
    {"press one|two|nine|1|2|9", LABEL_SPAM, 2},
    {"claim your", LABEL_SPAM, 2},
    {"investment opportunity", LABEL_SPAM, 4},
    {"bitcoin|crypto|cryptocurrency", LABEL_SPAM, 2},
    {"earn|make .. money", LABEL_SPAM, 3},
    {"we|company|i offer|offers|sell|sells|provide", LABEL_MARKETING, 3},
    {"special|great|unique|limited|exclusive|amazing offer|deal", LABEL_MARKETING, 4},
    {"cheaper|cheap|discount*", LABEL_MARKETING, 3},
    {"save .. money|bill|bills", LABEL_MARKETING, 3},
    {"lower|reduce|cut your", LABEL_MARKETING, 3},
    {"low|lower|fixed interest|rate", LABEL_MARKETING, 3},
    {"survey|questionnaire", LABEL_MARKETING, 4},
    {"our .. product|products|insurance|plan|plans", LABEL_MARKETING, 2},
    {"loan|loans|mortgage|solar|tariff|plans", LABEL_MARKETING, 2},
    {"are you|be interested", LABEL_MARKETING, 2},
    {"a|two minute|minutes|moment to talk about", LABEL_MARKETING, 3},
    {"would you like to save", LABEL_MARKETING, 2},
    {"marketing|sales agency|company|center|department", LABEL_MARKETING, 3},
    {"calling about|regarding|because|concerning", LABEL_LEGITIMATE, 2},
    {"called about|regarding", LABEL_LEGITIMATE, 2},
    {"appointment|reservation|invoice|contract|meeting|reschedule|delivery|package|parcel",
     LABEL_LEGITIMATE, 2},
    {"my name is", LABEL_LEGITIMATE, 1.5},
    {"call me|back", LABEL_LEGITIMATE, 1.5},
    {"leave .. message", LABEL_LEGITIMATE, 2},
    {"message", LABEL_LEGITIMATE, 1},
    {"it|this is mum|mom|dad|your", LABEL_LEGITIMATE, 1.5},
    {"your son|daughter", LABEL_LEGITIMATE, 1.5},
    {"still available", LABEL_LEGITIMATE, 2},
    {"my phone|number", LABEL_LEGITIMATE, 1.5},
    {"courier|driver|postman", LABEL_LEGITIMATE, 2},
    {"about|regarding|concerning the|your|my|our|an", LABEL_LEGITIMATE, 1.5},
    {"would like to|some buy|order|a", LABEL_LEGITIMATE, 1},
    {"i would like|want|need|wanted to", LABEL_LEGITIMATE, 1},
};
static const struct sign czech[] = {
    {"vase|vasi|vasy banka|banky", LABEL_FRAUD, 3},
    {"podezrel* platb*|transakc*|aktivit*|prevod|pohyb", LABEL_FRAUD, 4},
    {"zaznamenali|zjistili jsme", LABEL_FRAUD, 1},
    {"vas*|vam ucet|uctu|ucte|karta|kartu .. zablok*|napaden*|zrusen*", LABEL_FRAUD, 4},
    {"vasem|vaseho|z uctu|ucte|karte", LABEL_FRAUD, 1},
    {"preved*|poslete|poslat|presun* .. penize|peneze|castku", LABEL_FRAUD, 4},
    {"bezpecny|bezpecneho|bezpecnem ucet|uctu", LABEL_FRAUD, 4},
    {"cislo .. karty", LABEL_FRAUD, 4},
    {"bezpecnostni|overovaci kod", LABEL_FRAUD, 3},
    {"pin|heslo", LABEL_FRAUD, 2},
    {"vas pocitac", LABEL_FRAUD, 2},
    {"virus", LABEL_FRAUD, 3},
    {"vzdaleny pristup", LABEL_FRAUD, 4},
    {"anydesk|teamviewer", LABEL_FRAUD, 4},
    {"tady policie", LABEL_FRAUD, 2},
    {"zaplatit|zaplatte .. pokutu|dluh|exekuc*", LABEL_FRAUD, 3},
    {"mel|mela nehodu .. penize|peneze", LABEL_FRAUD, 4},
    {"vyhral* jste", LABEL_SPAM, 4},
    {"jste .. vyhral*|vybran*|vylosovan*", LABEL_SPAM, 4},
    {"gratuluj*", LABEL_SPAM, 2},
    {"hlavni cenu|vyhru|cena", LABEL_SPAM, 3},
    {"vyhra|vyhru|vyhry|vyherce|loterie|poukaz", LABEL_SPAM, 2},
    {"stisknete|zmacknete", LABEL_SPAM, 2},
    {"zdarma", LABEL_SPAM, 1},
    {"invest*", LABEL_SPAM, 2},
    {"bitcoin*|krypto*", LABEL_SPAM, 2},
    {"vydel* .. penize|peneze", LABEL_SPAM, 3},
    {"nabizim*|nabidneme|nabidnout", LABEL_MARKETING, 3},
    {"vyhodn*|specialn*|skvel*|jedinecn*|mimoradn* nabidk*|akc*", LABEL_MARKETING, 4},
    {"mame pro vas .. nabidk*", LABEL_MARKETING, 4},
    {"levnejsi*|slev*|vyhodnejsi*", LABEL_MARKETING, 3},
    {"usetrit|usetrite|uspora|uspory", LABEL_MARKETING, 3},
    {"na|levnejsi elektrin*|energi*|plyn*", LABEL_MARKETING, 2},
    {"pujck*|uver*|hypotek*", LABEL_MARKETING, 2},
    {"nizkym|nizky urokem|urok", LABEL_MARKETING, 3},
    {"pojisteni|tarif*|fotovoltaik*|solarn*", LABEL_MARKETING, 2},
    {"za polovinu", LABEL_MARKETING, 2},
    {"pruzkum*|anket*|dotaznik*", LABEL_MARKETING, 4},
    {"chvilku|minutku|minutu na", LABEL_MARKETING, 2},
    {"mate|mel|meli zajem|byste zajem", LABEL_MARKETING, 2},
    {"kvuli|ohledne", LABEL_LEGITIMATE, 2},
    {"jmenuji|jmenuju se", LABEL_LEGITIMATE, 1.5},
    {"schuzk*|faktur*|smlouv*|termin*|rezervac*|objednavk*|opravu|oprav*", LABEL_LEGITIMATE, 2},
    {"zavolej*|zavolat", LABEL_LEGITIMATE, 1.5},
    {"vzkaz*|vyridit|vyridte", LABEL_LEGITIMATE, 2},
    {"balik*|zasilk*|kuryr*", LABEL_LEGITIMATE, 2.5},
    {"mama|tata|mamka|tatka|maminka|babicka|deda", LABEL_LEGITIMATE, 2},
    {"vas syn|dcera", LABEL_LEGITIMATE, 1.5},
    {"vase dcera", LABEL_LEGITIMATE, 1.5},
    {"mluvit|hovorit s", LABEL_LEGITIMATE, 1.5},
    {"jeste volny|volna|volne", LABEL_LEGITIMATE, 2},
    {"inzerat*", LABEL_LEGITIMATE, 2},
    {"moje|me cislo", LABEL_LEGITIMATE, 1.5},
    {"chtel|chtela|rad|rada bych", LABEL_LEGITIMATE, 1.5},
};
static const struct sign slovak[] = {
    {"vasa|vasej banka|banky", LABEL_FRAUD, 3},
    {"podozriv* platb*|transakc*|aktivit*|prevod|pohyb", LABEL_FRAUD, 4},
    {"zaznamenali|zistili sme", LABEL_FRAUD, 1},
    {"vas*|vam ucet|uctu|ucte|karta|kartu .. zablok*|napadnut*|zrusen*", LABEL_FRAUD, 4},
    {"vasom|vasho uctu|ucte|karte", LABEL_FRAUD, 1},
    {"preved*|posl*|presun* .. peniaze|penazi|sumu", LABEL_FRAUD, 4},
    {"bezpecny|bezpecneho|bezpecnom ucet|uctu|ucte", LABEL_FRAUD, 4},
    {"cislo .. karty", LABEL_FRAUD, 4},
    {"bezpecnostny|overovaci kod", LABEL_FRAUD, 3},
    {"pin|heslo", LABEL_FRAUD, 2},
    {"vas pocitac", LABEL_FRAUD, 2},
    {"virus", LABEL_FRAUD, 3},
    {"vzdialeny pristup", LABEL_FRAUD, 4},
    {"anydesk|teamviewer", LABEL_FRAUD, 4},
    {"tu policia", LABEL_FRAUD, 2},
    {"zaplatit|zaplatte .. pokutu|dlh|exekuc*", LABEL_FRAUD, 3},
    {"mal|mala nehodu .. peniaze|penazi", LABEL_FRAUD, 4},
    {"vyhral* ste", LABEL_SPAM, 4},
    {"ste .. vyhral*|vybrat*|vybran*|vyzrebovan*", LABEL_SPAM, 4},
    {"gratuluj*|blahozel*", LABEL_SPAM, 2},
    {"hlavnu cenu|vyhru", LABEL_SPAM, 3},
    {"vyhra|vyhru|vyherca|loteria|poukaz*", LABEL_SPAM, 2},
    {"stlacte", LABEL_SPAM, 2},
    {"zadarmo", LABEL_SPAM, 1},
    {"invest*", LABEL_SPAM, 2},
    {"bitcoin*|krypto*", LABEL_SPAM, 2},
    {"zarob* .. peniaze|penazi", LABEL_SPAM, 3},
    {"ponukam*|ponukneme|ponuknut", LABEL_MARKETING, 3},
    {"vyhodn*|specialn*|skvel*|jedinecn*|mimoriadn* ponuk*|akc*", LABEL_MARKETING, 4},
    {"mame pre vas .. ponuk*", LABEL_MARKETING, 4},
    {"lacnejsi*|zlav*|vyhodnejsi*", LABEL_MARKETING, 3},
    {"usetrit|usetrite|uspora|uspory", LABEL_MARKETING, 3},
    {"na|lacnejsiu elektrin*|energi*|plyn*", LABEL_MARKETING, 2},
    {"pozick*|uver*|hypotek*", LABEL_MARKETING, 2},
    {"nizkym|nizky urokom|urok", LABEL_MARKETING, 3},
    {"poistenie|pausal*|fotovoltaik*|solarn*", LABEL_MARKETING, 2},
    {"za polovicu", LABEL_MARKETING, 2},
    {"prieskum*|anket*|dotaznik*", LABEL_MARKETING, 4},
    {"chvilku|minutku|minutu na", LABEL_MARKETING, 2},
    {"mate|mali zaujem|by zaujem", LABEL_MARKETING, 2},
    {"kvoli|ohladom|ohladne", LABEL_LEGITIMATE, 2},
    {"volam sa", LABEL_LEGITIMATE, 1.5},
    {"stretnut*|faktur*|zmluv*|termin*|rezervaci*|objednavk*|oprav*", LABEL_LEGITIMATE, 2},
    {"zavolaj*|zavolat", LABEL_LEGITIMATE, 1.5},
    {"odkaz*|vybavit", LABEL_LEGITIMATE, 2},
    {"balik*|zasielk*|kurier*", LABEL_LEGITIMATE, 2.5},
    {"mama|mamka|tato|oco|ocko|babka|dedko", LABEL_LEGITIMATE, 2},
    {"vas syn", LABEL_LEGITIMATE, 1.5},
    {"vasa dcera", LABEL_LEGITIMATE, 1.5},
    {"hovorit|rozpravat s", LABEL_LEGITIMATE, 1.5},
    {"este volny|volna|volne", LABEL_LEGITIMATE, 2},
    {"inzerat*", LABEL_LEGITIMATE, 2},
    {"moje cislo", LABEL_LEGITIMATE, 1.5},
    {"chcel|chcela|rad|rada by", LABEL_LEGITIMATE, 1.5},
};
static const struct sign german[] = {
    {"ihre|ihrer bank|sparkasse", LABEL_FRAUD, 3},
    {"verdachtig* zahlung*|transaktion*|aktivitat*|uberweisung*|buchung*", LABEL_FRAUD, 4},
    {"ihr|ihre|ihrem|ihres konto|karte|karta|kreditkarte|kontos .. gesperrt|geschlossen|gehackt",
     LABEL_FRAUD, 4},
    {"auf ihrem konto", LABEL_FRAUD, 1},
    {"uberweis* .. geld|betrag", LABEL_FRAUD, 4},
    {"sicheres|sicheren konto", LABEL_FRAUD, 4},
    {"kartennummer|kreditkartennummer|kontonummer", LABEL_FRAUD, 4},
    {"sicherheitscode|pin|tan|passwort|kennwort", LABEL_FRAUD, 3},
    {"ihr computer|rechner|pc", LABEL_FRAUD, 2},
    {"virus", LABEL_FRAUD, 3},
    {"fernzugriff|anydesk|teamviewer", LABEL_FRAUD, 4},
    {"hier ist die polizei", LABEL_FRAUD, 2},
    {"strafe|bussgeld|schulden .. zahlen|bezahlen", LABEL_FRAUD, 3},
    {"unfall .. geld", LABEL_FRAUD, 4},
    {"sie haben .. gewonnen", LABEL_SPAM, 4},
    {"sie wurden .. ausgewahlt|ausgelost", LABEL_SPAM, 4},
    {"gluckwunsch", LABEL_SPAM, 2},
    {"preis|reise|auto gewonnen", LABEL_SPAM, 2},
    {"gewinn|gewinner|gutschein|lotterie|gewinnspiel", LABEL_SPAM, 2},
    {"drucken sie die", LABEL_SPAM, 2},
    {"geldanlage", LABEL_SPAM, 4},
    {"investier*|investition", LABEL_SPAM, 2},
    {"bitcoin|krypto*", LABEL_SPAM, 2},
    {"verdien* .. geld", LABEL_SPAM, 3},
    {"wir|ich biete|bieten", LABEL_MARKETING, 3},
    {"besonderes|besonderen|tolles|exklusives|einmaliges angebot", LABEL_MARKETING, 4},
    {"wir haben ein .. angebot .. fur", LABEL_MARKETING, 2},
    {"gunstigen|gunstiger|gunstigeren|billiger|rabatt", LABEL_MARKETING, 3},
    {"bei .. sparen", LABEL_MARKETING, 3},
    {"mochten sie .. sparen", LABEL_MARKETING, 2},
    {"kredit|darlehen|handyvertrag|stromvertrag|solaranlage|versicherungen", LABEL_MARKETING, 2},
    {"niedrigen zinsen|zinssatz", LABEL_MARKETING, 3},
    {"umfrage", LABEL_MARKETING, 4},
    {"kurz zeit fur", LABEL_MARKETING, 2},
    {"haben sie interesse", LABEL_MARKETING, 2},
    {"wegen|bezuglich", LABEL_LEGITIMATE, 2},
    {"mein name ist", LABEL_LEGITIMATE, 1.5},
    {"termin*|rechnung|vertrag*|reservierung|besprechung|reparatur|bestellung", LABEL_LEGITIMATE,
     2},
    {"zuruckrufen|zuruck", LABEL_LEGITIMATE, 1.5},
    {"rufen|ruf sie|mich", LABEL_LEGITIMATE, 1.5},
    {"nachricht|ausrichten", LABEL_LEGITIMATE, 2},
    {"paket|sendung|lieferung|kurier", LABEL_LEGITIMATE, 2.5},
    {"mama|papa|mutti|vati|oma|opa", LABEL_LEGITIMATE, 2},
    {"ihr sohn", LABEL_LEGITIMATE, 1.5},
    {"ihre tochter|anzeige", LABEL_LEGITIMATE, 1.5},
    {"mit .. sprechen", LABEL_LEGITIMATE, 1.5},
    {"noch frei", LABEL_LEGITIMATE, 2},
    {"meine nummer", LABEL_LEGITIMATE, 1.5},
    {"ich mochte|hatte|wollte", LABEL_LEGITIMATE, 1},
};
#define TABLE(table)                                                                               \
    {                                                                                              \
        table, countof(table)                                                                      \
    }
static const struct {
    const struct sign *list;
    size_t count;
} tables[LANGUAGE_COUNT] = {[LANGUAGE_EN] = TABLE(english),
                            [LANGUAGE_CS] = TABLE(czech),
                            [LANGUAGE_SK] = TABLE(slovak),
                            [LANGUAGE_DE] = TABLE(german)};
static_assert(countof(english) <= 64 && countof(czech) <= 64 && countof(slovak) <= 64 &&
                  countof(german) <= 64,
              "a sign is a bit of struct signs");

void signs_add(struct signs *signs, const struct words *words, enum language language)
{
    for (size_t i = 0; i < tables[language].count; i++) {
        const struct sign *sign = &tables[language].list[i];
        uint64_t bit = UINT64_C(1) << i;
        if (!(signs->seen & bit) && words_have(words, sign->pattern)) {
            signs->seen |= bit;
            signs->score[sign->label] += sign->weight;
        }
    }
}

enum screening_label signs_label(const struct signs *signs)
{
    static const enum screening_label by_harm[] = {LABEL_FRAUD, LABEL_SPAM, LABEL_MARKETING};
    double honest = signs->score[LABEL_LEGITIMATE];
    if (honest > LEGITIMATE_MAX)
        honest = LEGITIMATE_MAX;
    enum screening_label best = honest >= LEGITIMATE_MIN ? LABEL_LEGITIMATE : LABEL_UNKNOWN;
    double weight = 0;
    for (size_t i = 0; i < countof(by_harm); i++) {
        double score = signs->score[by_harm[i]];
        if (score >= UNWANTED_MIN && score >= honest && score > weight) {
            best = by_harm[i];
            weight = score;
        }
    }
    return best;
}
