/* sandbox/twilio_private.h: what the files of Twilio share. */
#pragma once
#include "net/http_client.h"
#include "phone/phone.h"
#include "sandbox/twilio.h"

enum {
    SID_BYTES = 35, /* two letters, 32 hex digits and a NUL */
    CALLS_MAX = 4096,
    NUMBERS_MAX = 500,
    MESSAGES_MAX = 500,
    RECORDINGS_MAX = 500,
    VERIFICATIONS_MAX = 500,
    OWNER_PHONES_MAX = 200,
    BUNDLES_MAX = 100,
    PHONE_BYTES = 32,
    URL_BYTES = 1024,
    MESSAGE_BYTES = 1601,
    PAGE_SIZE_USUAL = 50,
    PAGE_SIZE_MAX = 1000,
};

enum call_events { CALL_INITIATED = 1, CALL_RINGING = 2, CALL_ANSWERED = 4, CALL_COMPLETED = 8 };

struct telephone; /* another process that joined */

struct call {
    char sid[SID_BYTES], from[PHONE_BYTES], to[PHONE_BYTES], forwarded_from[PHONE_BYTES];
    char other[SID_BYTES]; /* the other half of a call that was forwarded; "" */
    const char *direction; /* static */
    char status[16];
    char status_url[URL_BYTES];
    unsigned events;                          /* of enum call_events: what status_url is told */
    int64_t created_ms, started_ms, ended_ms; /* Unix time; 0: not yet */
    int sequence;
    int64_t ring_ms;          /* how long it may */
    char *url, *fallback_url; /* asked when it is answered */
    char *twiml;              /* that came inline; NULL */
    struct twilio *twilio;
    struct phone_call *phone;    /* placed here; NULL */
    struct telephone *telephone; /* placed there; NULL */
    struct op *ringing;          /* until the phone that rings does something */
};

/* What the owner of a phone does when it rings. */
enum owner_act { OWNER_ANSWERS, OWNER_NO_ANSWER, OWNER_BUSY, OWNER_FAILS, OWNER_FORWARDS };
struct owner_phone {
    char number[PHONE_BYTES], to[PHONE_BYTES];
    enum owner_act act;
    int64_t after_ms; /* of ringing */
    bool hides;       /* its network does not say who forwarded */
};

struct bundle {
    char sid[SID_BYTES], name[128], status[24], country[3], type[12];
    int64_t updated_ms;
};

struct number {
    char sid[SID_BYTES], number[PHONE_BYTES], name[128], country[3];
    char voice_url[URL_BYTES], fallback_url[URL_BYTES], status_url[URL_BYTES], sms_url[URL_BYTES];
    char voice_method[8], fallback_method[8], status_method[8];
    char address_sid[SID_BYTES], bundle_sid[SID_BYTES];
    int64_t created_ms, updated_ms;
};

struct message {
    char sid[SID_BYTES], from[PHONE_BYTES], to[PHONE_BYTES], service[SID_BYTES];
    char body[MESSAGE_BYTES], status_url[URL_BYTES];
    const char *status; /* static */
    int segments;
    int64_t created_ms;
    struct twilio *twilio;
    struct op *delivery;
};

struct verification {
    char sid[SID_BYTES], to[PHONE_BYTES * 2], channel[12], locale[12], code[7];
    const char *status; /* static: "pending", "approved", "canceled" */
    int sends, checks;
    int64_t created_ms, updated_ms; /* Unix time */
    int64_t code_at_ms;             /* loop time of the code's making */
};

struct twilio {
    struct loop *loop;
    struct party *party;
    struct http_client *http;
    char base_url[URL_BYTES];
    struct call *calls[CALLS_MAX]; /* a ring: the oldest that is over makes room */
    uint64_t call_count;
    struct number *numbers; /* NUMBERS_MAX */
    size_t number_count;
    struct message *messages; /* a ring of MESSAGES_MAX */
    uint64_t message_count;
    struct verification *verifications; /* a ring of VERIFICATIONS_MAX */
    uint64_t verification_count;
    char erased[RECORDINGS_MAX][40]; /* a ring: recordings that were deleted */
    uint64_t erased_count;
    struct telephone *telephones;
    struct owner_phone phones[OWNER_PHONES_MAX];
    size_t phone_count;
    struct bundle bundles[BUNDLES_MAX];
    size_t bundle_count;
};

