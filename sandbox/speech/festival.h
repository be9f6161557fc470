/* speech/festival.h: festival, a synthesiser with good Czech voices, as a child process: its
 * voices' licence is the GPL, its interpreter leaks, and a fault in it is only an error here. */
#pragma once
#include "speech/pcm.h"

struct festival; /* starts its child when it first speaks, and again if it died */

struct festival *festival_new(void);
void festival_free(struct festival **festival);

/* Speak Czech or, as well as Czech voices can, Slovak. voice is festival's own name for it,
 * "czech_dita"; stretch lengthens all sounds. Blocks, about 3 ms a second of audio.
 *
 * errors: ENOENT (not installed, or it died too often), EIO (this text failed),
 *         ETIMEDOUT (no answer in FESTIVAL_MS_MAX; the child is ended) */
enum { FESTIVAL_MS_MAX = 5000, FESTIVAL_STARTS_MAX = 20 };
int festival_speak(struct festival *festival, const char *voice, double stretch, const char *text,
                   struct pcm *pcm);
