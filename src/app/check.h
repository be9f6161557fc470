/* app/check.h: `karen check`: what is configured, reachable, missing, each with the cure. */
#pragma once
#include "app/config.h"

/* Prints to standard output; 0 when all is well, else 1. */
int check_run(const struct config *config);
