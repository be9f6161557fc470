/* api/number_orders.h: what the tenants' and the operators' orders of numbers share. */
#pragma once

/* A db_end_fn with the request as its arg: 204, or why an order cannot be cancelled. */
void api_on_number_order_cancelled(int err, void *arg);
