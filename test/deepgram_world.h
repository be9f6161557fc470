/* test/deepgram_world.h: the recogniser's driver, and a Deepgram of the test's own on loopback that
 * says what the test says. */
#pragma once
#include "net/http_server.h"
#include "net/ws.h"
#include "provider/stt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world {
    struct loop *loop;
    struct http_server *server;
    struct stt_driver *driver;
    /* Deepgram's side */
    struct ws *ws;
    struct buf audio, texts; /* all of it; texts one a line */
    size_t frames, frame_bytes_max;
    struct buf target;
    char authorization[64];
    bool connected, gone, heard;
    /* ours */
    struct stt *stt;
    struct buf told; /* one line an event */
    bool open, closed, event;
    bool close_at_final;
    int err;
};

void deepgram_says(struct world *world, const char *text);
struct deepgram_options options_for(char *url, size_t room, uint16_t port);
/* Of with, which may be NULL, the waits and the languages for Flux. */
struct world *world_new(struct deepgram_options *with);
void open_stream(struct world *world, const char *language);
struct world *world_open(void); /* in Czech */
void world_free(struct world **slot);
void wait_for_event(struct world *world);
void wait_for_text(struct world *world, const char *text);
void wait_for_audio(struct world *world, size_t bytes);
void send_ms(struct world *world, int ms, uint8_t value);
