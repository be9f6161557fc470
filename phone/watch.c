/* phone/watch.c: /proc/PID/stat and statm. Source: proc(5). */
#include "phone/watch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_line(const char *path, char *line, int room)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    char *got = fgets(line, room, file);
    fclose(file);
    return got ? 0 : -1;
}

/* utime and stime are fields 14 and 15; the name in the second may hold spaces and brackets. */
static double cpu_of(int pid)
{
    char path[64], line[1024];
    unsigned long user, system;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    const char *rest = read_line(path, line, sizeof(line)) ? NULL : strrchr(line, ')');
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                        &system) != 2)
        return -1;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static int64_t resident_of(int pid)
{
    char path[64], line[256];
    long pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    if (read_line(path, line, sizeof(line)) || sscanf(line, "%*d %ld", &pages) != 1)
        return 0;
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

struct watch_sample watch_pids(const int *pids, size_t count)
{
    struct watch_sample sample = {0};
    for (size_t i = 0; i < count; i++) {
        double cpu = cpu_of(pids[i]);
        if (cpu < 0)
            sample.gone++;
        else
            sample.cpu_seconds += cpu;
        sample.resident_bytes += resident_of(pids[i]);
    }
    return sample;
}

struct watch_sample watch_self(void)
{
    const int pid = (int)getpid();
    return watch_pids(&pid, 1);
}
