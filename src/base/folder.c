/* base/folder.c: mkdir(2), from the top down. */
#include "base/folder.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int folder_make(const char *path, mode_t mode)
{
    char *part = xstrdup(path);
    int err = part[0] ? 0 : ENOENT;
    for (char *slash = part + 1; !err && (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(part, mode); /* whether it worked shows at the last */
    }
    if (!err && mkdir(part, mode) && errno != EEXIST)
        err = errno;
    if (!err && access(part, W_OK | X_OK))
        err = errno;
    free(part);
    return err;
}
