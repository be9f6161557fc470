/* sandbox/sandbox.h: every outside party on loopback, in one event loop: Twilio, Deepgram, OpenAI
 * and ElevenLabs, each under a prefix of its name (http://ADDRESS/openai/v1/chat/completions), and
 * /control, which orders faults, scripts and pace and shows what was sent.
 *
 * Each party is served twice: at the common address, and at a port of its own, which a fault can
 * close so that connections are refused. With a certificate the own ports speak TLS, as the real
 * parties do; orders go in plain text to the common address all the same. */
#pragma once
#include "base/buf.h"
#include "net/loop.h"
#include "sandbox/party.h"
#include "sandbox/settings.h"

#include <stdbool.h>
#include <stdint.h>

enum party_name { PARTY_TWILIO, PARTY_DEEPGRAM, PARTY_OPENAI, PARTY_ELEVENLABS, PARTY_COUNT };

struct sandbox;
struct sandbox_options {
    const char *listen;     /* "127.0.0.1:0" */
    const char *models_dir; /* language models of the recogniser; NULL: where the build put them */
    uint64_t seed;          /* of the faults' dice */
    struct settings settings;
    const char *number;    /* a number to begin with, E.164; NULL: +420228883001 */
    const char *voice_url; /* its webhook; NULL: none yet */
    const char *tls_cert_file, *tls_key_file; /* PEM, of the own ports; NULL: plain text */
};
/* errno values, with a sentence in *why_out (static). options is copied. */
int sandbox_open(struct loop *loop, const struct sandbox_options *options,
                 struct sandbox **sandbox_out, const char **why_out);
void sandbox_close(struct sandbox **sandbox); /* drops what runs */

struct party *sandbox_party(struct sandbox *sandbox, enum party_name name);
struct party *sandbox_find_party(struct sandbox *sandbox, const char *name); /* NULL: no such */
struct settings *sandbox_settings(struct sandbox *sandbox);
struct faults *sandbox_faults(struct sandbox *sandbox);
/* Parties with a "refuse" among their faults stop listening at their own ports, others listen. */
void sandbox_apply_refusals(struct sandbox *sandbox);

/* Where everything is and with which keys: {"url":...,"control":...,"twilio":...,"openai":...,
 * "openai_key":...}, the parties at their own ports; or as NAME=value lines in the names of Karen's
 * settings. */
void sandbox_print_addresses(const struct sandbox *sandbox, struct buf *out);
void sandbox_print_env(const struct sandbox *sandbox, struct buf *out);
