/* sandbox/faults.h: what a test has ordered to go wrong, where and how often. Pure: decides, and
 * leaves carrying out to party.c and to the streams. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { FAULTS_MAX = 64, FAULT_NAME_BYTES = 48, FAULT_DELAY_MS_MAX = 600000 };
#define FAULT_FOR_EVER (-1)

enum fault_act {
    FAULT_NONE,     /* nothing but the delay */
    FAULT_ERROR,    /* an error in the party's own shape: status and code */
    FAULT_STALL,    /* accepted, then silence */
    FAULT_DROP,     /* the connection breaks */
    FAULT_NONSENSE, /* bytes that mean nothing, then the connection breaks */
    FAULT_LOSE,     /* done as asked, but the answer is lost: the connection breaks instead */
    FAULT_REFUSE,   /* the connection is broken before it is read; new ones get nowhere */
    FAULT_ACT_COUNT,
};
const char *fault_act_name(enum fault_act act);

struct fault {
    char party[FAULT_NAME_BYTES];    /* "" is every party */
    char endpoint[FAULT_NAME_BYTES]; /* "" is every endpoint */
    enum fault_act act;
    int status;
    char code[FAULT_NAME_BYTES];
    int64_t delay_ms;   /* waited before the answer begins, whatever the act */
    int64_t after;      /* >= 0: in mid-stream, after so many units (bytes of audio from
                         * ElevenLabs, else events); -1: before the reply's head */
    double probability; /* 0 to 1 */
    int64_t times;      /* how often it still strikes; FAULT_FOR_EVER */
};

struct faults; /* opaque: the orders in force, and the dice */
struct faults *faults_new(uint64_t seed);
void faults_free(struct faults **faults);

/* {"party":"openai","endpoint":"chat","act":"error","status":429,"code":"rate_limit_exceeded",
 * "delay_ms":0,"after":3,"probability":0.5,"times":1}; all but one of act and delay_ms may be left
 * out. EINVAL with a sentence (static), or ENOSPC past FAULTS_MAX. */
int fault_read(struct str json, struct fault *fault_out, const char **why_out);
int faults_add(struct faults *faults, const struct fault *fault);
void faults_reset(struct faults *faults, const char *party); /* NULL: all of them */
/* The first order that fits and whose dice say yes; counts it. False: all is well. */
bool faults_strike(struct faults *faults, const char *party, const char *endpoint,
                   struct fault *fault_out);
/* Whether connections to the party are to be refused. */
bool faults_refuse(const struct faults *faults, const char *party);
void faults_print(const struct faults *faults, struct buf *out); /* a JSON array */

/* A fault that waits in a stream for its moment. {0} never strikes. */
struct fault_fuse {
    enum fault_act act;
    int64_t left; /* units until it strikes */
    bool burnt;   /* it struck: nothing more is to be sent */
};
struct fault_fuse fault_fuse_of(const struct fault *fault);
/* So many units are about to go out: FAULT_NONE while they may; else what to do, once; and
 * FAULT_STALL ever after, which means that nothing may be sent. */
enum fault_act fault_fuse_burn(struct fault_fuse *fuse, int64_t units);
