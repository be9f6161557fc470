/* test/test_supervisor.c: workers are restarted, replaced and drained. Each test forks a supervisor
 * whose workers tell over a pipe what they live through. */
#include "test/test.h"

#include "app/supervisor.h"
#include "base/log.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

struct note {  /* small enough that a pipe never mixes two */
    char what; /* 's' serves, 't' told to stop, 'r' told to leave */
    pid_t pid;
};
static int notes[2];
static volatile sig_atomic_t told;

static void on_told(int number)
{
    told = number;
}

static void tell(char what)
{
    struct note note = {what, getpid()};
    assert_int_equal(write(notes[1], &note, sizeof(note)), sizeof(note));
}

/* Serves until told to go; arg "stubborn" does not go. */
static int worker(const struct worker_place *place, void *arg)
{
    sigset_t wanted, rest;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGUSR1);
    sigprocmask(SIG_BLOCK, &wanted, &rest);
    signal(SIGTERM, on_told);
    signal(SIGUSR1, on_told);
    tell('s'); /* before anybody can be dismissed because of it */
    assert_int_equal(write(place->ready_fd, "1", 1), 1);
    for (;;) {
        sigsuspend(&rest);
        tell(told == SIGTERM ? 't' : 'r');
        if (!arg)
            return 0;
    }
}

static int hopeless_worker(const struct worker_place *place, void *arg)
{
    (void)place;
    (void)arg;
    return SUPERVISOR_GIVE_UP;
}

static pid_t start(worker_fn *fn, int workers, int64_t drain_ms_max, void *arg)
{
    assert_int_equal(pipe(notes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody outlives a test that failed */
        log_setup(LOG_ERROR + 1, false);
        _exit(supervise(&(struct supervisor_options){
            .workers = workers, .drain_ms_max = drain_ms_max, .worker = fn, .arg = arg}));
    }
    close(notes[1]);
    return pid;
}

static pid_t expect_note(char what)
{
    struct note note = {0};
    struct pollfd fd = {.fd = notes[0], .events = POLLIN};
    assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
    assert_int_equal(read(notes[0], &note, sizeof(note)), sizeof(note));
    assert_int_equal(note.what, what);
    return note.pid;
}

static int exit_status(pid_t supervisor)
{
    int status;
    assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
    close(notes[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void all_workers_serve_and_end_on_sigterm(void **state)
{
    (void)state;
    pid_t supervisor = start(worker, 2, 5000, NULL);
    assert_int_not_equal(expect_note('s'), expect_note('s'));
    kill(supervisor, SIGTERM);
    expect_note('t');
    expect_note('t');
    assert_int_equal(exit_status(supervisor), 0);
}

static void a_dead_worker_is_replaced(void **state)
{
    (void)state;
    pid_t supervisor = start(worker, 1, 5000, NULL);
    pid_t first = expect_note('s');
    kill(first, SIGKILL);
    assert_int_not_equal(expect_note('s'), first);
    kill(supervisor, SIGTERM);
    expect_note('t');
    assert_int_equal(exit_status(supervisor), 0);
}

static void sighup_replaces_a_worker_only_when_the_new_one_serves(void **state)
{
    (void)state;
    pid_t supervisor = start(worker, 1, 5000, NULL);
    pid_t first = expect_note('s');
    kill(supervisor, SIGHUP);
    pid_t second = expect_note('s');
    assert_int_not_equal(second, first);
    assert_int_equal(expect_note('r'), first);
    kill(supervisor, SIGTERM);
    assert_int_equal(expect_note('t'), second);
    assert_int_equal(exit_status(supervisor), 0);
}

static void a_worker_that_does_not_end_is_killed_after_the_drain(void **state)
{
    (void)state;
    static char stubborn[] = "stubborn";
    pid_t supervisor = start(worker, 1, 50, stubborn);
    expect_note('s');
    kill(supervisor, SIGTERM);
    expect_note('t');
    assert_int_equal(exit_status(supervisor), 0);
}

static void a_second_sigterm_does_not_wait_for_the_drain(void **state)
{
    (void)state;
    static char stubborn[] = "stubborn";
    pid_t supervisor = start(worker, 1, 3600 * 1000, stubborn);
    expect_note('s');
    kill(supervisor, SIGTERM);
    expect_note('t');
    kill(supervisor, SIGTERM);
    assert_int_equal(exit_status(supervisor), 0);
}

static void a_start_that_cannot_work_ends_the_supervisor(void **state)
{
    (void)state;
    pid_t supervisor = start(hopeless_worker, 2, 5000, NULL);
    assert_int_equal(exit_status(supervisor), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_workers_serve_and_end_on_sigterm),
        cmocka_unit_test(a_dead_worker_is_replaced),
        cmocka_unit_test(sighup_replaces_a_worker_only_when_the_new_one_serves),
        cmocka_unit_test(a_worker_that_does_not_end_is_killed_after_the_drain),
        cmocka_unit_test(a_second_sigterm_does_not_wait_for_the_drain),
        cmocka_unit_test(a_start_that_cannot_work_ends_the_supervisor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
