/* call/clause.h: cuts a reply, as it comes from the model, into pieces to be spoken: sentences, and
 * a first clause so that speech begins early. "2.5", "Mr. Smith", "jan@firma.cz", "23. listopadu"
 * and "z. B." stay whole. */
#pragma once
#include "base/buf.h"
#include "call/words.h"

#include <stdbool.h>

enum { CLAUSE_BYTES_MAX = 300 }; /* a longer sentence is cut at a comma, or else at a space */

enum clause_more { CLAUSE_MORE_COMES, CLAUSE_NO_MORE };
enum clause_place { CLAUSE_FIRST, CLAUSE_LATER };

/* How many bytes at the front of text can be spoken now, space behind them included; 0: wait for
 * more. scratch is overwritten. */
size_t clause_next(enum language language, struct str text, enum clause_place place,
                   enum clause_more more, struct buf *scratch);
