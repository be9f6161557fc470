/* rules/language.c: codes of languages. */
#include "rules/language.h"

#include <strings.h>

static const char *const codes[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] = "en", [LANGUAGE_CS] = "cs", [LANGUAGE_SK] = "sk", [LANGUAGE_DE] = "de"};

enum language language_named(const char *code)
{
    for (int i = 0; code && i < LANGUAGE_COUNT; i++)
        if (strncasecmp(code, codes[i], 2) == 0 && (!code[2] || code[2] == '-' || code[2] == '_'))
            return (enum language)i;
    return LANGUAGE_EN;
}

const char *language_code(enum language language)
{
    return codes[language];
}
