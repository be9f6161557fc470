/* phone/twiml_in.c: recursive descent over the few productions of XML that TwiML uses.
 * Source: W3C, Extensible Markup Language (XML) 1.0. */
#include "phone/twiml_in.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *at, *end;
    struct arena *arena;
    int depth, elements;
    const char *why; /* the first fault */
    int err;
};

static bool fault(struct reader *reader, const char *why)
{
    if (!reader->why) {
        reader->why = why;
        reader->err = EPROTO;
    }
    return false;
}

static bool too_much(struct reader *reader, const char *why)
{
    fault(reader, why);
    reader->err = EMSGSIZE;
    return false;
}

static bool stands(const struct reader *reader, const char *text)
{
    size_t bytes = strlen(text);
    return (size_t)(reader->end - reader->at) >= bytes && memcmp(reader->at, text, bytes) == 0;
}

static bool take(struct reader *reader, const char *text)
{
    if (!stands(reader, text))
        return false;
    reader->at += strlen(text);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool pass_space(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && is_space(*reader->at))
        reader->at++;
    return reader->at > start;
}

static bool pass_until(struct reader *reader, const char *end)
{
    const char *found = memmem(reader->at, (size_t)(reader->end - reader->at), end, strlen(end));
    if (!found)
        return fault(reader, "a comment or instruction without an end");
    reader->at = found + strlen(end);
    return true;
}

/* Comments and instructions, which mean nothing to anybody. */
static bool pass_misc(struct reader *reader)
{
    for (;;) {
        pass_space(reader);
        if (take(reader, "<!--")) {
            if (!pass_until(reader, "-->"))
                return false;
        } else if (take(reader, "<?")) {
            if (!pass_until(reader, "?>"))
                return false;
        } else {
            return true;
        }
    }
}

static bool is_name_byte(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    return letter || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

static const char *take_name(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && is_name_byte(*reader->at, reader->at == start))
        reader->at++;
    if (reader->at == start) {
        fault(reader, "a name is missing");
        return NULL;
    }
    return arena_strndup(reader->arena, start, (size_t)(reader->at - start));
}

static bool is_character(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' ||
           (code >= 0x20 && code <= 0x10FFFF && code != 0xFFFE && code != 0xFFFF &&
            !(code >= 0xD800 && code <= 0xDFFF));
}

static bool take_number_reference(struct reader *reader, struct buf *out)
{
    bool hex = take(reader, "x");
    char digits[9] = "", *end;
    size_t count = 0;
    while (reader->at < reader->end && *reader->at != ';' && count < sizeof(digits) - 1)
        digits[count++] = *reader->at++;
    uint32_t code = (uint32_t)strtoul(digits, &end, hex ? 16 : 10);
    if (!take(reader, ";") || count == 0 || *end || digits[0] == '-' || digits[0] == '+' ||
        is_space(digits[0]) || (hex && (digits[1] | 32) == 'x') || !is_character(code))
        return fault(reader, "a character reference that means nothing");
    utf8_put(out, code);
    return true;
}

