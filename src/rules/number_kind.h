/* rules/number_kind.h: what kinds of telephone numbers can be had, in the words of API and
 * database. Pure. */
#pragma once
#include "base/buf.h"

enum number_kind {
    NUMBER_LOCAL,
    NUMBER_MOBILE,
    NUMBER_NATIONAL,
    NUMBER_TOLL_FREE,
    NUMBER_KIND_COUNT,
};
const char *number_kind_code(enum number_kind kind);                /* "local", "toll_free" */
int number_kind_parse(struct str code, enum number_kind *kind_out); /* EINVAL */
