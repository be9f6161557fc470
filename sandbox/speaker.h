/* sandbox/speaker.h: the mouth shared by all who want something said: a cache before the
 * synthesiser, so that a thousand calls with one greeting cost one. What is asked for twice at once
 * is made once. */
#pragma once
#include "base/op.h"
#include "net/loop.h"
#include "sandbox/speech/voice.h"

enum { SPEAKER_CACHE_BYTES_MAX = 48 * 1024 * 1024, SPEAKER_SAYS_MAX = 4096 };

struct speaker;
int speaker_open(struct loop *loop, struct speaker **speaker_out); /* as voices_open() */
void speaker_close(struct speaker **speaker);                      /* cancels what is in flight */

/* As voice_say(), with on_event from the loop. EAGAIN past SPEAKER_SAYS_MAX. */
int speaker_say(struct speaker *speaker, const struct voice_ask *ask, voice_event_fn *on_event,
                void *arg, struct op **slot);
