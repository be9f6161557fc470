/* test/telephony_world.h: the carrier's webhooks and streams, signed as the carrier signs, against
 * a real database with two tenants. The switchboard is played by the world: what comes after the
 * door is not its matter. */
#pragma once
#include "api/api.h"
#include "api/telephony.h"
#include "net/ws.h"
#include "phone/phone.h"
#include "phone/twiml_in.h"
#include "test/postgres.h"

#define JANS_NUMBER "+420228883001"
#define EVAS_NUMBER "+420228883002"
#define JANS_PHONE "+420777123456"
#define CALLER "+420602000111"

static const char sid1[] = "CA00000000000000000000000000000001"; /* calls */
static const char sid2[] = "CA00000000000000000000000000000002";

extern struct telephony_world {
    struct bench bench;
    struct db *away; /* a database that is not there */
    struct uuid jan, eva;
    struct http_server *server;
    struct http_client *http;
    struct twilio_rest *rest;
    struct telephony *telephony;
    struct api api;
    char base[64];
    struct telephony_options options;
    /* the switchboard */
    int admits, opens; /* the errors it answers with */
    struct leg *leg;
    bool opened, leg_gone;
    size_t opened_count;
    struct {
        struct uuid call, tenant;
        char call_sid[40], caller[20], owner[40], language[8], transfer_to[20], instructions[40],
            say[40], names[80], urgent[40];
        int64_t duration_ms_max;
        bool message_only, resumed, transfer_failed, vip, wants_message, filter;
    } setup;
    /* the answer to a webhook */
    bool answered;
    int err, status;
    struct buf body;
    struct arena arena;
    struct op *asking;
    /* a socket opened by hand */
    struct ws *ws;
    bool ws_closed;
    int ws_code, ws_status;
    /* a telephone */
    struct phone_call *phone;
    bool over;
    struct buf story; /* what happened, a word each */
    /* what the line asked of the carrier */
    bool carrier_done;
    int carrier_err;
    struct op *carrier_asking;
} world;

int telephony_world_open(void **state); /* for cmocka */
int telephony_world_close(void **state);
void world_open_telephony(void); /* anew, by world.options */
void world_lose_database(void);
uint64_t world_counted(enum telephony_outcome outcome);

/* A webhook by hand; what is left out is as in a call of CALLER's to JANS_NUMBER that rings. */
struct hook {
    const char *path;
    const char *call_sid, *to, *from, *forwarded_from, *account, *status;
    struct http_field more[4];
    const char *signature; /* NULL: the right one; "": none */
    const char *token;     /* to sign with; NULL: the right one */
};
void world_post(struct hook hook); /* waits for the answer */
/* The answer: each fails the test when it is another. Borrowed until the world closes. */
const struct twiml_element *world_twiml(void);
const char *world_token(void); /* of the stream it opens */
void world_expect_voicemail(void);
void world_expect_refusal(void);
void world_expect_busy(void);

/* A stream by hand; signature: NULL is the right one. */
void world_dial_media(const char *signature);
void world_start_stream(const char *call_sid, const char *token);

/* A telephone of CALLER's that dials JANS_NUMBER; dial: what becomes of a transfer. */
void world_ring(enum phone_dial dial);
void world_settle_call(void); /* until it is over and all that is told of it is told */

#define TELEPHONY_TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, telephony_world_open, telephony_world_close)
