/* app/number_orderer.c: orders of numbers, a few at a time, each from its claim to its next step.
 *
 *   buy:      papers? -> search -> claim one -> buy -> finished     (killed here: look, then buy)
 *   import:   look among ours -> point it at us -> finished
 *   release:  (look among ours ->) give it back -> finished
 *
 * Every way ends in one write: a step (put off, waiting, failed, searching anew) or the finish. A
 * write that does not arrive leaves the lease to run out, and the order to whoever claims it then.
 */
#include "app/number_orderer.h"

#include "base/log.h"
#include "base/mem.h"
#include "carrier/twilio_bundles.h"
#include "rules/phone.h"
#include "store/number_orders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64 };

struct errand { /* one order, as long as its lease */
    struct number_orderer *orderer;
    bool busy;
    struct arena arena; /* of the order and the offers */
    struct number_order order;
    enum number_order_outcome outcome; /* of the write that ends it */
    const char *bundle_state;          /* read for this order; NULL: not yet */
    struct twilio_offer *offers;
    size_t offer_count, next; /* the one to be claimed */
    struct log log;
    struct op *waiting;
};
struct number_orderer {
    struct loop *loop;
    struct db *db;
    struct twilio_rest *rest;
    char *voice_url, *fallback_url, *status_url;
    struct timer *poll;
    struct errand errands[NUMBER_ORDERER_AT_ONCE_MAX];
    bool claiming, more; /* orders were announced while a claim was under way */
    uint64_t counts[NUMBER_ORDER_OUTCOMES];
};

static void claim(struct number_orderer *orderer);

/* ---- the end of an errand -------------------------------------------------------------------- */

static void end(struct errand *errand)
{
    arena_free(&errand->arena);
    errand->busy = false;
    claim(errand->orderer);
}

static void on_written(int err, void *arg)
{
    struct errand *errand = arg;
    if (!err)
        errand->orderer->counts[errand->outcome]++;
    else if (err != ESTALE) /* the lease runs out and somebody takes it up again */
        log_warn(&errand->log, "number_order_not_written", "err=%s", strerrorname_np(err));
    end(errand);
}

static void step(struct errand *errand, enum number_order_outcome outcome,
                 const struct number_step *next)
{
    errand->outcome = outcome;
    number_orders_step(errand->orderer->db, &errand->order, next, on_written, errand,
                       &errand->waiting);
}

static int64_t growing_wait_ms(int64_t attempts)
{
    int64_t wait_ms = NUMBER_ORDERER_WAIT_MS;
    while (--attempts > 0 && wait_ms < NUMBER_ORDERER_WAIT_MS_MAX)
        wait_ms *= 2;
    return wait_ms < NUMBER_ORDERER_WAIT_MS_MAX ? wait_ms : NUMBER_ORDERER_WAIT_MS_MAX;
}

static void put_off(struct errand *errand, const char *what, int err)
{
    const struct number_order *order = &errand->order;
    log_warn(&errand->log, "number_order_put_off", "what=%s err=%s attempts=%lld", what,
             strerrorname_np(err), (long long)order->attempts);
    step(errand, NUMBER_ORDER_PUT_OFF,
         &(struct number_step){.state = order->state,
                               .bundle_sid = order->bundle_sid,
                               .bundle_state = errand->bundle_state,
                               .wait_ms = growing_wait_ms(order->attempts)});
}

static void fail(struct errand *errand, const char *why)
{
    log_warn(&errand->log, "number_order_failed", "why=%s", why);
    step(errand, NUMBER_ORDER_FAILED,
         &(struct number_step){.state = ORDER_FAILED,
                               .why = why,
                               .bundle_sid = errand->order.bundle_sid,
                               .bundle_state = errand->bundle_state});
}

