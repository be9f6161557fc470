/* sandbox/tongue.h: which of the four languages a text is in, by its small words. */
#pragma once
#include "base/buf.h"

/* "cs", "sk", "de" or "en"; "en" where nothing tells. */
const char *tongue_of(struct str text);
