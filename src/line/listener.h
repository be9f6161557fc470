/* line/listener.h: keeps a recogniser listening to one caller, whatever happens to its connection:
 * opens it, opens it again with a growing pause, notices one that has gone deaf, and lets the next
 * one hear again what the last one never confirmed. Says everything as events for call/core.h, in
 * the media clock.
 *
 *              STT_OPEN                      caught up
 *   OPENING ------------> CATCHING_UP -----------------------> LIVE
 *      ^                       |  refused, lost, deaf           |
 *      '------- WAITING <------'--------------------------------'
 *
 * What the caller says is kept from the last final word on, without the silence between, at most
 * LISTENER_KEPT_MS_MAX of it; memory is taken only while somebody speaks. */
#pragma once
#include "base/log.h"
#include "call/core.h"
#include "net/loop.h"
#include "provider/stt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LISTENER_KEPT_MS_MAX = 8000,
    LISTENER_DEAF_VOICED_MS = 600, /* so much voice, and ... */
    LISTENER_DEAF_MS = 1500,       /* ... no message for so long: it is deaf. Doubled each time */
};

struct listener;
struct listener_options {
    struct loop *loop;
    struct stt_driver *driver;
    struct stt_options stt; /* copied by the driver at each opening: must stay */
    void (*on_event)(const struct call_event *event, void *arg);
    void *arg;
    struct log log;
};
/* on_event runs from the loop or inside listener_hear(), never after listener_close(). */
struct listener *listener_open(const struct listener_options *options);
void listener_close(struct listener **listener); /* NULL after; NULL is fine */

/* All the caller's audio, in order. at_ms is the media time of its first byte; a gap is fine. */
void listener_hear(struct listener *listener, const uint8_t *ulaw, size_t bytes, int64_t at_ms);
/* From the ears: a voice since at_ms, or none since at_ms. */
void listener_voice(struct listener *listener, bool on, int64_t at_ms);
void listener_finalize(struct listener *listener);

int64_t listener_sent_ms(const struct listener *listener); /* audio sent in all: what is charged */
size_t listener_bytes(const struct listener *listener);    /* memory in use now */