/* twilio.c. An error of Twilio's own numbering; message NULL: what it usually says. */
void twilio_refuse(struct visit *visit, int status, int code, const char *message);
const char *twilio_account(const struct visit *visit);
/* "Fri, 20 Nov 2026 10:00:00 +0000"; unix_ms 0: null. */
void twilio_put_date(struct buf *out, const char *name, int64_t unix_ms);
void twilio_put_iso_date(struct buf *out, const char *name, int64_t unix_ms);
bool twilio_is_e164(const char *text);
/* Copies a form's field when it is there. False: it is too long, and the visit was refused. */
bool twilio_take_field(struct visit *visit, const char *name, char *out, size_t room);
/* The last part of a path like /Calls/CA....json. */
struct str twilio_sid_of(struct str part);
struct twilio_page {
    unsigned long size, number;
    size_t skipped, shown, fitting;
};
struct twilio_page twilio_page_of(const struct visit *visit);
bool twilio_page_takes(struct twilio_page *page); /* for one more that fits the filter */
/* Ends {"calls":[... with paging, and replies. path is "/2010-04-01/Accounts/AC.../Calls.json". */
void twilio_page_reply(struct visit *visit, const struct twilio_page *page, struct buf *body);

/* The same for the newer hosts: name is the list's own. */
void twilio_page_reply_v2(struct visit *visit, const struct twilio_page *page, const char *name,
                          struct buf *body);
int64_t twilio_say_ms(const struct settings *settings); /* for phone_options */

/* twilio_callback.c. A signed form POST; what becomes of it nobody waits for. Fields are copied. */
void twilio_tell(struct twilio *twilio, const char *url, const struct http_field *fields,
                 size_t count);

/* twilio_calls.c */
struct call *twilio_call_find(struct twilio *twilio, struct str sid);
struct call *twilio_call_new(struct twilio *twilio, const char *sid); /* NULL: all are live */
void twilio_call_status(struct call *call, const char *status);
void twilio_call_answered(struct call *call); /* one that we placed: its document runs */
bool twilio_call_over(const struct call *call);
void twilio_calls_free(struct twilio *twilio);
void twilio_print_calls(const struct twilio *twilio, struct buf *out); /* those live */
void twilio_create_call(struct visit *visit);
void twilio_list_calls(struct visit *visit);
void twilio_get_call(struct visit *visit);
void twilio_update_call(struct visit *visit);
void twilio_get_twiml(struct visit *visit);

/* twilio_phones.c */
void twilio_ring(struct call *call);
void twilio_call_halved(struct call *call); /* it is over */

/* twilio_bundles.c */
void twilio_add_bundle(struct twilio *twilio, const char *country, const char *type);
bool twilio_bundle_buys(struct twilio *twilio, const char *sid);
void twilio_list_bundles(struct visit *visit);
void twilio_get_bundle(struct visit *visit);

/* twilio_join.c */
enum telephone_order { TELEPHONE_COMPLETE, TELEPHONE_TWIML, TELEPHONE_GO_TO };
void twilio_order(struct call *call, enum telephone_order order, const char *text,
                  const char *method);
void twilio_telephones_free(struct twilio *twilio);

/* twilio_numbers.c */
struct number *twilio_number_find(struct twilio *twilio, const char *number);
void twilio_own_number(struct twilio *twilio, const char *number, const char *voice_url);
void twilio_add_bundles(struct twilio *twilio); /* for all that is sold with papers only */
bool twilio_is_landline(const char *number);
void twilio_list_available(struct visit *visit);
void twilio_get_prices(struct visit *visit);
void twilio_buy_number(struct visit *visit);
void twilio_list_numbers(struct visit *visit);
void twilio_get_number(struct visit *visit);
void twilio_update_number(struct visit *visit);
void twilio_release_number(struct visit *visit);

/* twilio_recordings.c */
void twilio_delete_recording(struct visit *visit);

/* twilio_messages.c */
void twilio_create_message(struct visit *visit);
void twilio_list_messages(struct visit *visit);
void twilio_get_message(struct visit *visit);
void twilio_messages_free(struct twilio *twilio);

/* twilio_verify.c */
void twilio_start_verification(struct visit *visit);
void twilio_check_verification(struct visit *visit);
void twilio_get_verification(struct visit *visit);
void twilio_update_verification(struct visit *visit);
void twilio_print_verifications(const struct twilio *twilio, struct buf *out);
