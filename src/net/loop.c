/* net/loop.c: libevent's loop, run a turn at a time so that what was deferred can be done after
 * each.
 */
#include "net/loop.h"

#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct deferred {
    loop_fn *fn;
    void *arg;
};

struct deferred_list {
    struct deferred *list;
    size_t count, room;
};

/* The time of this turn, behind a pointer because reading it is const to everybody but us. */
struct turn {
    int64_t now_ms;
    bool running;
    bool now_known;
};

struct signal_watch {
    struct signal_watch *next;
    struct event *event;
    loop_fn *fn;
    void *arg;
};

struct loop {
    struct event_base *base;
    struct evdns_base *dns;
    struct turn *turn;
    struct deferred_list deferred, running; /* asked for in this turn; being done at its end */
    struct signal_watch *signals;
    struct loop_orphan *orphans;
    struct timer *step_timer; /* ends loop_step()'s wait */
    bool stopped;
};

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t loop_now_us(const struct loop *loop)
{
    (void)loop;
    return clock_us(CLOCK_MONOTONIC);
}

int64_t wall_now_ms(void)
{
    return clock_us(CLOCK_REALTIME) / 1000;
}

/* Read at the first question in a turn: libevent 2.1 cannot tell us when it comes back from
 * waiting. Between turns (setting up, tests) it is read each time. */
int64_t loop_now_ms(const struct loop *loop)
{
    struct turn *turn = loop->turn;
    if (!turn->running || !turn->now_known) {
        turn->now_ms = clock_us(CLOCK_MONOTONIC) / 1000;
        turn->now_known = true;
    }
    return turn->now_ms;
}

static void on_step_timer(void *arg)
{
    (void)arg; /* that the loop woke is all there is to it */
}

/* libevent's own words, which else would go to standard error as they are. */
static void on_library_log(int severity, const char *words)
{
    enum log_level level = severity == EVENT_LOG_ERR    ? LOG_ERROR
                           : severity == EVENT_LOG_WARN ? LOG_WARN
                                                        : LOG_DEBUG;
    log_line(level, NULL, "libevent", "why=\"%s\"", words);
}

struct loop *loop_new(void)
{
    /* A write on a connection the peer has closed must give EPIPE, not end the process; OpenSSL
     * and libcurl write() without MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    event_set_log_callback(on_library_log);
    struct event_config *config = event_config_new();
    assert(config);
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct loop *loop = xalloc(sizeof(*loop));
    loop->turn = xalloc(sizeof(*loop->turn));
    loop->base = event_base_new_with_config(config);
    assert(loop->base && "the system gives no epoll");
    event_config_free(config);
    loop->step_timer = timer_new(loop, on_step_timer, NULL);
    return loop;
}

/* Only what was there at the start: work that defers itself anew must not keep the loop from
 * its sockets. */
static void run_deferred(struct loop *loop)
{
    struct deferred_list now = loop->deferred;
    loop->deferred = loop->running;
    loop->deferred.count = 0;
    loop->running = (struct deferred_list){0};
    for (size_t i = 0; i < now.count; i++)
        now.list[i].fn(now.list[i].arg);
    now.count = 0;
    loop->running = now;
}

void loop_defer(struct loop *loop, loop_fn *fn, void *arg)
{
    struct deferred_list *todo = &loop->deferred;
    if (todo->count == todo->room) {
        todo->room = todo->room ? todo->room * 2 : 64;
        todo->list = xrealloc(todo->list, todo->room * sizeof(*todo->list));
    }
    todo->list[todo->count++] = (struct deferred){fn, arg};
}

void loop_adopt(struct loop *loop, struct loop_orphan *orphan, loop_fn *fn, void *arg)
{
    assert(!orphan->back);
    *orphan = (struct loop_orphan){loop->orphans, &loop->orphans, fn, arg};
    if (orphan->next)
        orphan->next->back = &orphan->next;
    loop->orphans = orphan;
}

void loop_forget(struct loop_orphan *orphan)
{
    if (!orphan->back)
        return;
    *orphan->back = orphan->next;
    if (orphan->next)
        orphan->next->back = orphan->back;
    orphan->back = NULL;
}

static void end_orphans(struct loop *loop)
{
    while (loop->orphans) {
        struct loop_orphan *orphan = loop->orphans;
        loop_forget(orphan);
        orphan->fn(orphan->arg);
    }
}

static void run_turn(struct loop *loop, int flags)
{
    assert(!loop->turn->running && "the loop must not be run from inside itself");
    if (loop->deferred.count)
        flags |= EVLOOP_NONBLOCK;
    loop->turn->running = true;
    loop->turn->now_known = false;
    event_base_loop(loop->base, flags | EVLOOP_NO_EXIT_ON_EMPTY);
    run_deferred(loop);
    loop->turn->running = false;
}

void loop_run(struct loop *loop)
{
    loop->stopped = false;
    while (!loop->stopped)
        run_turn(loop, EVLOOP_ONCE);
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}

void loop_step(struct loop *loop, int64_t wait_ms)
{
    if (wait_ms <= 0) {
        run_turn(loop, EVLOOP_NONBLOCK);
        return;
    }
    timer_set(loop->step_timer, loop_now_ms(loop) + wait_ms);
    run_turn(loop, EVLOOP_ONCE);
    timer_stop(loop->step_timer);
}

void loop_free(struct loop **loop_slot)
{
    struct loop *loop = *loop_slot;
    if (!loop)
        return;
    *loop_slot = NULL;
    timer_free(&loop->step_timer);
    end_orphans(loop);
    if (loop->dns) { /* look-ups end with an error, so that nothing waits for them for ever */
        evdns_base_free(loop->dns, 1);
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
    }
    while (loop->deferred.count)
        run_deferred(loop);
    while (loop->signals) {
        struct signal_watch *signal_watch = loop->signals;
        loop->signals = signal_watch->next;
        event_free(signal_watch->event);
        free(signal_watch);
    }
    event_base_free(loop->base);
    free(loop->deferred.list);
    free(loop->running.list);
    free(loop->turn);
    free(loop);
}

struct event_base *loop_base(struct loop *loop)
{
    return loop->base;
}

struct evdns_base *loop_dns(struct loop *loop)
{
    if (!loop->dns)
        loop->dns = evdns_base_new(loop->base, EVDNS_BASE_INITIALIZE_NAMESERVERS |
                                                   EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!loop->dns) { /* no usable resolv.conf: names of the hosts file still work */
        loop->dns = evdns_base_new(loop->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
        assert(loop->dns);
        evdns_base_load_hosts(loop->dns, "/etc/hosts");
    }
    return loop->dns;
}

static void on_signal(evutil_socket_t number, short events, void *arg)
{
    const struct signal_watch *signal_watch = arg;
    (void)number;
    (void)events;
    signal_watch->fn(signal_watch->arg);
}

void loop_on_signal(struct loop *loop, int signal_number, loop_fn *fn, void *arg)
{
    struct signal_watch *signal_watch = xalloc(sizeof(*signal_watch));
    *signal_watch = (struct signal_watch){.next = loop->signals, .fn = fn, .arg = arg};
    loop->signals = signal_watch;
    signal_watch->event = evsignal_new(loop->base, signal_number, on_signal, signal_watch);
    event_add(signal_watch->event, NULL);
}

struct timer {
    struct loop *loop;
    struct event event;
    int64_t at_ms;       /* when it shall run; -1: never */
    int64_t armed_at_ms; /* when libevent will wake us, not later than at_ms; -1: not at all */
    loop_fn *fn;
    void *arg;
};

static void arm(struct timer *timer)
{
    int64_t wait_ms = timer->at_ms - loop_now_ms(timer->loop);
    if (wait_ms < 0)
        wait_ms = 0;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    event_add(&timer->event, &wait);
    timer->armed_at_ms = timer->at_ms;
}

/* Early when the timer was put off after it was armed, or because libevent's own clock is coarse.
 */
static void on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct timer *timer = arg;
    (void)fd;
    (void)events;
    timer->armed_at_ms = -1;
    if (timer->at_ms > loop_now_ms(timer->loop)) {
        arm(timer);
        return;
    }
    timer->at_ms = -1;
    timer->fn(timer->arg);
}

struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
    struct timer *timer = xalloc(sizeof(*timer));
    timer->loop = loop;
    timer->fn = fn;
    timer->arg = arg;
    timer->at_ms = timer->armed_at_ms = -1;
    event_assign(&timer->event, loop->base, -1, 0, on_timer, timer);
    return timer;
}

