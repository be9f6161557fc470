/* rules/country.c: one row a country that rules/phone.c knows. */
#include "rules/country.h"

#include "base/mem.h"

#include <string.h>

struct country {
    char name[3];
    enum language language;
    const char *timezone;
};
static const struct country countries[] = {
    {"AT", LANGUAGE_DE, "Europe/Vienna"},     {"AU", LANGUAGE_EN, "Australia/Sydney"},
    {"BE", LANGUAGE_EN, "Europe/Brussels"},   {"BG", LANGUAGE_EN, "Europe/Sofia"},
    {"CA", LANGUAGE_EN, "America/Toronto"},   {"CH", LANGUAGE_DE, "Europe/Zurich"},
    {"CZ", LANGUAGE_CS, "Europe/Prague"},     {"DE", LANGUAGE_DE, "Europe/Berlin"},
    {"DK", LANGUAGE_EN, "Europe/Copenhagen"}, {"EE", LANGUAGE_EN, "Europe/Tallinn"},
    {"ES", LANGUAGE_EN, "Europe/Madrid"},     {"FI", LANGUAGE_EN, "Europe/Helsinki"},
    {"FR", LANGUAGE_EN, "Europe/Paris"},      {"GB", LANGUAGE_EN, "Europe/London"},
    {"GR", LANGUAGE_EN, "Europe/Athens"},     {"HR", LANGUAGE_EN, "Europe/Zagreb"},
    {"HU", LANGUAGE_EN, "Europe/Budapest"},   {"IE", LANGUAGE_EN, "Europe/Dublin"},
    {"IT", LANGUAGE_EN, "Europe/Rome"},       {"LT", LANGUAGE_EN, "Europe/Vilnius"},
    {"LU", LANGUAGE_DE, "Europe/Luxembourg"}, {"LV", LANGUAGE_EN, "Europe/Riga"},
    {"NL", LANGUAGE_EN, "Europe/Amsterdam"},  {"NO", LANGUAGE_EN, "Europe/Oslo"},
    {"NZ", LANGUAGE_EN, "Pacific/Auckland"},  {"PL", LANGUAGE_EN, "Europe/Warsaw"},
    {"PT", LANGUAGE_EN, "Europe/Lisbon"},     {"RO", LANGUAGE_EN, "Europe/Bucharest"},
    {"SE", LANGUAGE_EN, "Europe/Stockholm"},  {"SI", LANGUAGE_EN, "Europe/Ljubljana"},
    {"SK", LANGUAGE_SK, "Europe/Bratislava"}, {"UA", LANGUAGE_EN, "Europe/Kyiv"},
    {"US", LANGUAGE_EN, "America/New_York"},
};

static const struct country *find(const char *name)
{
    for (size_t i = 0; i < countof(countries); i++)
        if (strcmp(countries[i].name, name) == 0)
            return &countries[i];
    return NULL;
}

enum language country_language(const char *name)
{
    const struct country *country = find(name);
    return country ? country->language : LANGUAGE_EN;
}

const char *country_timezone(const char *name)
{
    const struct country *country = find(name);
    return country ? country->timezone : "UTC";
}
