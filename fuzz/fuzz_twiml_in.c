/* fuzz/fuzz_twiml_in.c: any document; what is accepted reads the same after being written anew. */
#include "phone/twiml_in.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void write(struct buf *out, const struct twiml_element *element)
{
    buf_printf(out, "<%s", element->name);
    for (const struct twiml_attribute *at = element->attributes; at; at = at->next) {
        buf_printf(out, " %s=\"", at->name);
        buf_xml_text(out, str_of(at->value));
        buf_putc(out, '"');
    }
    buf_putc(out, '>');
    buf_xml_text(out, str_of(element->text));
    for (const struct twiml_element *child = element->children; child; child = child->next)
        write(out, child);
    buf_printf(out, "</%s>", element->name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct arena arena = {0};
    struct twiml_element *response = NULL;
    const char *why = NULL;
    struct buf once = {0}, twice = {0};
    int err = twiml_parse((struct str){(const char *)data, bytes}, &arena, &response, &why);
    if (!err == !response || !err == (why != NULL))
        abort();
    if (!err) {
        write(&once, response);
        /* escaping may make it longer than the bound; the depth and the count stay */
        if (once.bytes <= TWIML_IN_BYTES_MAX) {
            if (twiml_parse(buf_str(&once), &arena, &response, &why))
                abort();
            write(&twice, response);
            if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
                abort();
        }
    }
    buf_free(&once);
    buf_free(&twice);
    arena_free(&arena);
    return 0;
}
