/* phone/wav.h: telephone audio in RIFF files: one channel of mu-law at 8 kHz or of 16 bit PCM at 8
 * to 48 kHz is read, mu-law at 8 kHz comes out and is written. Source: Microsoft, "Multimedia
 * Programming Interface and Data Specifications 1.0"; chunks come in any order, unknown ones are
 * passed over. What writes one is base/audio.h's wav_put(). */
#pragma once
#include "base/buf.h"

enum { WAV_BYTES_MAX = 64 * 1024 * 1024 };

/* The audio of a whole file in memory, appended. EPROTO: not such a file; *why_out (static) says in
 * words what is wrong with it. */
int wav_parse(struct str file, struct buf *ulaw_out, const char **why_out);

/* Errors beside those of wav_parse(): what opening, reading or writing fails with. */
int wav_read(const char *path, struct buf *ulaw_out, const char **why_out);
int wav_write(const char *path, struct str ulaw);