/* What the carrier will say again tomorrow ends the order; all else may be better later. */
static void carrier_failed(struct errand *errand, const char *what, int err)
{
    switch (err) {
    case EINVAL:
    case EPERM: fail(errand, "refused"); break;
    case EDQUOT: fail(errand, "account_full"); break;
    case ESRCH: fail(errand, "not_sold"); break;
    default: put_off(errand, what, err);
    }
}

static void search_anew(struct errand *errand, int64_t wait_ms)
{
    step(errand, NUMBER_ORDER_PUT_OFF,
         &(struct number_step){.state = ORDER_SEARCHING,
                               .bundle_sid = errand->order.bundle_sid,
                               .bundle_state = errand->bundle_state,
                               .wait_ms = wait_ms});
}

static void wait_for_papers(struct errand *errand, const char *bundle_state, int64_t wait_ms)
{
    const struct number_order *order = &errand->order;
    errand->bundle_state = bundle_state;
    if (order->state == ORDER_WAITING_FOR_BUNDLE &&
        order->attempts >= NUMBER_ORDERER_PAPERS_LOOKS_MAX) {
        fail(errand, "papers_missing");
        return;
    }
    log_info(&errand->log, "number_order_waits", "bundle_state=%s", bundle_state);
    step(errand, NUMBER_ORDER_WAITING,
         &(struct number_step){.state = ORDER_WAITING_FOR_BUNDLE,
                               .bundle_sid = order->bundle_sid,
                               .bundle_state = bundle_state,
                               .wait_ms = wait_ms});
}

static void on_finished(int err, void *arg)
{
    struct errand *errand = arg;
    if (!err)
        log_info(&errand->log, "number_order_done", "");
    on_written(err, errand);
}

static void finish(struct errand *errand, const char *sid)
{
    const struct number_order *order = &errand->order;
    const char *country = order->work == NUMBER_IMPORT ? phone_country(order->wanted) : "";
    errand->outcome = NUMBER_ORDER_DONE;
    number_orders_finish(errand->orderer->db, order, sid, *country ? country : NULL, on_finished,
                         errand, &errand->waiting);
}

/* ---- bought ---------------------------------------------------------------------------------- */

static struct twilio_hooks hooks(const struct number_orderer *orderer)
{
    return (struct twilio_hooks){orderer->voice_url, orderer->fallback_url, orderer->status_url};
}

/* By which a purchase is found again. */
static void purchase_name(const struct errand *errand, char name[NAME_BYTES])
{
    char id[UUID_TEXT_BYTES];
    uuid_print(errand->order.id, id);
    snprintf(name, NAME_BYTES, "karen %s", id);
}

static bool is_last_search(const struct number_order *order)
{
    return order->searches + 1 >= NUMBER_ORDERER_SEARCHES_MAX;
}

static void number_is_gone(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    if (order->wanted)
        fail(errand, "number_taken");
    else if (is_last_search(order))
        fail(errand, "none_available");
    else
        search_anew(errand, 0);
}

/* With papers it is asked again later: what is approved may take a while to be known everywhere. */
static void papers_refused(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    bool had_some = order->bundle_sid || order->address_sid;
    if (is_last_search(order))
        fail(errand, "papers_refused");
    else if (had_some)
        wait_for_papers(errand, errand->bundle_state, NUMBER_ORDERER_PAPERS_MS);
    else
        wait_for_papers(errand, "none", 0);
}

static void on_bought(int err, const struct twilio_number *number, void *arg)
{
    struct errand *errand = arg;
    if (!err)
        finish(errand, arena_strdup(&errand->arena, number->sid));
    else if (err == EADDRINUSE)
        number_is_gone(errand);
    else if (err == EDESTADDRREQ)
        papers_refused(errand);
    else
        carrier_failed(errand, "buy", err);
}

static void buy(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    char name[NAME_BYTES];
    purchase_name(errand, name);
    const struct twilio_purchase purchase = {.number = order->number,
                                             .name = name,
                                             .hooks = hooks(errand->orderer),
                                             .bundle_sid = order->bundle_sid,
                                             .address_sid = order->address_sid};
    twilio_numbers_buy(errand->orderer->rest, &purchase, on_bought, errand, &errand->waiting);
}

