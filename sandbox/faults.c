/* sandbox/faults.c: the orders, a table walked from the front. */
#include "sandbox/faults.h"

#include "base/mem.h"
#include "sandbox/body.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct faults {
    struct fault list[FAULTS_MAX];
    size_t count;
    uint64_t dice; /* state of a xorshift generator: the same seed throws the same faults */
};

static const char *const act_names[FAULT_ACT_COUNT] = {
    [FAULT_NONE] = "none",     [FAULT_ERROR] = "error",       [FAULT_STALL] = "stall",
    [FAULT_DROP] = "drop",     [FAULT_NONSENSE] = "nonsense", [FAULT_LOSE] = "lose",
    [FAULT_REFUSE] = "refuse",
};

const char *fault_act_name(enum fault_act act)
{
    return act_names[act];
}

struct faults *faults_new(uint64_t seed)
{
    struct faults *faults = xalloc(sizeof(*faults));
    faults->dice = seed ? seed : 0x9E3779B97F4A7C15u; /* xorshift stands still at zero */
    return faults;
}

void faults_free(struct faults **faults)
{
    free(*faults);
    *faults = NULL;
}

static int read_act(const char *name, enum fault_act *act_out)
{
    for (size_t i = 0; i < countof(act_names); i++)
        if (strcmp(name, act_names[i]) == 0) {
            *act_out = (enum fault_act)i;
            return 0;
        }
    return EINVAL;
}

static int read_fields(const cJSON *body, struct fault *fault, const char **why_out)
{
    struct body_field fields[] = {
        {"party", BODY_TEXT, fault->party, sizeof(fault->party)},
        {"endpoint", BODY_TEXT, fault->endpoint, sizeof(fault->endpoint)},
        {"code", BODY_TEXT, fault->code, sizeof(fault->code)},
        {"delay_ms", BODY_WHOLE, &fault->delay_ms, FAULT_DELAY_MS_MAX},
        {"after", BODY_WHOLE, &fault->after, INT32_MAX},
        {"times", BODY_WHOLE, &fault->times, INT32_MAX},
        {"probability", BODY_NUMBER, &fault->probability, 1},
    };
    int64_t status = fault->status;
    struct body_field status_field = {"status", BODY_WHOLE, &status, 599};
    int err = body_read(body, fields, countof(fields), why_out);
    if (!err)
        err = body_read(body, &status_field, 1, why_out);
    if (!err)
        fault->status = (int)status;
    return err;
}

int fault_read(struct str json, struct fault *fault_out, const char **why_out)
{
    struct fault fault = {.status = 500, .after = -1, .probability = 1, .times = FAULT_FOR_EVER};
    cJSON *body = body_parse(json);
    int err = 0;
    *why_out = "the body is not a JSON object";
    if (!cJSON_IsObject(body))
        err = EINVAL;
    if (!err)
        err = read_fields(body, &fault, why_out);
    const char *act = body_text(body, "act");
    if (!err && act && read_act(act, &fault.act)) {
        *why_out = "act is none of none, error, stall, drop, nonsense, lose and refuse";
        err = EINVAL;
    }
    if (!err && fault.act == FAULT_ERROR && fault.status < 400) {
        *why_out = "status of an error is 400 or more";
        err = EINVAL;
    }
    cJSON_Delete(body);
    if (!err)
        *fault_out = fault;
    return err;
}

int faults_add(struct faults *faults, const struct fault *fault)
{
    if (faults->count == FAULTS_MAX)
        return ENOSPC;
    faults->list[faults->count++] = *fault;
    return 0;
}

static void remove_at(struct faults *faults, size_t at)
{
    faults->count--;
    memmove(&faults->list[at], &faults->list[at + 1],
            (faults->count - at) * sizeof(faults->list[0]));
}

void faults_reset(struct faults *faults, const char *party)
{
    for (size_t i = faults->count; i > 0; i--)
        if (!party || strcmp(faults->list[i - 1].party, party) == 0)
            remove_at(faults, i - 1);
}

static double throw_dice(struct faults *faults)
{
    faults->dice ^= faults->dice << 13;
    faults->dice ^= faults->dice >> 7;
    faults->dice ^= faults->dice << 17;
    return (double)(faults->dice >> 11) / 9007199254740992.0; /* 53 bits, 0 to below 1 */
}

static bool fits(const char *order, const char *name)
{
    return !*order || strcmp(order, name) == 0;
}

bool faults_strike(struct faults *faults, const char *party, const char *endpoint,
                   struct fault *fault_out)
{
    for (size_t i = 0; i < faults->count; i++) {
        struct fault *fault = &faults->list[i];
        if (!fits(fault->party, party) || !fits(fault->endpoint, endpoint))
            continue;
        if (fault->probability < 1 && throw_dice(faults) >= fault->probability)
            continue;
        *fault_out = *fault;
        if (fault->times != FAULT_FOR_EVER && --fault->times <= 0)
            remove_at(faults, i);
        return true;
    }
    return false;
}

bool faults_refuse(const struct faults *faults, const char *party)
{
    for (size_t i = 0; i < faults->count; i++)
        if (faults->list[i].act == FAULT_REFUSE && fits(faults->list[i].party, party))
            return true;
    return false;
}

void faults_print(const struct faults *faults, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->list[i];
        buf_puts(out, i ? ",{\"party\":" : "{\"party\":");
        buf_json_string(out, str_of(fault->party));
        buf_puts(out, ",\"endpoint\":");
        buf_json_string(out, str_of(fault->endpoint));
        buf_puts(out, ",\"code\":");
        buf_json_string(out, str_of(fault->code));
        buf_printf(out, ",\"act\":\"%s\",\"status\":%d,\"delay_ms\":%lld,\"after\":%lld",
                   act_names[fault->act], fault->status, (long long)fault->delay_ms,
                   (long long)fault->after);
        buf_printf(out, ",\"probability\":%g,\"times\":%lld}", fault->probability,
                   (long long)fault->times);
    }
    buf_putc(out, ']');
}

struct fault_fuse fault_fuse_of(const struct fault *fault)
{
    if (fault->after < 0 || fault->act == FAULT_NONE)
        return (struct fault_fuse){0};
    return (struct fault_fuse){.act = fault->act, .left = fault->after};
}

enum fault_act fault_fuse_burn(struct fault_fuse *fuse, int64_t units)
{
    if (fuse->act == FAULT_NONE)
        return FAULT_NONE;
    if (fuse->burnt)
        return FAULT_STALL;
    if (units <= fuse->left) {
        fuse->left -= units;
        return FAULT_NONE;
    }
    fuse->burnt = true;
    return fuse->act;
}
