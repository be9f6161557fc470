/* rules/roles.h: what the people of a tenant are to it. Pure. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>

enum role { ROLE_MEMBER, ROLE_ADMIN, ROLE_OWNER, ROLE_COUNT };
const char *role_code(enum role role);                /* "member" ... */
int role_parse(struct str code, enum role *role_out); /* EINVAL */
bool role_may(enum role role, enum role at_least);    /* owner includes admin includes member */
/* Who may give, change or take away which role: an owner any, an admin none above his own, a member
 * none. */
bool role_may_grant(enum role granter, enum role granted);
/* "calls:read" among "calls:read contacts:read". */
bool scope_covers(struct str scopes, const char *wanted);
