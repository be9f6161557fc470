/* speech/festival.c: the child process, the little Scheme we send it, the WAVE file it leaves in a
 * piece of shared memory. */
#include "speech/festival.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CHILD_WAVE_FD = 3,
    WAVE_BYTES_MAX = 32 << 20, /* six minutes at 44.1 kHz */
    WAVE_HEADER_BYTES = 44,
};
#define DONE "karen-done"

extern char **environ;

struct festival {
    pid_t pid; /* 0 while there is no child */
    int talk;  /* its standard input and output */
    int wave;  /* shared memory that it writes a WAVE file to */
    int starts;
};

struct festival *festival_new(void)
{
    return xalloc(sizeof(struct festival));
}

static void end_child(struct festival *festival)
{
    if (!festival->pid)
        return;
    close(festival->talk);
    close(festival->wave);
    kill(festival->pid, SIGKILL);
    waitpid(festival->pid, NULL, 0);
    festival->pid = 0;
}

void festival_free(struct festival **festival)
{
    if (!*festival)
        return;
    end_child(*festival);
    free(*festival);
    *festival = NULL;
}

static int spawn(struct festival *festival, int child_talk)
{
    /* the heap: without a size it takes 350 MB */
    static const char *const arguments[] = {"festival", "--heap", "200000", "--pipe", NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, child_talk, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, child_talk, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, festival->wave, CHILD_WAVE_FD);
    posix_spawn_file_actions_addclosefrom_np(&files, CHILD_WAVE_FD + 1);
    char *argv[countof(arguments)];
    for (size_t i = 0; i < countof(arguments); i++)
        argv[i] = xstrdup(arguments[i]);
    int err = posix_spawnp(&festival->pid, argv[0], &files, NULL, argv, environ);
    for (size_t i = 0; i < countof(arguments); i++)
        free(argv[i]);
    posix_spawn_file_actions_destroy(&files);
    return err;
}

static int start_child(struct festival *festival)
{
    if (festival->pid)
        return 0;
    if (++festival->starts > FESTIVAL_STARTS_MAX)
        return ENOENT;
    int talk[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk))
        return errno;
    festival->talk = talk[0];
    festival->wave = memfd_create("festival", MFD_CLOEXEC);
    int err = festival->wave < 0 ? errno : spawn(festival, talk[1]);
    close(talk[1]);
    if (err) {
        close(talk[0]);
        if (festival->wave >= 0)
            close(festival->wave);
        festival->pid = 0;
    }
    return err;
}

/* Slovak letters that Czech lacks, as a Czech would say them. */
static const char *czech_spelling(uint32_t code)
{
    switch (code) {
    case 0x13E: /* l with caron */
    case 0x13A: return "l";
    case 0x155: return "r";
    case 0xE4: return "e";
    case 0xF4: return "uo";
    default: return NULL;
    }
}

/* One character as ISO-8859-2, the voices' own; what that does not have becomes a space. */
static void put_latin2(struct buf *buf, iconv_t latin2, struct str character)
{
    char *from = xstrndup(character.at, character.bytes);
    char *in = from;
    size_t in_bytes = character.bytes;
    char byte = ' ';
    char *out = &byte;
    size_t out_bytes = 1;
    if (iconv(latin2, &in, &in_bytes, &out, &out_bytes) == (size_t)-1 || (byte & 0x60) == 0)
        byte = ' ';
    if (byte == '"' || byte == '\\')
        buf_putc(buf, '\\');
    buf_putc(buf, byte);
    free(from);
}

/* text as a Scheme string. Nothing in it can end the string: whoever wrote the text must not get to
 * say anything else to the interpreter. */
static void put_scheme_string(struct buf *buf, const char *text)
{
    iconv_t latin2 = iconv_open("ISO-8859-2", "UTF-8");
    struct str rest = str_of(text);
    buf_putc(buf, '"');
    while (rest.bytes) {
        uint32_t code;
        struct str character = {rest.at, utf8_next(rest, &code)};
        rest = (struct str){rest.at + character.bytes, rest.bytes - character.bytes};
        const char *czech = czech_spelling(utf8_lower(code));
        if (czech)
            buf_puts(buf, czech);
        else
            put_latin2(buf, latin2, character);
    }
    buf_putc(buf, '"');
    iconv_close(latin2);
}

static int send_all(int fd, struct str data)
{
    while (data.bytes) {
        ssize_t sent = send(fd, data.at, data.bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno;
        data = (struct str){data.at + sent, data.bytes - (size_t)sent};
    }
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads what festival prints until it says that it is done. */
static int wait_until_done(int fd)
{
    int64_t deadline_ms = now_ms() + FESTIVAL_MS_MAX;
    struct buf said = {0};
    int err = 0;
    while (!err && !strstr(buf_text(&said), DONE)) {
        char piece[512];
        int64_t left_ms = deadline_ms - now_ms();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || said.bytes > 65536 || poll(&ready, 1, (int)left_ms) == 0) {
            err = ETIMEDOUT;
            break;
        }
        ssize_t got = recv(fd, piece, sizeof piece, 0);
        if (got > 0)
            buf_add(&said, piece, (size_t)got);
        else if (got == 0 || errno != EINTR)
            err = EIO;
    }
    buf_free(&said);
    return err;
}

/* festival writes a plain 16-bit mono RIFF file: the rate stands at byte 24, samples after 44. */
static int take_wave(int fd, struct pcm *pcm)
{
    struct stat status;
    if (fstat(fd, &status) || status.st_size <= WAVE_HEADER_BYTES ||
        status.st_size > WAVE_BYTES_MAX)
        return EIO;
    size_t bytes = (size_t)status.st_size;
    uint8_t *wave = xalloc(bytes);
    int err = pread(fd, wave, bytes, 0) == status.st_size && !memcmp(wave, "RIFF", 4) ? 0 : EIO;
    if (!err) {
        pcm->hz = wave[24] | wave[25] << 8 | wave[26] << 16;
        int16_t *samples = (int16_t *)(void *)(wave + WAVE_HEADER_BYTES);
        pcm_add(pcm, samples, (bytes - WAVE_HEADER_BYTES) / sizeof *samples);
    }
    free(wave);
    return err;
}

int festival_speak(struct festival *festival, const char *voice, double stretch, const char *text,
                   struct pcm *pcm)
{
    int err = start_child(festival);
    if (err)
        return err;
    struct buf command = {0};
    buf_printf(&command,
               "(unwind-protect (begin (voice_%s) (Parameter.set 'Duration_Stretch %.3f)"
               " (utt.save.wave (utt.synth (Utterance Text ",
               voice, stretch);
    put_scheme_string(&command, text);
    buf_printf(&command,
               ")) \"/proc/self/fd/%d\" 'riff)))\n"
               "(format t \"%%s\\n\" \"" DONE "\")\n(fflush nil)\n",
               CHILD_WAVE_FD);
    if (ftruncate(festival->wave, 0))
        err = errno;
    if (!err)
        err = send_all(festival->talk, buf_str(&command));
    buf_free(&command);
    if (!err)
        err = wait_until_done(festival->talk);
    if (err)
        end_child(festival);
    else
        err = take_wave(festival->wave, pcm);
    return err;
}
