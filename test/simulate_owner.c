/* test/simulate_owner.c: the owner of a simulated call, who watches it and has words said, the
 * model told something, the caller put through, the call ended. From a chance of its own, so that
 * the calls nobody watches are what they were. */
#include "test/simulate.h"

#include <stdio.h>
#include <string.h>

enum { WATCHED_PERCENT = 40, AT_ONCE_PERCENT = 35 };

/* Words that tell whose they are: "o3wa o3wb, o3wc." */
static void make_text(struct sim *sim, struct sim_order *order, uint32_t id)
{
    struct sim_random *random = &sim->order_random;
    int64_t words =
        sim_percent(random, 80) ? sim_between(random, 1, 8) : sim_between(random, 9, 24);
    for (int64_t i = 0; i < words; i++) {
        size_t at = strlen(order->text);
        const char *end = i + 1 == words ? (sim_percent(random, 50) ? "?" : "")
                          : i % 5 == 4   ? "."
                          : i % 5 == 2   ? ","
                                         : "";
        snprintf(order->text + at, sizeof order->text - at, "%s%c%uw%c%s", i ? " " : "",
                 i % 5 ? 'o' : 'O', id, (char)('a' + i), end);
    }
    if (order->kind == EV_WHISPER)
        snprintf(order->text, sizeof order->text, "hush%u: ask for the number", id);
}

static enum call_event_kind pick(struct sim *sim)
{
    int64_t dice = sim_between(&sim->order_random, 0, 99);
    return dice < 60   ? EV_SAY_ASKED
           : dice < 80 ? EV_WHISPER
           : dice < 92 ? EV_TRANSFER_ASKED
                       : EV_END_ASKED;
}

void sim_plan_orders(struct sim *sim)
{
    struct sim_random *random = &sim->order_random;
    if (!sim_percent(random, WATCHED_PERCENT))
        return;
    int64_t at_ms = sim_between(random, 0, 40000);
    for (int64_t left = sim_between(random, 1, SIM_ORDERS_MAX - 1), id = 1; left > 0;
         left--, id++) {
        sim_plan(sim, at_ms, SIM_ORDER, (uint32_t)id, 0);
        at_ms += sim_percent(random, AT_ONCE_PERCENT) ? sim_between(random, 0, 600)
                                                      : sim_between(random, 600, 20000);
    }
}

void sim_give_order(struct sim *sim, uint32_t id)
{
    struct sim_order *order = &sim->orders[id];
    sim->order_count = id;
    order->kind = pick(sim);
    make_text(sim, order, id);
    sim_step(sim,
             &(struct call_event){.kind = order->kind, .order = id, .text = str_of(order->text)});
}

uint32_t sim_order_in(struct str text)
{
    uint32_t id;
    if (!text.bytes || (text.at[0] != 'o' && text.at[0] != 'O'))
        return 0;
    text = (struct str){text.at + 1, text.bytes - 1};
    return sim_number(&text, &id) && text.bytes && text.at[0] == 'w' && id < SIM_ORDERS_MAX ? id
                                                                                            : 0;
}
