/* api/formats.h: the formats of JSON Schema that the contract may name, and what each asks of a
 * text. Pure. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

struct format {
    const char *name;
    bool (*fits)(struct str text);
    const char *message; /* "is not ..." */
};
/* uuid, date-time (RFC 3339, no leap seconds), date, time-zone (a name such as "Europe/Prague", by
 * its form), email, uri (http or https), phone (E.164). NULL: no such format. */
const struct format *format_named(const char *name);
