/* fuzz/fuzz_twilio_rest_wire.c: any body of Twilio's REST API, read as each thing it could be; what
 * is accepted lies inside. */
#include "carrier/twilio_rest_wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void lies_inside(struct str part, struct str whole)
{
    if (part.bytes && (part.at < whole.at || part.at + part.bytes > whole.at + whole.bytes))
        abort();
}

static void read_object(struct str body)
{
    struct twilio_refusal refusal;
    struct twilio_record record;
    struct twilio_verification verification;
    struct twilio_number_record number;
    struct twilio_bundle_record bundle;
    struct twilio_price_record price;
    struct arena arena = {0};
    if (twilio_refusal_parse(body, &refusal) == 0) {
        lies_inside(refusal.message, body);
        twilio_text(&arena, refusal.message);
    }
    if (twilio_record_parse(body, &record) == 0) {
        lies_inside(record.sid, body);
        lies_inside(record.text, body);
    }
    if (twilio_verification_parse(body, &verification) == 0)
        lies_inside(verification.status, body);
    if (twilio_number_parse(body, &number) == 0) {
        lies_inside(number.number, body);
        lies_inside(number.voice_url, body);
        twilio_text(&arena, number.name);
    }
    if (twilio_bundle_parse(body, &bundle) == 0)
        lies_inside(bundle.status, body);
    if (twilio_price_parse(body, "local", &price) == 0) {
        lies_inside(price.currency, body);
        if (price.month_micro < 0)
            abort();
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const names[] = {"calls", "messages", "incoming_phone_numbers",
                                        "available_phone_numbers", "results"};
    struct str body = {(const char *)data, bytes}, object;
    struct twilio_list list;
    read_object(body);
    twilio_date_ms(body);
    for (size_t i = 0; i < countof(names); i++) {
        if (twilio_list_parse(body, names[i], &list))
            continue;
        lies_inside(list.next_page, body);
        while (twilio_list_next(&list, &object)) {
            lies_inside(object, body);
            read_object(object);
        }
    }
    return 0;
}
