/* base/csv.h: one cell of a table for people's spreadsheets. */
#pragma once
#include "base/buf.h"

/* As RFC 4180 has it, in quotes where it needs them. What a spreadsheet would take for a formula
 * (it begins with = + - @, a tab or CR) gets an apostrophe before it, so that words a stranger said
 * are never run on their reader's machine; a plain number with its sign, as telephone numbers have
 * it, computes nothing and stays. */
void csv_put_cell(struct buf *out, struct str text);