static bool take_reference(struct reader *reader, struct buf *out)
{
    static const struct {
        const char *name;
        char byte;
    } known[] = {{"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};
    reader->at++; /* the ampersand */
    if (take(reader, "#"))
        return take_number_reference(reader, out);
    for (size_t i = 0; i < countof(known); i++)
        if (take(reader, known[i].name)) {
            buf_putc(out, known[i].byte);
            return true;
        }
    return fault(reader, "an entity that XML does not know");
}

static bool take_character(struct reader *reader, struct buf *out)
{
    uint32_t code;
    size_t took = utf8_next((struct str){reader->at, (size_t)(reader->end - reader->at)}, &code);
    if (code == UTF8_BAD || !is_character(code))
        return fault(reader, "a byte that is not a character");
    buf_add(out, reader->at, took);
    reader->at += took;
    return true;
}

static const char *keep(struct reader *reader, struct buf *text)
{
    const char *kept = arena_strndup(reader->arena, buf_text(text), text->bytes);
    buf_free(text);
    return kept;
}

static bool take_value(struct reader *reader, struct buf *out)
{
    char quote = reader->at < reader->end ? *reader->at : '\0';
    if (quote != '"' && quote != '\'')
        return fault(reader, "an attribute without quotes");
    reader->at++;
    while (reader->at < reader->end && *reader->at != quote) {
        if (*reader->at == '<')
            return fault(reader, "a < in an attribute");
        bool good = *reader->at == '&' ? take_reference(reader, out) : take_character(reader, out);
        if (!good)
            return false;
    }
    if (reader->at >= reader->end)
        return fault(reader, "an attribute without an end");
    reader->at++;
    return true;
}

static bool take_attribute(struct reader *reader, struct twiml_element *element,
                           struct twiml_attribute **last)
{
    struct twiml_attribute *attribute = arena_alloc(reader->arena, sizeof(*attribute));
    struct buf value = {0};
    attribute->name = take_name(reader);
    if (!attribute->name)
        return false;
    if (twiml_attribute(element, attribute->name))
        return fault(reader, "an attribute twice");
    pass_space(reader);
    if (!take(reader, "="))
        return fault(reader, "an attribute without a value");
    pass_space(reader);
    bool good = take_value(reader, &value);
    attribute->value = keep(reader, &value);
    *(*last ? &(*last)->next : &element->attributes) = attribute;
    *last = attribute;
    return good;
}

static struct twiml_element *take_element(struct reader *reader);

static bool take_child(struct reader *reader, struct twiml_element *element,
                       struct twiml_element **last)
{
    struct twiml_element *child = take_element(reader);
    if (!child)
        return false;
    *(*last ? &(*last)->next : &element->children) = child;
    *last = child;
    return true;
}

static bool take_cdata(struct reader *reader, struct buf *text)
{
    while (reader->at < reader->end && !stands(reader, "]]>"))
        if (!take_character(reader, text))
            return false;
    return take(reader, "]]>") || fault(reader, "a CDATA section without an end");
}

static bool take_piece(struct reader *reader, struct twiml_element *element,
                       struct twiml_element **last, struct buf *text)
{
    if (take(reader, "<!--"))
        return pass_until(reader, "-->");
    if (take(reader, "<?"))
        return pass_until(reader, "?>");
    if (take(reader, "<![CDATA["))
        return take_cdata(reader, text);
    if (*reader->at == '<')
        return take_child(reader, element, last);
    if (*reader->at == '&')
        return take_reference(reader, text);
    return take_character(reader, text);
}

/* Up to and with the end tag. */
static bool take_content(struct reader *reader, struct twiml_element *element)
{
    struct twiml_element *last = NULL;
    struct buf text = {0};
    bool good = true;
    while (good && reader->at < reader->end && !stands(reader, "</"))
        good = take_piece(reader, element, &last, &text);
    element->text = keep(reader, &text);
    if (!good)
        return false;
    size_t name_bytes = strlen(element->name);
    if (!take(reader, "</") || !take(reader, element->name) || !name_bytes)
        return fault(reader, "an element without its end tag");
    pass_space(reader);
    return take(reader, ">") || fault(reader, "an end tag without an end");
}

static bool take_attributes(struct reader *reader, struct twiml_element *element)
{
    struct twiml_attribute *last = NULL;
    for (;;) {
        bool space = pass_space(reader);
        if (reader->at >= reader->end)
            return fault(reader, "a tag without an end");
        if (*reader->at == '>' || *reader->at == '/')
            return true;
        if (!space)
            return fault(reader, "attributes that touch");
        if (!take_attribute(reader, element, &last))
            return false;
    }
}

static struct twiml_element *take_element(struct reader *reader)
{
    struct twiml_element *element = arena_alloc(reader->arena, sizeof(*element));
    element->text = "";
    if (++reader->elements > TWIML_IN_ELEMENTS_MAX || ++reader->depth > TWIML_IN_DEPTH_MAX) {
        too_much(reader, "too many elements, or too deep");
        return NULL;
    }
    if (!take(reader, "<")) {
        fault(reader, "an element is missing");
        return NULL;
    }
    element->name = take_name(reader);
    bool good = element->name && take_attributes(reader, element);
    if (good && !take(reader, "/>"))
        good = (take(reader, ">") || fault(reader, "a tag without an end")) &&
               take_content(reader, element);
    reader->depth--;
    return good ? element : NULL;
}

int twiml_parse(struct str xml, struct arena *arena, struct twiml_element **response_out,
                const char **why_out)
{
    struct reader reader = {.at = xml.at, .end = xml.at + xml.bytes, .arena = arena};
    if (!xml.bytes || xml.bytes > TWIML_IN_BYTES_MAX) {
        *why_out = xml.bytes ? "a document too long" : "an empty document";
        return xml.bytes ? EMSGSIZE : EPROTO;
    }
    take(&reader, "\xEF\xBB\xBF");
    struct twiml_element *root = pass_misc(&reader) ? take_element(&reader) : NULL;
    if (root && (!pass_misc(&reader) || reader.at != reader.end))
        fault(&reader, "something behind the document");
    if (root && strcmp(root->name, "Response") != 0)
        fault(&reader, "a root that is not Response");
    if (reader.why) {
        *why_out = reader.why;
        return reader.err;
    }
    *response_out = root;
    return 0;
}

const char *twiml_attribute(const struct twiml_element *element, const char *name)
{
    for (const struct twiml_attribute *at = element->attributes; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            return at->value;
    return NULL;
}

const struct twiml_element *twiml_child(const struct twiml_element *element, const char *name)
{
    for (const struct twiml_element *at = element->children; at; at = at->next)
        if (strcmp(at->name, name) == 0)
            return at;
    return NULL;
}
