/* rules/country.h: what is likely in a country, to begin with until somebody says otherwise. Pure.
 */
#pragma once
#include "rules/language.h"

/* country: "CZ", as phone_country() gives it; "" or unknown: English, UTC. */
enum language country_language(const char *country);
const char *country_timezone(const char *country); /* where most people live: "Europe/Prague" */
