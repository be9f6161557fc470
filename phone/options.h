/* phone/options.h: what karen-phone is asked to do, read from its command line. */
#pragma once
#include "base/buf.h"
#include "phone/phone.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_CLIPS_MAX = 32, OPTIONS_PIDS_MAX = 64, OPTIONS_DIGITS_MAX = 16 };

struct options {
    const char *to, *from, *forwarded_from;
    const char *url; /* PUBLIC_URL of the service */
    const char *token, *account;
    const char *language; /* of --say */
    const char *out, *keys, *ca_file;
    struct {
        const char *file; /* or */
        const char *say;
    } clips[OPTIONS_CLIPS_MAX];
    size_t clip_count;
    const char *digits[OPTIONS_DIGITS_MAX]; /* for one asking each */
    size_t digits_count;
    int64_t silence_ms, patience_ms, linger_ms, longest_ms;
    const char *sandbox; /* URL of a karen-sandbox; NULL: none */
    const char *dial;    /* what comes of a transfer: see options_dial() */
    bool json, quiet;
    int64_t load, ramp, seconds; /* --load: calls at once, new ones a second, how long */
    int pids[OPTIONS_PIDS_MAX];
    size_t pid_count;
};
/* EINVAL: *why_out says what is wrong with which argument. ECANCELED: help was asked for. */
int options_read(int argc, char **argv, struct options *options_out, struct buf *why_out);
const char *options_help(void);
/* "answered", "declined", "voicemail", "busy", "no-answer" or "failed"; EINVAL: another word. */
int options_dial(const char *word, enum phone_dial *dial_out);
