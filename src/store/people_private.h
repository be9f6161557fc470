/* store/people_private.h: people and their tenants as the API shows them, wherever they are shown.
 */
#pragma once
#include "store/json.h"

/* The person himself, of a relation called u. */
#define USER_JSON                                                                                  \
    "json_build_object('id', u.id, 'tenant_id', u.tenant_id, 'phone', u.phone, 'name', u.name,"    \
    " 'role', u.role, 'language', u.language, 'is_operator', is_operator(u.phone),"                \
    " 'created_at', json_time(u.created_at), 'version', u.version)"

/* All tenants he is in, the current one first. */
#define TENANTS_JSON                                                                               \
    "(SELECT coalesce(json_agg(json_build_object('id', t.tenant, 'name', t.name, 'role', t.role,"  \
    "  'plan', t.plan, 'status', t.status, 'current', t.tenant = u.tenant_id)"                     \
    "  ORDER BY t.tenant <> u.tenant_id, lower(t.name), t.tenant), '[]')"                          \
    " FROM tenants_of_person(u.id) t)"

/* ... as the others of his tenant see him. */
#define MEMBER_JSON                                                                                \
    "json_build_object('id', u.id, 'phone', u.phone, 'name', u.name, 'role', u.role,"              \
    " 'created_at', json_time(u.created_at), 'last_seen_at',"                                      \
    "  (SELECT json_time(max(s.last_seen_at)) FROM user_sessions s"                                \
    "   WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id), 'version', u.version)"
