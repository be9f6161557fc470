/* app/worker.h: one worker process: everything it holds, wired together, from start to drain. */
#pragma once
#include "api/metrics.h"

/* A worker_fn of app/supervisor.h; arg is a const struct config. */
int worker_run(struct metrics_page *page, int slot, int ready_fd, void *arg);
