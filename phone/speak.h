/* phone/speak.h: words for a caller who has no recording: spoken by the espeak-ng program, if it is
 * installed. Blocks; for tools, before they call. */
#pragma once
#include "base/buf.h"

/* ENOENT: no espeak-ng here; else what running it or reading its WAV fails with. */
int speak(const char *text, const char *language, struct buf *ulaw_out, const char **why_out);