/* Whoever had the order before may have bought it and died. */
static void on_looked(int err, const struct twilio_number *number, void *arg)
{
    struct errand *errand = arg;
    char name[NAME_BYTES];
    purchase_name(errand, name);
    if (err == ESRCH)
        buy(errand);
    else if (err)
        carrier_failed(errand, "look", err);
    else if (strcmp(number->name, name) == 0)
        finish(errand, arena_strdup(&errand->arena, number->sid));
    else
        number_is_gone(errand); /* ours, but somebody else's purchase */
}

static void look_for_purchase(struct errand *errand)
{
    twilio_numbers_find(errand->orderer->rest, errand->order.number, on_looked, errand,
                        &errand->waiting);
}

/* ---- found ----------------------------------------------------------------------------------- */

static void look_for_papers(struct errand *errand);

static void on_taken(int err, void *arg);

static void take_next(struct errand *errand)
{
    struct number_order *order = &errand->order;
    if (errand->next == errand->offer_count) { /* other orders are at all of them */
        search_anew(errand, growing_wait_ms(order->attempts));
        return;
    }
    const struct twilio_offer *offer = &errand->offers[errand->next];
    if (offer->address != ADDRESS_NONE && !order->bundle_sid && !order->address_sid)
        look_for_papers(errand);
    else
        number_orders_take(errand->orderer->db, order, offer->number, errand->bundle_state,
                           on_taken, errand, &errand->waiting);
}

static void on_taken(int err, void *arg)
{
    struct errand *errand = arg;
    struct number_order *order = &errand->order;
    if (err == EEXIST) {
        errand->next++;
        take_next(errand);
    } else if (err) {
        on_written(err, errand);
    } else {
        order->state = ORDER_BUYING;
        order->number = errand->offers[errand->next].number;
        order->attempts = 1;
        buy(errand);
    }
}

static void keep_offers(struct errand *errand, const struct twilio_offer *offers, size_t count)
{
    const char *wanted = errand->order.wanted;
    errand->offers = arena_alloc(&errand->arena, (count + 1) * sizeof(*offers));
    errand->offer_count = errand->next = 0;
    for (size_t i = 0; i < count; i++) {
        if (wanted && strcmp(offers[i].number, wanted) != 0)
            continue;
        struct twilio_offer *kept = &errand->offers[errand->offer_count++];
        *kept = offers[i];
        kept->number = arena_strdup(&errand->arena, offers[i].number);
    }
}

static void on_offers(int err, const struct twilio_offer *offers, size_t count, void *arg)
{
    struct errand *errand = arg;
    if (err) {
        carrier_failed(errand, "search", err);
        return;
    }
    keep_offers(errand, offers, count);
    if (errand->offer_count)
        take_next(errand);
    else
        fail(errand, errand->order.wanted ? "number_taken" : "none_available");
}

static void search(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    const struct twilio_search wish = {.country = order->country,
                                       .kind = order->kind,
                                       .contains =
                                           order->wanted ? order->wanted + 1 : order->contains,
                                       .limit = TWILIO_OFFERS_MAX};
    twilio_numbers_search(errand->orderer->rest, &wish, on_offers, errand, &errand->waiting);
}

/* ---- papers ---------------------------------------------------------------------------------- */

/* They are in order, or not needed as far as is known. */
static void go_on(struct errand *errand)
{
    if (errand->order.state == ORDER_WAITING_FOR_BUNDLE)
        search_anew(errand, 0);
    else if (errand->offers)
        take_next(errand);
    else
        search(errand);
}

