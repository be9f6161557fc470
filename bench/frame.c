/* bench/frame.c: what 20 ms of a caller cost before anybody thinks about them: the carrier's
 * message read and decoded, and listened to for voice and keys. Prints nanoseconds a frame.
 *
 * usage: bench-frame WAV       8 kHz mono mu-law */
#include "base/audio.h"
#include "base/buf.h"
#include "base/mem.h"
#include "carrier/twilio_wire.h"
#include "line/ears.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WAV_HEAD_BYTES = 58, AUDIO_BYTES_MAX = 1024 * 1024, ROUNDS = 60 };

static uint8_t audio[AUDIO_BYTES_MAX];
static size_t frame_count, events;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int read_audio(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    size_t bytes = fread(audio, 1, sizeof(audio), file);
    fclose(file);
    if (bytes < WAV_HEAD_BYTES + AUDIO_FRAME_BYTES)
        return -1;
    memmove(audio, audio + WAV_HEAD_BYTES, bytes - WAV_HEAD_BYTES);
    frame_count = (bytes - WAV_HEAD_BYTES) / AUDIO_FRAME_BYTES;
    return 0;
}

static void on_ears(const struct ears_event *event, void *arg)
{
    (void)event;
    (void)arg;
    events++;
}

static void show(const char *what, int64_t since_ns)
{
    printf("%-48s %6.0f ns\n", what,
           (double)(now_ns() - since_ns) / (double)(frame_count * ROUNDS));
}

static void hear_all(const char *what)
{
    struct ears *ears = ears_new();
    int64_t since_ns = now_ns();
    for (size_t i = 0; i < frame_count * ROUNDS; i++)
        ears_hear(ears, audio + i % frame_count * AUDIO_FRAME_BYTES, AUDIO_FRAME_BYTES,
                  (int64_t)i * AUDIO_FRAME_MS, on_ears, NULL);
    show(what, since_ns);
    ears_free(&ears);
}

static void decode_all(void)
{
    struct str sid = str_of("MZ00000000000000000000000000000001");
    struct buf *messages = xalloc(frame_count * sizeof(*messages));
    for (size_t i = 0; i < frame_count; i++)
        twilio_put_inbound(&messages[i], sid, i, i, (int64_t)i * AUDIO_FRAME_MS,
                           audio + i * AUDIO_FRAME_BYTES, AUDIO_FRAME_BYTES);
    int64_t since_ns = now_ns();
    for (size_t i = 0; i < frame_count * ROUNDS; i++) {
        struct twilio_message message;
        uint8_t ulaw[TWILIO_AUDIO_ROOM];
        size_t bytes = 0;
        if (!twilio_message_parse(buf_str(&messages[i % frame_count]), &message) &&
            !twilio_payload_decode(message.payload, ulaw, &bytes))
            events += bytes;
    }
    show("the carrier's message, read and decoded", since_ns);
    for (size_t i = 0; i < frame_count; i++)
        buf_free(&messages[i]);
    free(messages);
}

int main(int argc, char **argv)
{
    if (argc != 2 || read_audio(argv[1])) {
        fputs("usage: bench-frame WAV\n", stderr);
        return 2;
    }
    decode_all();
    hear_all("voice and keys, somebody speaking");
    memset(audio, ULAW_SILENCE, sizeof(audio));
    hear_all("voice and keys, silence");
    return events ? 0 : 1;
}
