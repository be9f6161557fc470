/* test/karen_simulate.c: simulated calls at the command line:
 *
 *   karen-simulate FIRST COUNT [CORES]   so many calls, and how well they went; the first that
 * breaks an invariant is shown karen-simulate show SEED             one call as a log: its events,
 * and what was done karen-simulate replay FILE           a log's events played again: what is done
 * now karen-simulate shrink SEED|FILE      of a call that breaks an invariant as few events as do
 * it
 *
 * Exit status 0: all held; 1: one was broken; 2: it was not asked rightly. */
#include "test/simulate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CORES_MAX = 64, MOCKS_EVERY = 20, FILE_BYTES_MAX = 64 * 1024 * 1024 };

static uint64_t seed; /* of the call that runs, for when the core itself gives up */
static struct buf timeline;

static const char *play_shown(uint64_t which)
{
    buf_clear(&timeline);
    struct sim_result result = sim_play(&(struct sim_case){.seed = which, .timeline = &timeline});
    if (result.broken)
        return result.broken;
    struct buf plain = timeline;
    timeline = (struct buf){0};
    const char *broken = simulate(which, NULL, &timeline);
    if (broken) { /* by stale news: this is the call to see */
        buf_free(&plain);
        return broken;
    }
    buf_free(&timeline);
    timeline = plain;
    return NULL;
}

static int show(void)
{
    const char *broken = play_shown(seed);
    fputs(buf_text(&timeline), stdout);
    if (broken)
        printf("seed %llu: %s\n", (unsigned long long)seed, broken);
    buf_free(&timeline);
    return broken != NULL;
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    fputs(buf_text(&timeline), stdout);
    printf("seed %llu: an assertion failed; karen-simulate show %llu shows it\n",
           (unsigned long long)seed, (unsigned long long)seed);
    fflush(stdout);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What one core did. */
struct share {
    int status;
    double seconds;
    struct sim_panel panel, mocks;
};

static void play_share(uint64_t first, uint64_t count, struct share *share)
{
    double start = seconds();
    for (seed = first; seed < first + count && !share->status; seed++)
        if (simulate(seed, &share->panel, NULL)) {
            share->status = show();
            break;
        }
    share->seconds = seconds() - start;
    for (seed = first; seed < first + count && !share->status; seed += MOCKS_EVERY)
        sim_play(&(struct sim_case){.seed = seed, .world = SIM_MOCKS, .panel = &share->mocks});
}

/* A process a core; each sends what it counted through a pipe. */
static int start_share(uint64_t first, uint64_t count)
{
    int ends[2];
    if (pipe(ends)) {
        perror("karen-simulate: pipe");
        exit(2);
    }
    pid_t child = fork();
    if (child < 0) {
        perror("karen-simulate: fork");
        exit(2);
    }
    if (child > 0) {
        close(ends[1]);
        return ends[0];
    }
    static struct share share;
    close(ends[0]);
    play_share(first, count, &share);
    fflush(stdout);
    size_t sent = 0;
    while (sent < sizeof share) {
        ssize_t wrote = write(ends[1], (const char *)&share + sent, sizeof share - sent);
        if (wrote <= 0)
            _exit(2);
        sent += (size_t)wrote;
    }
    _exit(share.status);
}

static void collect(int end, struct share *sum)
{
    static struct share share;
    size_t got = 0;
    ssize_t read_now;
    while (got < sizeof share &&
           (read_now = read(end, (char *)&share + got, sizeof share - got)) > 0)
        got += (size_t)read_now;
    close(end);
    if (got < sizeof share) { /* the core gave up in it, and said so */
        sum->status = 1;
        return;
    }
    sum->status |= share.status;
    sum->seconds += share.seconds;
    sim_panel_add(&sum->panel, &share.panel);
    sim_panel_add(&sum->mocks, &share.mocks);
}

static int play_many(uint64_t first, uint64_t count, uint64_t cores)
{
    static struct share sum;
    int ends[CORES_MAX];
    cores = cores < 1 ? 1 : cores > CORES_MAX ? CORES_MAX : cores;
    uint64_t each = (count + cores - 1) / cores, started = 0, left = count;
    signal(SIGABRT, on_abort);
    if (cores == 1)
        play_share(first, count, &sum);
    for (; cores > 1 && left; started++, left -= left < each ? left : each)
        ends[started] = start_share(first + started * each, left < each ? left : each);
    for (uint64_t i = 0; i < started; i++) {
        collect(ends[i], &sum);
        wait(NULL);
    }
    if (sum.status)
        return 1;
    printf("%llu calls, no invariant broken, %.0f calls a second of a core\n",
           (unsigned long long)count, sum.seconds > 0 ? (double)count / sum.seconds : 0);
    sim_panel_print(&sum.panel, &sum.mocks);
    return 0;
}

static bool read_file(const char *path, struct buf *out)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
    char piece[4096];
    size_t got;
    if (!file)
        return false;
    while (out->bytes < FILE_BYTES_MAX && (got = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(out, piece, got);
    bool good = !ferror(file);
    if (file != stdin)
        fclose(file);
    return good;
}

static int read_log(struct str text, const char *path, struct sim_log *log)
{
    size_t line;
    if (!sim_log_read(text, log, &line))
        return 0;
    fprintf(stderr, "%s:%zu: not a line of a log\n", path, line);
    return 2;
}

static int replay(const char *path)
{
    struct buf text = {0};
    struct sim_log log = {0};
    const char *broken = NULL;
    if (!read_file(path, &text)) {
        perror(path);
        return 2;
    }
    int status = read_log(buf_str(&text), path, &log);
    if (!status) {
        broken = sim_play(&(struct sim_case){.replay = &log, .timeline = &timeline}).broken;
        fputs(buf_text(&timeline), stdout);
        status = broken != NULL;
    }
    if (broken)
        printf("%s: %s\n", path, broken);
    sim_log_free(&log);
    buf_free(&text);
    buf_free(&timeline);
    return status;
}

static int shrink(const char *which)
{
    struct buf text = {0};
    struct sim_log log = {0};
    char *end;
    seed = strtoull(which, &end, 10);
    bool is_seed = *which && !*end;
    if (is_seed)
        play_shown(seed);
    else if (!read_file(which, &text)) {
        perror(which);
        return 2;
    }
    int status = read_log(buf_str(is_seed ? &timeline : &text), which, &log);
    if (!status) {
        size_t before = log.count;
        const char *broken = sim_shrink(&log);
        buf_clear(&timeline);
        if (broken)
            sim_play(&(struct sim_case){.replay = &log, .timeline = &timeline});
        fputs(buf_text(&timeline), stdout);
        printf("%s: %s, %zu events of %zu\n", which,
               broken ? broken : "breaks nothing when played again", log.count, before);
        status = broken != NULL;
    }
    sim_log_free(&log);
    buf_free(&text);
    buf_free(&timeline);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "show")) {
        seed = strtoull(argv[2], NULL, 10);
        return show();
    }
    if (argc == 3 && !strcmp(argv[1], "replay"))
        return replay(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "shrink"))
        return shrink(argv[2]);
    if (argc == 3 || argc == 4)
        return play_many(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10),
                         argc == 4 ? strtoull(argv[3], NULL, 10) : 1);
    fputs(
        "usage: karen-simulate FIRST COUNT [CORES] | show SEED | replay FILE | shrink SEED|FILE\n",
        stderr);
    return 2;
}
