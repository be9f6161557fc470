/* line/ears.c: voice and keys out of 20 ms frames. Keys come first, since the voice detector takes
 * their tones for speech. What was said by us is remembered by when it is played, so that its echo
 * can be told from a caller by loudness alone. */
#include "line/ears.h"

#include "base/audio.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

/* The voice detector inside libwebrtc-audio-processing: exported there, but in no shipped header.
 * source: WebRTC common_audio/vad/include/webrtc_vad.h */
typedef struct WebRtcVadInst VadInst;
VadInst *WebRtcVad_Create(void);
void WebRtcVad_Free(VadInst *vad);
int WebRtcVad_Init(VadInst *vad);
int WebRtcVad_set_mode(VadInst *vad, int mode);
int WebRtcVad_Process(VadInst *vad, int hz, const int16_t *samples, size_t count);

enum {
    VAD_MODE = 3, /* the strictest: the others take the first frames of a stream for speech */
    ON_FRAMES = EARS_ON_MS / AUDIO_FRAME_MS,
    ON_WINDOW_FRAMES = EARS_ON_WINDOW_MS / AUDIO_FRAME_MS,
    OFF_FRAMES = EARS_OFF_MS / AUDIO_FRAME_MS,
    GOING_FRAMES = EARS_GOING_MS / AUDIO_FRAME_MS,
    VOICED_FRAMES = EARS_VOICED_WINDOW_MS / AUDIO_FRAME_MS,
    SAID_FRAMES = 128, /* 2.56 s: what can still echo and what the carrier holds unplayed */
    ECHO_FRAMES = EARS_ECHO_MS_MAX / AUDIO_FRAME_MS,
    CLOCK_SLACK_MS = 2 * AUDIO_FRAME_MS, /* jitter of the carrier's times that means nothing */
    TONE_HOLD_FRAMES = 3,                /* a key's tone fades out over two detector blocks */
};
/* dB below full scale. A telephone voice is at -30 to -15, an idle line at -60 and less. */
static const float LEVEL_DB_MIN = -48.0F; /* softer is never a voice */
static const float ROOM_MARGIN_DB = 6.0F; /* a voice stands out of its room by that much */
static const float ROOM_RISE_DB = 0.1F;   /* a frame: 5 dB a second; down it goes at once */
static const float ROOM_DB_MAX = -34.0F;  /* noise louder than that is not told from voice */
static const float KEY_DB_MIN = -42.0F;   /* the key detector's own threshold, in dBm0 */
static const float VAD_DB_MIN = -60.0F;   /* silence is not worth asking the detector */
static const float NOTHING_SAID_DB = -100.0F;

struct said_frame { /* our own voice, 20 ms of it, by when it is played */
    uint32_t frame; /* media time / AUDIO_FRAME_MS; 0: nothing was said here */
    float level_db;
};

struct ears {
    VadInst *vad;
    dtmf_rx_state_t *keys;
    int64_t clock_ms; /* media time of the first byte not yet heard as part of a frame */
    size_t partial_bytes;
    uint8_t partial[AUDIO_FRAME_BYTES];
    uint32_t voiced;   /* one bit a frame, the newest lowest */
    bool speaking;     /* between VOICE_ON and VOICE_OFF */
    uint8_t going;     /* frames since the last report of a voice */
    uint8_t tone_hold; /* frames until a tone is over */
    bool clock_set;
    float room_db;      /* level of the room without a voice */
    int64_t said_until; /* media time, in samples, up to which the carrier has audio of ours */
    struct said_frame said[SAID_FRAMES];
};

struct ears *ears_new(void)
{
    struct ears *ears = xalloc(sizeof(*ears));
    ears->vad = WebRtcVad_Create();
    ears->keys = dtmf_rx_init(NULL, NULL, NULL);
    assert(ears->vad && ears->keys); /* they fail only without memory */
    int err = WebRtcVad_Init(ears->vad) | WebRtcVad_set_mode(ears->vad, VAD_MODE);
    assert(err == 0);
    (void)err;
    ears->room_db = LEVEL_DB_MIN;
    return ears;
}

