/* app/worker.h: one worker process: everything it holds, wired together, from start to drain. */
#pragma once
#include "app/supervisor.h"

/* A worker_fn of app/supervisor.h; arg is a const struct config. */
int worker_run(const struct worker_place *place, void *arg);
