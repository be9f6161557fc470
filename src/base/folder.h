/* base/folder.h: folders that a service makes for itself. */
#pragma once
#include <sys/types.h>

/* Makes it and those above it, which get the same mode. An errno value: it cannot be used. */
int folder_make(const char *path, mode_t mode);
