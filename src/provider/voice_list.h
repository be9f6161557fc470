/* provider/voice_list.h: the voices of a voice service, remembered for a while, so that looking at
 * them costs the service nothing. One a worker. */
#pragma once
#include "net/loop.h"
#include "provider/tts.h"

enum { VOICE_LIST_FRESH_MS = 10 * 60 * 1000 };

struct voice_list;
/* fresh_ms: how long an answer is believed; VOICE_LIST_FRESH_MS. */
struct voice_list *voice_list_new(struct loop *loop, struct tts_driver *driver, int64_t fresh_ms);
void voice_list_free(struct voice_list **list); /* NULL is fine; callbacks that wait never run */

/* From memory when it was asked lately; an older list is given when the service does not answer. As
 * tts_voices(). */
void voice_list_get(struct voice_list *list, tts_voices_fn *on_voices, void *arg, struct op **slot);
/* NULL: no such voice. */
const struct tts_voice *voice_find(const struct tts_voice *voices, size_t count, const char *id);
