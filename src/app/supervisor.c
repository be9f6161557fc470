/* app/supervisor.c: worker processes kept alive.
 *
 *   seat: STARTING -> SERVING -> (dead) -> WAITING -> STARTING ...
 *
 * A seat is a place for one worker. On SIGHUP each seat gets a new process; the old one is told to
 * leave as soon as the new one serves. */
#include "app/supervisor.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 64,
    PROCESSES_MAX = 2 * WORKERS_MAX,
    RESTART_MS_MIN = 100,
    RESTART_MS_MAX = 5000,
    STEADY_MS = 10000, /* a worker that ran so long was no failed start */
};

enum process_state { FREE, STARTING, SERVING, LEAVING };
struct process { /* its index is its slot on the page of counters */
    enum process_state state;
    pid_t pid;
    int seat;
    int ready_fd;
    uint64_t number; /* 1, 2, ... in the order of their starts */
    int64_t started_ms;
    int64_t kill_at_ms; /* LEAVING */
};
struct seat {
    int64_t restart_at_ms; /* 0: a process runs */
    int64_t pause_ms;
};
struct supervisor {
    const struct supervisor_options *options;
    struct metrics_page *page;
    struct tally *tally;
    int signal_fd;
    bool stopping, failed, announced;
    uint64_t started; /* processes so far */
    struct process processes[PROCESSES_MAX];
    struct seat seats[WORKERS_MAX];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sigset_t our_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    return set;
}

static void become_worker(struct supervisor *supervisor, const struct worker_place *place,
                          pid_t parent)
{
    sigset_t set = our_signals();
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* an orphan finishes its calls and ends */
    if (getppid() != parent)
        raise(SIGTERM);
    close(supervisor->signal_fd);
    /* Ctrl-C reaches the whole foreground group: only the supervisor decides what it means */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    const struct supervisor_options *options = supervisor->options;
    exit(options->worker(place, options->arg));
}

static int free_slot(const struct supervisor *supervisor)
{
    for (int i = 0; i < PROCESSES_MAX; i++)
        if (supervisor->processes[i].state == FREE)
            return i;
    return -1;
}

static void retry_later(struct seat *seat)
{
    seat->pause_ms = seat->pause_ms ? seat->pause_ms * 2 : RESTART_MS_MIN;
    if (seat->pause_ms > RESTART_MS_MAX)
        seat->pause_ms = RESTART_MS_MAX;
    seat->restart_at_ms = now_ms() + seat->pause_ms;
}

static void start(struct supervisor *supervisor, int seat)
{
    int pipe_fds[2], slot = free_slot(supervisor);
    if (slot < 0 || pipe(pipe_fds)) {
        retry_later(&supervisor->seats[seat]);
        return;
    }
    pid_t parent = getpid();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipe_fds[0]);
        become_worker(
            supervisor,
            &(struct worker_place){supervisor->page, supervisor->tally, slot, seat, pipe_fds[1]},
            parent);
    }
    close(pipe_fds[1]);
    if (pid < 0) {
        close(pipe_fds[0]);
        retry_later(&supervisor->seats[seat]);
        return;
    }
    supervisor->seats[seat].restart_at_ms = 0;
    supervisor->processes[slot] = (struct process){.state = STARTING,
                                                   .pid = pid,
                                                   .seat = seat,
                                                   .ready_fd = pipe_fds[0],
                                                   .number = ++supervisor->started,
                                                   .started_ms = now_ms()};
}

static void dismiss(struct supervisor *supervisor, struct process *process, int signal_number)
{
    if (process->state == FREE || process->state == LEAVING)
        return;
    process->state = LEAVING;
    process->kill_at_ms = now_ms() + supervisor->options->drain_ms_max;
    kill(process->pid, signal_number);
}

static void announce(struct supervisor *supervisor)
{
    int serving = 0;
    for (int i = 0; i < PROCESSES_MAX; i++)
        serving += supervisor->processes[i].state == SERVING;
    if (supervisor->announced || serving < supervisor->options->workers)
        return;
    supervisor->announced = true;
    log_info(NULL, "serving", "workers=%d", serving);
    if (!supervisor->options->ready_file)
        return;
    FILE *file = fopen(supervisor->options->ready_file, "w");
    if (!file) {
        log_warn(NULL, "no_ready_file", "why=\"%s\"", strerror(errno));
        return;
    }
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
}

/* One worker a seat: the newest that serves. Whoever held the seat before may leave. */
static void settle_seat(struct supervisor *supervisor, struct process *process)
{
    for (int i = 0; i < PROCESSES_MAX; i++) {
        struct process *other = &supervisor->processes[i];
        if (other->state == FREE || other->seat != process->seat)
            continue;
        if (other->number < process->number)
            dismiss(supervisor, other, SIGUSR1);
        else if (other->number > process->number && other->state == SERVING)
            dismiss(supervisor, process, SIGUSR1);
    }
}

static void on_ready(struct supervisor *supervisor, struct process *process)
{
    char byte;
    ssize_t got = read(process->ready_fd, &byte, 1);
    close(process->ready_fd);
    process->ready_fd = -1;
    if (got != 1)
        return; /* it died; SIGCHLD tells */
    if (process->state == STARTING)
        process->state = SERVING;
    settle_seat(supervisor, process);
    announce(supervisor);
}

static bool seat_is_held(const struct supervisor *supervisor, int seat)
{
    for (int i = 0; i < PROCESSES_MAX; i++) {
        const struct process *process = &supervisor->processes[i];
        if (process->seat == seat && (process->state == STARTING || process->state == SERVING))
            return true;
    }
    return false;
}