static void on_bundle(int err, const struct twilio_bundle *bundle, void *arg)
{
    struct errand *errand = arg;
    if (err == ESRCH)
        wait_for_papers(errand, "none", NUMBER_ORDERER_PAPERS_MS);
    else if (err)
        carrier_failed(errand, "bundle", err);
    else if (!bundle_state_buys(bundle->state))
        wait_for_papers(errand, bundle_state_code(bundle->state), NUMBER_ORDERER_PAPERS_MS);
    else {
        errand->bundle_state = bundle_state_code(bundle->state);
        go_on(errand);
    }
}

/* The operator named none: the newest of the account that is approved for such numbers will do. */
static void on_bundles(int err, const struct twilio_bundle *bundles, size_t count, void *arg)
{
    struct errand *errand = arg;
    if (err) {
        carrier_failed(errand, "bundles", err);
    } else if (!count) {
        wait_for_papers(errand, "none", NUMBER_ORDERER_PAPERS_MS);
    } else {
        errand->order.bundle_sid = arena_strdup(&errand->arena, bundles[0].sid);
        errand->bundle_state = bundle_state_code(bundles[0].state);
        go_on(errand);
    }
}

static void look_for_papers(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    twilio_bundles_approved(errand->orderer->rest, order->country, order->kind, on_bundles, errand,
                            &errand->waiting);
}

static void begin_buying(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    if (order->state == ORDER_BUYING)
        look_for_purchase(errand);
    else if (order->bundle_sid)
        twilio_bundle_get(errand->orderer->rest, order->bundle_sid, on_bundle, errand,
                          &errand->waiting);
    else if (order->state == ORDER_WAITING_FOR_BUNDLE && !order->address_sid)
        look_for_papers(errand);
    else
        go_on(errand);
}

/* ---- taken over, given back -------------------------------------------------------------------
 */

static void on_pointed(int err, const struct twilio_number *number, void *arg)
{
    struct errand *errand = arg;
    if (err)
        carrier_failed(errand, "update", err);
    else
        finish(errand, arena_strdup(&errand->arena, number->sid));
}

static void on_ours(int err, const struct twilio_number *number, void *arg)
{
    struct errand *errand = arg;
    const struct twilio_hooks to_us = hooks(errand->orderer);
    if (err == ESRCH)
        fail(errand, "not_ours");
    else if (err)
        carrier_failed(errand, "find", err);
    else
        twilio_numbers_update(errand->orderer->rest, number->sid, &to_us, on_pointed, errand,
                              &errand->waiting);
}

static void on_released(int err, void *arg)
{
    struct errand *errand = arg;
    if (err)
        carrier_failed(errand, "release", err);
    else
        finish(errand, NULL);
}

static void on_to_release(int err, const struct twilio_number *number, void *arg)
{
    struct errand *errand = arg;
    if (err == ESRCH)
        finish(errand, NULL); /* it is gone already */
    else if (err)
        carrier_failed(errand, "find", err);
    else
        twilio_numbers_release(errand->orderer->rest, number->sid, on_released, errand,
                               &errand->waiting);
}

static void begin_release(struct errand *errand)
{
    const struct number_order *order = &errand->order;
    if (order->twilio_sid)
        twilio_numbers_release(errand->orderer->rest, order->twilio_sid, on_released, errand,
                               &errand->waiting);
    else
        twilio_numbers_find(errand->orderer->rest, order->number, on_to_release, errand,
                            &errand->waiting);
}

/* ---- claiming -------------------------------------------------------------------------------- */

static void begin(struct errand *errand, const struct number_order *order)
{
    char id[UUID_TEXT_BYTES];
    errand->order = *order;
    errand->bundle_state = NULL;
    errand->offers = NULL;
    errand->log = (struct log){0};
    uuid_print(order->id, id);
    log_with(&errand->log, "number_order", id);
    uuid_print(order->tenant, id);
    if (!uuid_is_nil(order->tenant))
        log_with(&errand->log, "tenant", id);
    switch (order->work) {
    case NUMBER_BUY: begin_buying(errand); break;
    case NUMBER_IMPORT:
        twilio_numbers_find(errand->orderer->rest, order->wanted, on_ours, errand,
                            &errand->waiting);
        break;
    case NUMBER_RELEASE: begin_release(errand); break;
    }
}

