/* store/orders_private.h: an order as JSON: the contract's schema Order. */
#pragma once

/* Of a relation called o. */
#define ORDER_COLUMNS                                                                              \
    "o.id, o.call_id, o.kind, o.text, o.to_number, o.state, o.why, (SELECT json_build_object("     \
    "'id', u.id, 'name', u.name) FROM users u WHERE u.tenant_id = o.tenant_id"                     \
    " AND u.id = o.asked_by) AS asked_by, json_time(o.created_at) AS created_at,"                  \
    " json_time(o.ended_at) AS ended_at"
