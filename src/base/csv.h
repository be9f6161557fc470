/* base/csv.h: a table for people's spreadsheets: one cell of it, or a line from JSON. */
#pragma once
#include "base/buf.h"
#include "base/json.h"

/* As RFC 4180 has it, in quotes where it needs them. What a spreadsheet would take for a formula
 * (it begins with = + - @, a tab or CR) gets an apostrophe before it, so that words a stranger said
 * are never run on their reader's machine; a plain number with its sign, as telephone numbers have
 * it, computes nothing and stays. */
void csv_put_cell(struct buf *out, struct str text);

/* An object of scalars as a line, null as an empty cell; json goes on behind it. */
void csv_put_object(struct buf *out, struct json *json);
/* ... and the names of its members as the line above all others. */
void csv_put_names(struct buf *out, struct json json);
