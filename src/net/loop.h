/* net/loop.h: the event loop of one worker: time, timers, descriptors, signals, name look-ups.
 * Thin, over libevent. One loop a process, one thread; nothing here is safe to call from another.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct event_base;
struct evdns_base;
typedef void loop_fn(void *arg);

struct loop *loop_new(void);
void loop_free(struct loop **loop); /* after its last user is gone */
void loop_run(struct loop *loop);   /* until loop_stop() */
void loop_stop(struct loop *loop);
/* Runs what is due now and what becomes due within at most wait_ms; for tests and tools. */
void loop_step(struct loop *loop, int64_t wait_ms);

int64_t loop_now_ms(const struct loop *loop); /* monotonic; the same throughout one turn */
int64_t loop_now_us(const struct loop *loop); /* monotonic, read anew at each call, for measuring */
int64_t wall_now_ms(void);                    /* Unix time */

/* fn(arg) at the end of the loop's turn, when nobody on the stack can still see what it frees. */
void loop_defer(struct loop *loop, loop_fn *fn, void *arg);

/* What lives on without an owner until it comes to its own end, such as a socket that still says
 * goodbye: loop_free() runs fn(arg), which must end it, unless it was forgotten before. */
struct loop_orphan { /* lent by what lives on; {0} is none's */
    struct loop_orphan *next, **back;
    loop_fn *fn;
    void *arg;
};
void loop_adopt(struct loop *loop, struct loop_orphan *orphan, loop_fn *fn, void *arg);
void loop_forget(struct loop_orphan *orphan); /* twice is fine, so is one never adopted */

/* A timer runs once per timer_set(). Never inside timer_set(), never after timer_free(). */
struct timer;
struct timer *timer_new(struct loop *loop, loop_fn *fn, void *arg);
void timer_set(struct timer *timer, int64_t at_ms); /* loop_now_ms() time; replaces what was set */
void timer_stop(struct timer *timer);
void timer_free(struct timer **timer); /* NULL after; NULL is fine */

/* A descriptor watched until watch_free(); the descriptor stays the caller's. */
enum watch_events { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch;
typedef void watch_fn(int fd, unsigned events, void *arg);
struct watch *watch_new(struct loop *loop, int fd, watch_fn *fn, void *arg);
void watch_set(struct watch *watch, unsigned events); /* 0 watches nothing */
void watch_free(struct watch **watch);

void loop_on_signal(struct loop *loop, int signal_number, loop_fn *fn, void *arg);

struct event_base *loop_base(struct loop *loop); /* for net/ only */
struct evdns_base *loop_dns(struct loop *loop);  /* for net/ only; made at first use */
