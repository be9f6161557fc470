/* phone/speak.c: a child process that writes a WAV file to a pipe. The text is an argument of its
 * own, so no shell ever reads it. */
#include "phone/speak.h"

#include "base/mem.h"
#include "phone/wav.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start(const char *text, const char *language, int out, pid_t *pid_out)
{
    posix_spawn_file_actions_t actions;
    char *name = xstrdup("espeak-ng"), *voice = xstrdup(language), *words = xstrdup(text);
    char voice_option[] = "-v", to_stdout[] = "--stdout", end[] = "--";
    char *const argv[] = {name, voice_option, voice, to_stdout, end, words, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int err = posix_spawnp(pid_out, name, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(name);
    free(voice);
    free(words);
    return err;
}

static int read_pipe(int fd, struct buf *out)
{
    char piece[65536];
    ssize_t bytes;
    while ((bytes = read(fd, piece, sizeof(piece))) > 0 && out->bytes < WAV_BYTES_MAX)
        buf_add(out, piece, (size_t)bytes);
    return bytes < 0 ? errno : 0;
}

int speak(const char *text, const char *language, struct buf *ulaw_out, const char **why_out)
{
    int ends[2], status = 0;
    pid_t pid;
    struct buf wav = {0};
    if (pipe(ends))
        return errno;
    int err = start(text, language, ends[1], &pid);
    close(ends[1]);
    if (!err) {
        err = read_pipe(ends[0], &wav);
        waitpid(pid, &status, 0);
    }
    close(ends[0]);
    if (err)
        *why_out = err == ENOENT ? "the program espeak-ng is not installed" : strerror(err);
    else
        err = wav_parse(buf_str(&wav), ulaw_out, why_out);
    buf_free(&wav);
    return err;
}
