/* base/embed.h: files that scripts/embed built into the program. */
#pragma once
#include "base/buf.h"

struct embedded {
    const char *name; /* without its folder; NULL: the end of the table */
    struct str text;  /* a NUL stands behind it */
};
