/* rules/holidays.h: the days on which a whole country is off work. Pure: the same in any
 * time zone, because a date is all that goes in.
 *
 * Only what holds in all of the country counts (in Great Britain: in England), and only days off
 * work: a holiday on which people work, as Slovakia has some, is none here. A day a king or a
 * parliament gives once is not foreseen: that is a date of the tenant's own.
 * Sources: CZ act 245/2000; SK act 241/1993 as amended up to 2025; DE the states' acts in what they
 * have in common; GB Banking and Financial Dealings Act 1971. */
#pragma once
#include "rules/dates.h"

/* Which holiday of "CZ", "SK", "DE" or "GB" it is, as a code: "easter_monday", "christmas_day" ...
 * NULL: none, or a country that is not known here. */
const char *holiday_of(const char *country, struct date date);
bool holidays_known(const char *country);
