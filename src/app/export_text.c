/* app/export_text.c: CSV out of JSON objects, and the README of an export. */
#include "app/export_text.h"

#include "base/mem.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

/* A number, telephone numbers with it, is no formula. */
static bool is_number(const char *text)
{
    text += *text == '+' || *text == '-';
    return *text && strspn(text, "0123456789.") == strlen(text);
}

static void put_cell(struct buf *out, const char *text)
{
    bool formula = text[0] && strchr("=+-@\t\r", text[0]) && !is_number(text);
    bool quoted = formula || strpbrk(text, ",\"\r\n");
    if (quoted)
        buf_putc(out, '"');
    if (formula)
        buf_putc(out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_putc(out, '"');
        buf_putc(out, *text);
    }
    if (quoted)
        buf_putc(out, '"');
}

static void put_value(struct buf *out, const cJSON *value)
{
    if (cJSON_IsNull(value))
        return;
    if (cJSON_IsString(value)) {
        put_cell(out, value->valuestring);
        return;
    }
    char *text = cJSON_PrintUnformatted(value);
    put_cell(out, text);
    cJSON_free(text);
}

static void put_line(struct str object, struct buf *out, bool names)
{
    cJSON *json = cJSON_ParseWithLength(object.at, object.bytes);
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        if (member != json->child)
            buf_putc(out, ',');
        if (names)
            put_cell(out, member->string);
        else
            put_value(out, member);
    }
    buf_puts(out, "\r\n");
    cJSON_Delete(json);
}

void export_csv_head(struct str object, struct buf *out)
{
    put_line(object, out, true);
}

void export_csv_line(struct str object, struct buf *out)
{
    put_line(object, out, false);
}

static const struct {
    const char *language, *text;
} readmes[] = {
    {"en",
     "This is everything that Karen keeps of you as a customer.\r\n\r\n"
     "Each file is there twice: .json for programs, .csv for spreadsheets (UTF-8). Calls have "
     "an id; transcripts, screenings, messages and events name it as call_id. Times are in "
     "UTC.\r\n\r\nPasswords do not exist. Secrets such as API keys are not in here: of those "
     "only a digest is kept. Messages that the telephone carrier recorded lie with the carrier "
     "and are not in here; the transcript of a call is.\r\n"},
    {"cs",
     "Toto je vše, co o vás Karen jako o zákazníkovi uchovává.\r\n\r\n"
     "Každý soubor je zde dvakrát: .json pro programy, .csv pro tabulky (UTF-8). Hovory mají "
     "id; přepisy, vyhodnocení, vzkazy a události na něj odkazují jako call_id. Časy jsou v "
     "UTC.\r\n\r\nHesla neexistují. Tajné údaje, například klíče API, zde nejsou: uchovává se "
     "z nich jen otisk. Vzkazy nahrané telefonním operátorem leží u operátora a zde nejsou; "
     "přepis hovoru ano.\r\n"},
    {"sk",
     "Toto je všetko, čo o vás Karen ako o zákazníkovi uchováva.\r\n\r\n"
     "Každý súbor je tu dvakrát: .json pre programy, .csv pre tabuľky (UTF-8). Hovory majú id; "
     "prepisy, vyhodnotenia, odkazy a udalosti naň odkazujú ako call_id. Časy sú v UTC.\r\n\r\n"
     "Heslá neexistujú. Tajné údaje, napríklad kľúče API, tu nie sú: uchováva sa z nich len "
     "odtlačok. Odkazy nahrané telefónnym operátorom ležia u operátora a tu nie sú; prepis "
     "hovoru áno.\r\n"},
    {"de",
     "Das ist alles, was Karen über Sie als Kunden aufbewahrt.\r\n\r\n"
     "Jede Datei gibt es zweimal: .json für Programme, .csv für Tabellen (UTF-8). Anrufe haben "
     "eine id; Abschriften, Einschätzungen, Nachrichten und Ereignisse nennen sie call_id. "
     "Zeiten sind in UTC.\r\n\r\nPasswörter gibt es nicht. Geheimnisse wie API-Schlüssel fehlen "
     "hier: Von ihnen wird nur ein Abdruck aufbewahrt. Nachrichten, die der Telefonanbieter "
     "aufgenommen hat, liegen bei ihm und fehlen hier; die Abschrift des Anrufs nicht.\r\n"},
};

const char *export_readme(const char *language)
{
    for (size_t i = 0; i < countof(readmes); i++)
        if (strcmp(readmes[i].language, language) == 0)
            return readmes[i].text;
    return readmes[0].text;
}