void ears_free(struct ears **ears)
{
    if (!*ears)
        return;
    WebRtcVad_Free((*ears)->vad);
    dtmf_rx_free((*ears)->keys);
    free(*ears);
    *ears = NULL;
}

/* The loudest our own voice may have come back as in a frame that was heard at_ms. */
static float echo_db(const struct ears *ears, int64_t at_ms)
{
    float loudest = NOTHING_SAID_DB;
    uint32_t newest = (uint32_t)(at_ms / AUDIO_FRAME_MS);
    uint32_t oldest = newest > ECHO_FRAMES ? newest - ECHO_FRAMES : 1;
    for (uint32_t frame = oldest; frame <= newest; frame++) {
        const struct said_frame *said = &ears->said[frame % SAID_FRAMES];
        if (said->frame == frame && said->level_db > loudest)
            loudest = said->level_db;
    }
    return loudest - EARS_ECHO_DB;
}

static void emit(const struct ears *ears, enum ears_event_kind kind, int64_t at_ms,
                 ears_event_fn *on_event, void *arg)
{
    uint32_t window = ears->voiced & ((1U << VOICED_FRAMES) - 1);
    struct ears_event event = {
        .kind = kind, .at_ms = at_ms, .voiced_ms = __builtin_popcount(window) * AUDIO_FRAME_MS};
    on_event(&event, arg);
}

/* Reports keys that are whole; true while any tone of a key is in the air. */
static bool hear_keys(struct ears *ears, const int16_t *linear, float level_db,
                      ears_event_fn *on_event, void *arg)
{
    bool fading = ears->tone_hold > 0;
    if (level_db < KEY_DB_MIN && !fading)
        return false; /* a silent line costs nothing */
    dtmf_rx(ears->keys, linear, AUDIO_FRAME_BYTES);
    if (level_db >= KEY_DB_MIN)
        ears->tone_hold = TONE_HOLD_FRAMES; /* so that the detector sees the silence behind it */
    else
        ears->tone_hold--;
    char digits[8] = "";
    size_t count = dtmf_rx_get(ears->keys, digits, (int)sizeof(digits) - 1);
    for (size_t i = 0; i < count; i++) {
        struct ears_event event = {
            .kind = EARS_KEY, .at_ms = ears->clock_ms + AUDIO_FRAME_MS, .digit = digits[i]};
        on_event(&event, arg);
    }
    return count > 0 || dtmf_rx_status(ears->keys) != 0;
}

/* The room's level follows down at once and up slowly, so that a voice with its gaps between words
 * does not lift it. */
static void hear_room(struct ears *ears, float level_db)
{
    if (level_db < ears->room_db)
        ears->room_db = fmaxf(level_db, LEVEL_DB_MIN - ROOM_MARGIN_DB);
    else
        ears->room_db = fminf(ears->room_db + ROOM_RISE_DB, ROOM_DB_MAX);
}

static bool is_voice(struct ears *ears, const int16_t *linear, float level_db)
{
    if (level_db < VAD_DB_MIN)
        return false;
    bool speech = WebRtcVad_Process(ears->vad, AUDIO_HZ, linear, AUDIO_FRAME_BYTES) == 1;
    return speech && level_db >= fmaxf(LEVEL_DB_MIN, ears->room_db + ROOM_MARGIN_DB) &&
           level_db >= echo_db(ears, ears->clock_ms);
}

/* Where the oldest voiced frame of the window that begins a voice stands. */
static int64_t voice_start_ms(const struct ears *ears)
{
    uint32_t window = ears->voiced & ((1U << ON_WINDOW_FRAMES) - 1);
    int oldest = 31 - __builtin_clz(window);
    return ears->clock_ms - oldest * AUDIO_FRAME_MS;
}

