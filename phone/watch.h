/* phone/watch.h: what processes of this machine use, from /proc. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct watch_sample {
    double cpu_seconds; /* user and system, of all of them together */
    int64_t resident_bytes;
    size_t gone; /* how many are not there */
};
struct watch_sample watch_pids(const int *pids, size_t count);
struct watch_sample watch_self(void);