static void stop(struct supervisor *supervisor)
{
    supervisor->stopping = true;
    for (int i = 0; i < PROCESSES_MAX; i++)
        dismiss(supervisor, &supervisor->processes[i], SIGTERM);
}

static void on_death(struct supervisor *supervisor, int slot, int status)
{
    struct process *process = &supervisor->processes[slot];
    struct process was = *process;
    bool gave_up = WIFEXITED(status) && WEXITSTATUS(status) == SUPERVISOR_GIVE_UP;
    if (was.ready_fd >= 0)
        close(was.ready_fd);
    *process = (struct process){.state = FREE, .ready_fd = -1};
    metrics_depart(supervisor->page, slot);
    if (was.state == LEAVING || supervisor->stopping)
        return;
    log_error(NULL, "worker_died", "pid=%d signal=%d status=%d", (int)was.pid,
              WIFSIGNALED(status) ? WTERMSIG(status) : 0,
              WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    if (gave_up) {
        supervisor->failed = true;
        stop(supervisor);
        return;
    }
    struct seat *seat = &supervisor->seats[was.seat];
    if (now_ms() - was.started_ms > STEADY_MS)
        seat->pause_ms = 0;
    if (!seat_is_held(supervisor, was.seat))
        retry_later(seat);
}

static void reap(struct supervisor *supervisor)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < PROCESSES_MAX; i++)
            if (supervisor->processes[i].state != FREE && supervisor->processes[i].pid == pid)
                on_death(supervisor, i, status);
}

static void replace_all(struct supervisor *supervisor)
{
    log_info(NULL, "replacing_workers", "");
    for (int seat = 0; seat < supervisor->options->workers; seat++)
        start(supervisor, seat);
}

static void on_signal(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    if (read(supervisor->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    switch (info.ssi_signo) {
    case SIGCHLD: reap(supervisor); break;
    case SIGHUP:
        if (!supervisor->stopping)
            replace_all(supervisor);
        break;
    default:
        if (supervisor->stopping) { /* asked twice: now */
            for (int i = 0; i < PROCESSES_MAX; i++)
                supervisor->processes[i].kill_at_ms = 0;
        } else {
            log_info(NULL, "stopping", "signal=%d", (int)info.ssi_signo);
            stop(supervisor);
        }
    }
}

/* Starts what is due, kills what overstays; returns ms until the next time that matters, or -1. */
static int keep_time(struct supervisor *supervisor)
{
    int64_t now = now_ms(), next = INT64_MAX;
    for (int i = 0; i < PROCESSES_MAX; i++) {
        struct process *process = &supervisor->processes[i];
        if (process->state != LEAVING)
            continue;
        if (process->kill_at_ms <= now) {
            log_warn(NULL, "worker_killed", "pid=%d why=\"still busy after the longest drain\"",
                     (int)process->pid);
            kill(process->pid, SIGKILL);
            process->kill_at_ms = now + 1000;
        }
        if (process->kill_at_ms < next)
            next = process->kill_at_ms;
    }
    for (int seat = 0; seat < supervisor->options->workers && !supervisor->stopping; seat++) {
        int64_t at_ms = supervisor->seats[seat].restart_at_ms;
        if (at_ms && at_ms <= now)
            start(supervisor, seat);
        else if (at_ms && at_ms < next)
            next = at_ms;
    }
    return next == INT64_MAX ? -1 : (int)(next - now);
}

static bool any_left(const struct supervisor *supervisor)
{
    for (int i = 0; i < PROCESSES_MAX; i++)
        if (supervisor->processes[i].state != FREE)
            return true;
    return false;
}

static void watch(struct supervisor *supervisor)
{
    struct pollfd fds[PROCESSES_MAX + 1] = {{.fd = supervisor->signal_fd, .events = POLLIN}};
    int of[PROCESSES_MAX + 1], count = 1;
    int timeout_ms = keep_time(supervisor);
    for (int i = 0; i < PROCESSES_MAX; i++) {
        struct process *process = &supervisor->processes[i];
        if (process->state == FREE || process->ready_fd < 0)
            continue;
        fds[count] = (struct pollfd){.fd = process->ready_fd, .events = POLLIN};
        of[count++] = i;
    }
    if (poll(fds, (nfds_t)count, timeout_ms) <= 0)
        return;
    for (int i = 1; i < count; i++)
        if (fds[i].revents && supervisor->processes[of[i]].state != FREE)
            on_ready(supervisor, &supervisor->processes[of[i]]);
    if (fds[0].revents)
        on_signal(supervisor);
}

int supervise(const struct supervisor_options *options)
{
    sigset_t set = our_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct supervisor *supervisor = xalloc(sizeof(*supervisor));
    supervisor->options = options;
    supervisor->page = metrics_page_new();
    supervisor->tally = tally_new();
    supervisor->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    for (int i = 0; i < PROCESSES_MAX; i++)
        supervisor->processes[i].ready_fd = -1;
    for (int seat = 0; seat < options->workers; seat++)
        start(supervisor, seat);
    while (any_left(supervisor) || !supervisor->stopping)
        watch(supervisor);
    int status = supervisor->failed ? 1 : 0;
    close(supervisor->signal_fd);
    if (options->ready_file && supervisor->announced)
        unlink(options->ready_file);
    tally_free(&supervisor->tally);
    free(supervisor);
    log_info(NULL, "stopped", "");
    return status;
}
