/* test/phone_world.h: the telephone under test and the service it calls, scripted: TwiML for each
 * webhook, a media stream, and what came of both. */
#pragma once
#include "carrier/twilio_wire.h"
#include "net/http_server.h"
#include "net/ws.h"
#include "phone/phone.h"
#include "test/peer.h"

#define PHONE_TOKEN "karen_test_auth_token"
#define PHONE_AC "AC00000000000000000000000000000003"

struct phone_world {
    struct loop *loop;
    struct http_server *server;
    struct http_client *http;
    char base[64];
    /* the service */
    const char *twiml[8]; /* for /0, /1 ...; @ stands for the base URL, % for ws:// of it */
    int status[8];        /* of those answers; 0: 200 */
    struct buf asked;     /* "METHOD path?query body\n" of each webhook */
    struct ws *ws;
    struct buf got; /* messages of the stream, one a line, audio left out */
    size_t got_audio;
    bool has_start, has_stop, stream_gone, has_status;
    char stream_sid[40];
    /* the telephone */
    struct phone_call *call;
    struct buf story; /* what happened, a word each */
    bool over, heard_agent, streaming, recorded, marked;
    enum phone_end end;
    char why[300];
    size_t heard_frames, said_frames, recording_bytes;
};

#define PHONE_STREAM_TWIML                                                                         \
    "<Response><Connect action=\"@/hook/1\"><Stream url=\"%/media\"><Parameter name=\"token\" "    \
    "value=\"t&quot;0\"/></Stream></Connect><Say>behind</Say></Response>"

int phone_world_open(void **state); /* for cmocka: *state is the world */
int phone_world_close(void **state);

/* The service's side of an open stream. */
void phone_world_play(struct phone_world *w, size_t bytes);
void phone_world_mark(struct phone_world *w, uint32_t mark);
void phone_world_clear(struct phone_world *w);

/* The telephone's. */
struct phone_options phone_world_options(struct phone_world *w);
void phone_world_event(struct phone_call *call, const struct phone_event *event, void *arg);
void phone_world_place(struct phone_world *w);
void phone_world_run(struct phone_world *w);    /* until the call is over and the service told */
void phone_world_stream(struct phone_world *w); /* places a call whose stream opens */

#define PHONE_TEST(name) cmocka_unit_test_setup_teardown(name, phone_world_open, phone_world_close)
