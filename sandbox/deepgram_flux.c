/* sandbox/deepgram_flux.c: what is said on /v2/listen: turns, found by nothing but silence. The
 * longer it is, the surer is their end; a voice within a turn that may be over goes on with it. */
#include "sandbox/deepgram_private.h"

#include "base/mem.h"

#include <stdlib.h>

enum {
    UPDATE_MS = 240,    /* of audio, then something is said, be it nothing new */
    HALF_SURE_MS = 250, /* of silence */
    NEVER_MS = INT32_MAX,
};

static double confidence_after(int64_t silence_ms)
{
    return (double)silence_ms / (double)(silence_ms + HALF_SURE_MS);
}

static int64_t silence_for(double confidence)
{
    return confidence < 1 ? (int64_t)(HALF_SURE_MS * confidence / (1 - confidence)) : NEVER_MS;
}

/* The recogniser has to be through with an utterance by the time that something is made of it. */
static int64_t silence_ms(const struct hearing *hearing)
{
    const struct listen_turns *turns = &hearing->ask.turns;
    int64_t ms = silence_for(turns->over);
    if (turns->maybe_over > 0 && silence_for(turns->maybe_over) < ms)
        ms = silence_for(turns->maybe_over);
    return ms < HEAR_SILENCE_MS ? ms : HEAR_SILENCE_MS;
}

static void forget_words(struct flux_hear *flux, size_t from)
{
    while (flux->count > from)
        free((char *)(uintptr_t)flux->words[--flux->count].text);
    if (flux->settled > from)
        flux->settled = from;
}

void flux_hear_fini(struct flux_hear *flux)
{
    forget_words(flux, 0);
}

static struct flux_said said(struct hearing *hearing)
{
    return (struct flux_said){.request_id = hearing->request_id,
                              .sequence = hearing->flux.sequence++,
                              .ask = &hearing->ask};
}

static int64_t quiet_for(const struct hearing *hearing)
{
    const struct flux_hear *flux = &hearing->flux;
    return flux->on && !flux->voice ? hearing_fed_ms(hearing) - flux->quiet_ms : 0;
}

static void put_turn(struct hearing *hearing, const char *event, const char *trigger, bool whole)
{
    const struct flux_hear *flux = &hearing->flux;
    const struct hear_event window = {.words = flux->words,
                                      .word_count = flux->count,
                                      .start_ms = flux->start_ms,
                                      .end_ms = hearing_fed_ms(hearing)};
    const struct flux_turn_info info = {.event = event,
                                        .trigger = trigger,
                                        .turn = flux->turn,
                                        .words = {.ask = &hearing->ask,
                                                  .event = &window,
                                                  .as_written = hearing->scripted != NULL,
                                                  .begins = true,
                                                  .ends = whole},
                                        .over = confidence_after(quiet_for(hearing))};
    const struct flux_said by = said(hearing);
    struct buf text = {0};
    flux_turn_print(&by, &info, &text);
    hearing_put(hearing, &text);
    hearing->result_to_ms = window.end_ms;
}

static void take_words(struct flux_hear *flux, const struct hear_event *event)
{
    forget_words(flux, flux->settled);
    for (size_t i = 0; i < event->word_count && flux->count < FLUX_WORDS_MAX; i++) {
        flux->words[flux->count] = event->words[i];
        flux->words[flux->count++].text = xstrdup(event->words[i].text);
    }
    if (event->kind == HEAR_FINAL)
        flux->settled = flux->count;
}

static void on_voice(struct hearing *hearing)
{
    struct flux_hear *flux = &hearing->flux;
    flux->voice = true;
    if (flux->maybe_over)
        put_turn(hearing, "TurnResumed", NULL, false);
    flux->maybe_over = false;
}

static void on_heard(const struct hear_event *event, void *arg)
{
    struct hearing *hearing = arg;
    struct flux_hear *flux = &hearing->flux;
    if (event->kind == HEAR_SPEECH_STARTED) {
        on_voice(hearing);
        return;
    }
    take_words(flux, event);
    if (event->kind == HEAR_FINAL && event->end == HEAR_BY_SILENCE) {
        flux->voice = false;
        flux->quiet_ms = hearing_fed_ms(hearing) - silence_ms(hearing);
    }
    if (!flux->count)
        return;
    put_turn(hearing, flux->on ? "Update" : "StartOfTurn", NULL, false);
    flux->on = true;
}

static void end_turn(struct hearing *hearing, const char *trigger)
{
    struct flux_hear *flux = &hearing->flux;
    put_turn(hearing, "EndOfTurn", trigger, true);
    hearing->finals++;
    forget_words(flux, 0);
    flux->on = flux->maybe_over = false;
    flux->turn++;
    flux->start_ms = hearing_fed_ms(hearing);
}

static void on_audio(struct hearing *hearing)
{
    struct flux_hear *flux = &hearing->flux;
    const struct listen_turns *turns = &hearing->ask.turns;
    int64_t quiet_ms = quiet_for(hearing);
    double over = confidence_after(quiet_ms);
    if (flux->on && !flux->voice && (over >= turns->over || quiet_ms >= turns->timeout_ms)) {
        end_turn(hearing, over >= turns->over ? "model" : "timeout");
    } else if (flux->on && !flux->voice && !flux->maybe_over && turns->maybe_over > 0 &&
               over >= turns->maybe_over) {
        flux->maybe_over = true;
        put_turn(hearing, "EagerEndOfTurn", NULL, true);
    } else if (hearing_fed_ms(hearing) - hearing->result_to_ms >= UPDATE_MS) {
        put_turn(hearing, "Update", NULL, false);
    }
}

static void configure(struct hearing *hearing, struct str text)
{
    bool taken = listen_configure_read(text, &hearing->ask.turns) == 0;
    const struct flux_said by = said(hearing);
    struct buf answer = {0};
    hearing->configures++;
    flux_configured_print(&by, taken, &answer);
    hearing_put(hearing, &answer);
}

static void refuse_text(struct hearing *hearing)
{
    const struct flux_said by = said(hearing);
    struct buf text = {0};
    flux_error_print(&by, "UNPARSABLE_CLIENT_MESSAGE", "The text message is not one of this API.",
                     &text);
    hearing_put(hearing, &text);
    hearing_close(hearing, WS_CLOSE_POLICY, "UNPARSABLE_CLIENT_MESSAGE");
}

static void on_text(struct hearing *hearing, struct str text)
{
    switch (listen_message_read(text)) {
    case LISTEN_CLOSE_STREAM: hearing_end(hearing); break;
    case LISTEN_CONFIGURE: configure(hearing, text); break;
    case LISTEN_KEEP_ALIVE:
    case LISTEN_FINALIZE:
    case LISTEN_UNKNOWN:
    case LISTEN_BAD: refuse_text(hearing); break;
    }
}

static void connected(struct hearing *hearing)
{
    const struct flux_said by = said(hearing);
    struct buf text = {0};
    flux_connected_print(&by, &text);
    hearing_put(hearing, &text);
}

const struct hearing_way hearing_flux = {
    .asks = LISTEN_FLUX,
    .silence_ms = silence_ms,
    .on_heard = on_heard,
    .on_audio = on_audio,
    .on_text = on_text,
    .first_words = connected,
};
