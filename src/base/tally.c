/* base/tally.c: a table of (who, window) -> count in shared memory, open addressing, no locks. */
#include "base/tally.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PROBES = 8, SECRET_BYTES = 16 };

/* state: the window's number in the upper half, the count in the lower, so that both change at
 * once.
 */
struct tally_slot {
    _Atomic uint64_t who;
    _Atomic uint64_t state;
};
struct tally {
    uint8_t secret[SECRET_BYTES]; /* so that nobody can choose whose slot he takes */
    struct tally_slot slots[TALLY_SLOTS];
};

struct tally *tally_new(void)
{
    struct tally *tally =
        mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(tally != MAP_FAILED);
    random_bytes(tally->secret, sizeof(tally->secret));
    return tally;
}

void tally_free(struct tally **tally)
{
    if (*tally)
        munmap(*tally, sizeof(**tally));
    *tally = NULL;
}

static uint64_t hash_of(const struct tally *tally, struct str who, int64_t window_s)
{
    uint8_t digest[SHA256_BYTES];
    struct buf text = {0};
    uint64_t hash;
    buf_printf(&text, "%lld:", (long long)window_s);
    buf_add_str(&text, who);
    hmac_sha256((struct str){(const char *)tally->secret, SECRET_BYTES}, buf_str(&text), digest);
    buf_free(&text);
    memcpy(&hash, digest, sizeof(hash));
    return hash ? hash : 1; /* 0 is a free slot */
}

/* The slot that is theirs, or else the one of those in reach whose window is the oldest. */
static struct tally_slot *slot_of(struct tally *tally, uint64_t hash)
{
    struct tally_slot *oldest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct tally_slot *slot = &tally->slots[(hash + i) % TALLY_SLOTS];
        if (atomic_load(&slot->who) == hash)
            return slot;
        if (!oldest || atomic_load(&slot->state) < atomic_load(&oldest->state))
            oldest = slot;
    }
    atomic_store(&oldest->state, 0);
    atomic_store(&oldest->who, hash);
    return oldest;
}

struct tally_count tally_add(struct tally *tally, struct str who, int64_t window_s, int64_t now_s)
{
    assert(window_s >= 1 && window_s <= 86400);
    uint64_t window = (uint64_t)now_s & 0xFFFFFFFFu;
    window -= window % (uint64_t)window_s;
    struct tally_slot *slot = slot_of(tally, hash_of(tally, who, window_s));
    uint64_t old = atomic_load(&slot->state), next;
    do {
        uint32_t count = (uint32_t)old;
        bool going_on = old >> 32 == window;
        next = window << 32 | (going_on && count < UINT32_MAX ? count + 1 : going_on ? count : 1);
    } while (!atomic_compare_exchange_weak(&slot->state, &old, next));
    return (struct tally_count){(uint32_t)next, window_s - now_s % window_s};
}