static void report_voice(struct ears *ears, ears_event_fn *on_event, void *arg)
{
    uint32_t on_window = ears->voiced & ((1U << ON_WINDOW_FRAMES) - 1);
    uint32_t off_window = ears->voiced & ((1U << OFF_FRAMES) - 1);
    int64_t now_ms = ears->clock_ms + AUDIO_FRAME_MS;
    if (!ears->speaking && __builtin_popcount(on_window) >= ON_FRAMES) {
        ears->speaking = true;
        ears->going = 0;
        emit(ears, EARS_VOICE_ON, voice_start_ms(ears), on_event, arg);
    } else if (ears->speaking && off_window == 0) {
        ears->speaking = false;
        emit(ears, EARS_VOICE_OFF, now_ms - EARS_OFF_MS, on_event, arg);
    } else if (ears->speaking && ++ears->going == GOING_FRAMES) {
        ears->going = 0;
        emit(ears, EARS_VOICE_GOING, now_ms, on_event, arg);
    }
}

static void hear_frame(struct ears *ears, const uint8_t *ulaw, ears_event_fn *on_event, void *arg)
{
    int16_t linear[AUDIO_FRAME_BYTES];
    float level_db = (float)ulaw_level_db(ulaw, AUDIO_FRAME_BYTES);
    if (level_db >= VAD_DB_MIN || ears->tone_hold > 0) /* else nobody looks at it */
        ulaw_decode_all(ulaw, AUDIO_FRAME_BYTES, linear);
    bool tone = hear_keys(ears, linear, level_db, on_event, arg);
    bool voice = !tone && is_voice(ears, linear, level_db);
    hear_room(ears, level_db);
    ears->voiced = ears->voiced << 1 | (voice ? 1U : 0U);
    if (tone && !ears->speaking)
        ears->voiced &= ~((1U << ON_WINDOW_FRAMES) - 1); /* its first frame passed for a voice */
    report_voice(ears, on_event, arg);
    ears->clock_ms += AUDIO_FRAME_MS;
}

void ears_hear(struct ears *ears, const uint8_t *ulaw, size_t bytes, int64_t at_ms,
               ears_event_fn *on_event, void *arg)
{
    int64_t due_ms = ears->clock_ms + (int64_t)ears->partial_bytes / AUDIO_BYTES_PER_MS;
    if (!ears->clock_set || at_ms > due_ms + CLOCK_SLACK_MS) {
        ears->clock_ms = at_ms;
        ears->partial_bytes = 0;
        ears->clock_set = true;
    }
    while (bytes > 0) {
        size_t take = AUDIO_FRAME_BYTES - ears->partial_bytes;
        if (take > bytes)
            take = bytes;
        memcpy(ears->partial + ears->partial_bytes, ulaw, take);
        ears->partial_bytes += take;
        ulaw += take;
        bytes -= take;
        if (ears->partial_bytes == AUDIO_FRAME_BYTES) {
            ears->partial_bytes = 0;
            hear_frame(ears, ears->partial, on_event, arg);
        }
    }
}

void ears_said(struct ears *ears, const uint8_t *ulaw, size_t bytes)
{
    int64_t now = ears->clock_ms * AUDIO_BYTES_PER_MS;
    if (ears->said_until < now)
        ears->said_until = now;
    while (bytes > 0) {
        size_t take = bytes < AUDIO_FRAME_BYTES ? bytes : AUDIO_FRAME_BYTES;
        uint32_t frame = (uint32_t)(ears->said_until / AUDIO_FRAME_BYTES);
        ears->said[frame % SAID_FRAMES] =
            (struct said_frame){.frame = frame, .level_db = (float)ulaw_level_db(ulaw, take)};
        ears->said_until += (int64_t)take;
        ulaw += take;
        bytes -= take;
    }
}

void ears_hushed(struct ears *ears)
{
    uint32_t now = (uint32_t)(ears->clock_ms / AUDIO_FRAME_MS);
    for (size_t i = 0; i < SAID_FRAMES; i++)
        if (ears->said[i].frame > now)
            ears->said[i].frame = 0;
    ears->said_until = ears->clock_ms * AUDIO_BYTES_PER_MS;
}
