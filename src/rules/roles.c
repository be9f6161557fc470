/* rules/roles.c: roles in the order of what they may. */
#include "rules/roles.h"

#include <assert.h>
#include <errno.h>

static const char *const codes[ROLE_COUNT] = {
    [ROLE_MEMBER] = "member", [ROLE_ADMIN] = "admin", [ROLE_OWNER] = "owner"};

const char *role_code(enum role role)
{
    assert(role < ROLE_COUNT);
    return codes[role];
}

int role_parse(struct str code, enum role *role_out)
{
    for (int role = 0; role < ROLE_COUNT; role++)
        if (str_is(code, codes[role])) {
            *role_out = (enum role)role;
            return 0;
        }
    return EINVAL;
}

bool role_may(enum role role, enum role at_least)
{
    return role >= at_least;
}

bool role_may_grant(enum role granter, enum role granted)
{
    return granter != ROLE_MEMBER && granted <= granter;
}

bool scope_covers(struct str scopes, const char *wanted)
{
    while (scopes.bytes)
        if (str_is(str_cut(&scopes, ' '), wanted))
            return true;
    return false;
}
