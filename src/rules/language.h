/* rules/language.h: the languages Karen speaks. */
#pragma once

enum language { LANGUAGE_EN, LANGUAGE_CS, LANGUAGE_SK, LANGUAGE_DE, LANGUAGE_COUNT };

/* "cs", "cs-CZ", "CS": Czech. NULL and what nobody here speaks give English. */
enum language language_named(const char *code);
const char *language_code(enum language language);