static void on_claimed(int err, const struct number_order *orders, size_t count, void *arg)
{
    struct errand *errand = arg;
    struct number_orderer *orderer = errand->orderer;
    bool more = orderer->more || (!err && count); /* there may be others behind this one */
    orderer->claiming = orderer->more = false;
    if (!err && count) {
        begin(errand, &orders[0]);
    } else {
        arena_free(&errand->arena);
        errand->busy = false;
    }
    if (more && !err)
        claim(orderer);
}

static void claim(struct number_orderer *orderer)
{
    struct errand *idle = NULL;
    for (size_t i = 0; i < NUMBER_ORDERER_AT_ONCE_MAX; i++)
        if (!orderer->errands[i].busy)
            idle = &orderer->errands[i];
    if (orderer->claiming)
        orderer->more = true;
    else if (idle) { /* else: whoever ends looks again */
        orderer->claiming = idle->busy = true;
        number_orders_claim(orderer->db, 1, NUMBER_ORDERER_LEASE_S, &idle->arena, on_claimed, idle,
                            &idle->waiting);
    }
}

static void on_announced(struct str payload, void *arg)
{
    (void)payload;
    claim(arg);
}

static void on_poll(void *arg)
{
    struct number_orderer *orderer = arg;
    claim(orderer);
    timer_set(orderer->poll, loop_now_ms(orderer->loop) + NUMBER_ORDERER_POLL_MS);
}

struct number_orderer *number_orderer_new(const struct number_orderer_options *options)
{
    struct number_orderer *orderer = xalloc(sizeof(*orderer));
    orderer->loop = options->loop;
    orderer->db = options->db;
    orderer->rest = options->rest;
    orderer->voice_url = xstrdup(options->hooks.voice_url);
    orderer->fallback_url = xstrdup(options->hooks.fallback_url);
    orderer->status_url = xstrdup(options->hooks.status_url);
    for (size_t i = 0; i < NUMBER_ORDERER_AT_ONCE_MAX; i++)
        orderer->errands[i].orderer = orderer;
    orderer->poll = timer_new(options->loop, on_poll, orderer);
    timer_set(orderer->poll, loop_now_ms(options->loop));
    number_orders_listen(options->db, on_announced, orderer);
    return orderer;
}

void number_orderer_free(struct number_orderer **slot)
{
    struct number_orderer *orderer = *slot;
    *slot = NULL;
    if (!orderer)
        return;
    timer_free(&orderer->poll);
    for (size_t i = 0; i < NUMBER_ORDERER_AT_ONCE_MAX; i++) {
        op_cancel(&orderer->errands[i].waiting);
        arena_free(&orderer->errands[i].arena);
    }
    free(orderer->voice_url);
    free(orderer->fallback_url);
    free(orderer->status_url);
    free(orderer);
}

uint64_t number_orderer_count(const struct number_orderer *orderer,
                              enum number_order_outcome outcome)
{
    return orderer->counts[outcome];
}

void number_orderer_publish(const struct number_orderer *orderer, struct metrics_slot *slot)
{
    static const char *const labels[NUMBER_ORDER_OUTCOMES] = {
        [NUMBER_ORDER_DONE] = "outcome=\"done\"",
        [NUMBER_ORDER_FAILED] = "outcome=\"failed\"",
        [NUMBER_ORDER_WAITING] = "outcome=\"waiting\"",
        [NUMBER_ORDER_PUT_OFF] = "outcome=\"put_off\"",
    };
    for (size_t i = 0; i < NUMBER_ORDER_OUTCOMES; i++)
        metrics_add(slot, "karen_number_orders_total", labels[i], (double)orderer->counts[i]);
}
