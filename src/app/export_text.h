/* app/export_text.h: what stands in an export beside the data: rows as CSV, and a word of what it
 * is. Pure. */
#pragma once
#include "base/buf.h"

/* The names of a JSON object's members, or their values, as a line of CSV (RFC 4180). What a
 * spreadsheet would take for a formula begins with an apostrophe. */
void export_csv_head(struct str object, struct buf *out);
void export_csv_line(struct str object, struct buf *out);
/* README.txt, in a tenant's language. */
const char *export_readme(const char *language);
