/* line/clips_disk.c: reading, writing and throwing out of the cache's files. */
#include "line/clips_disk.h"

#include "base/folder.h"
#include "base/log.h"
#include "base/mem.h"
#include "line/clips.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAY_SECONDS = 24 * 3600 };

typedef bool entry_fn(const char *path, void *arg); /* false: enough */

static void each_entry(const char *directory, entry_fn *fn, void *arg)
{
    DIR *dir = opendir(directory);
    bool more = dir != NULL;
    for (struct dirent *entry; more && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = xprintf("%s/%s", directory, entry->d_name);
        more = fn(path, arg);
        free(path);
    }
    if (dir)
        closedir(dir);
}

static bool throw_out_old(const char *path, void *arg)
{
    struct stat entry;
    if (lstat(path, &entry))
        return true;
    if (S_ISDIR(entry.st_mode)) {
        each_entry(path, throw_out_old, arg);
        rmdir(path); /* works when it is empty */
    } else if (S_ISREG(entry.st_mode) && entry.st_mtime < *(const time_t *)arg) {
        unlink(path);
    }
    return true;
}

int disk_prepare(const char *directory)
{
    if (!directory)
        return 0;
    int err = folder_make(directory, 0750);
    time_t oldest = time(NULL) - CLIP_DAYS_MAX * DAY_SECONDS;
    if (!err)
        each_entry(directory, throw_out_old, &oldest);
    return err;
}

static char *path_of(const char *directory, const char *key)
{
    return xprintf("%s/%s.ulaw", directory, key);
}

static char *folder_of(const char *directory, const char *key)
{
    return xprintf("%s/%.*s", directory, CLIP_NAME_BYTES, key);
}

bool disk_has(const char *directory, const char *key)
{
    if (!directory)
        return false;
    char *path = path_of(directory, key);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static int read_file(const char *path, struct buf *audio_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno;
    struct stat file;
    int err = fstat(fd, &file) ? errno : 0;
    if (!err && (!S_ISREG(file.st_mode) || file.st_size <= 0 || file.st_size > CLIP_BYTES_MAX))
        err = EINVAL;
    if (!err) {
        size_t bytes = (size_t)file.st_size;
        buf_reserve(audio_out, bytes);
        err = read(fd, audio_out->data, bytes) == (ssize_t)bytes ? 0 : EIO;
        audio_out->bytes = err ? 0 : bytes;
        audio_out->data[audio_out->bytes] = '\0';
    }
    close(fd);
    return err;
}

bool disk_read(const char *directory, const char *key, struct buf *audio_out)
{
    if (!directory)
        return false;
    char *path = path_of(directory, key);
    int err = read_file(path, audio_out);
    free(path);
    return err == 0;
}

static bool read_if_audio(const char *path, void *arg)
{
    size_t bytes = strlen(path);
    bool audio = bytes > 5 && strcmp(path + bytes - 5, ".ulaw") == 0;
    return !audio || read_file(path, arg) != 0;
}

bool disk_read_any_voice(const char *directory, const char *key, struct buf *audio_out)
{
    if (!directory)
        return false;
    char *folder = folder_of(directory, key);
    each_entry(folder, read_if_audio, audio_out);
    free(folder);
    return audio_out->bytes > 0;
}

static int write_file(const char *path, struct str audio)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return errno;
    bool whole = write(fd, audio.at, audio.bytes) == (ssize_t)audio.bytes;
    return close(fd) == 0 && whole ? 0 : EIO;
}

/* Under another name first: another worker never sees half a file. */
void disk_write(const char *directory, const char *key, struct str audio)
{
    if (!directory)
        return;
    char *folder = folder_of(directory, key);
    char *path = path_of(directory, key);
    char *aside = xprintf("%s.%ld", path, (long)getpid());
    int err = mkdir(folder, 0750) && errno != EEXIST ? errno : 0;
    if (!err)
        err = write_file(aside, audio);
    if (!err && rename(aside, path))
        err = errno;
    if (err) {
        log_warn(NULL, "clip_not_written", "err=%d", err);
        unlink(aside);
    }
    free(aside);
    free(path);
    free(folder);
}