/* Putting off, which idle timers do with every message, costs one store: the timer wakes at the old
 * time and goes back to sleep. */
void timer_set(struct timer *timer, int64_t at_ms)
{
    timer->at_ms = at_ms < 0 ? 0 : at_ms;
    if (timer->armed_at_ms < 0 || timer->armed_at_ms > timer->at_ms)
        arm(timer);
}

void timer_stop(struct timer *timer)
{
    event_del(&timer->event);
    timer->at_ms = timer->armed_at_ms = -1;
}

void timer_free(struct timer **timer_slot)
{
    struct timer *timer = *timer_slot;
    if (!timer)
        return;
    *timer_slot = NULL;
    timer_stop(timer);
    loop_defer(timer->loop, free, timer);
}

/* Two events, so that asking for writability changes the kernel's list once instead of taking the
 * descriptor out and putting it back. */
struct watch {
    struct loop *loop;
    struct event reading, writing;
    unsigned events;
    watch_fn *fn;
    void *arg;
};

static void on_ready(evutil_socket_t fd, short events, void *arg)
{
    struct watch *watch = arg;
    watch->fn(fd, events & EV_READ ? WATCH_READ : WATCH_WRITE, watch->arg);
}

struct watch *watch_new(struct loop *loop, int fd, watch_fn *fn, void *arg)
{
    struct watch *watch = xalloc(sizeof(*watch));
    watch->loop = loop;
    watch->fn = fn;
    watch->arg = arg;
    event_assign(&watch->reading, loop->base, fd, EV_READ | EV_PERSIST, on_ready, watch);
    event_assign(&watch->writing, loop->base, fd, EV_WRITE | EV_PERSIST, on_ready, watch);
    return watch;
}

static void turn_event(struct event *event, bool on)
{
    if (on)
        event_add(event, NULL);
    else
        event_del(event);
}

void watch_set(struct watch *watch, unsigned events)
{
    unsigned changed = watch->events ^ events;
    watch->events = events;
    if (changed & WATCH_READ)
        turn_event(&watch->reading, events & WATCH_READ);
    if (changed & WATCH_WRITE)
        turn_event(&watch->writing, events & WATCH_WRITE);
}

void watch_free(struct watch **watch_slot)
{
    struct watch *watch = *watch_slot;
    if (!watch)
        return;
    *watch_slot = NULL;
    watch_set(watch, 0);
    loop_defer(watch->loop, free, watch);
}
