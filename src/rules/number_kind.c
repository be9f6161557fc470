/* rules/number_kind.c: four words. */
#include "rules/number_kind.h"

#include <errno.h>

static const char *const codes[NUMBER_KIND_COUNT] = {[NUMBER_LOCAL] = "local",
                                                     [NUMBER_MOBILE] = "mobile",
                                                     [NUMBER_NATIONAL] = "national",
                                                     [NUMBER_TOLL_FREE] = "toll_free"};

const char *number_kind_code(enum number_kind kind)
{
    return codes[kind];
}

int number_kind_parse(struct str code, enum number_kind *kind_out)
{
    for (int i = 0; i < NUMBER_KIND_COUNT; i++)
        if (str_is(code, codes[i])) {
            *kind_out = (enum number_kind)i;
            return 0;
        }
    return EINVAL;
}
