/* phone/twiml_in.h: a TwiML document taken apart, as strictly as the carrier does. Pure.
 *
 * XML 1.0 without what TwiML has no use for: a document type (and with it entities of one's own) is
 * refused. Bounded in bytes, depth and elements. */
#pragma once
#include "base/buf.h"
#include "base/mem.h"

enum { TWIML_IN_BYTES_MAX = 64 * 1024, TWIML_IN_DEPTH_MAX = 8, TWIML_IN_ELEMENTS_MAX = 500 };

struct twiml_attribute {
    const char *name, *value;
    struct twiml_attribute *next;
};
struct twiml_element { /* all in the arena */
    const char *name;
    const char *text; /* of its own, without its children's; "" without any */
    struct twiml_attribute *attributes;
    struct twiml_element *children, *next;
};
/* EPROTO: not well-formed XML, or its root is not Response; *why_out (static) says what is wrong.
 * EMSGSIZE: past a bound. */
int twiml_parse(struct str xml, struct arena *arena, struct twiml_element **response_out,
                const char **why_out);
/* NULL without it. */
const char *twiml_attribute(const struct twiml_element *element, const char *name);
/* The first child of that name; NULL without one. */
const struct twiml_element *twiml_child(const struct twiml_element *element, const char *name);
