/* fuzz/fuzz_sandbox_deepgram.c: any query of a listener, and any text it sends. The first line is
 * the query, the rest the text. */
#include "sandbox/deepgram_wire.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_json(const struct buf *text)
{
    cJSON *read_back = cJSON_ParseWithLength(text->data, text->bytes);
    check(read_back != NULL);
    cJSON_Delete(read_back);
}

/* Whatever was asked for, results are JSON. */
static void tell_results(const struct listen_ask *ask)
{
    static const struct hear_word words[] = {{"p\xC5\x99\xC3\xADtel", 0, 300, 0.9},
                                             {"\"vol\xC3\xA1\".", 300, 600, 0.8}};
    const struct hear_event event = {
        .kind = HEAR_FINAL, .text = "", .words = words, .word_count = 2, .end_ms = 600};
    struct buf text = {0};
    listen_results_print(
        &(struct listen_results){.ask = ask, .event = &event, .is_final = true, .request_id = "r"},
        &text);
    check_json(&text);
    buf_clear(&text);
    flux_turn_print(
        &(struct flux_said){.request_id = "r", .ask = ask},
        &(struct flux_turn_info){.event = "Update", .words = {.ask = ask, .event = &event}}, &text);
    check_json(&text);
    buf_clear(&text);
    flux_configured_print(&(struct flux_said){.request_id = "r", .ask = ask}, true, &text);
    check_json(&text);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct str text = {(const char *)data, bytes}, query = str_cut(&text, '\n');
    struct listen_turns turns = {.over = 0.7, .timeout_ms = 5000};
    for (enum listen_way way = LISTEN_BATCH; way <= LISTEN_FLUX; way++) {
        struct listen_error error = {0};
        struct listen_ask ask;
        if (listen_read(query, way, &ask, &error)) {
            check(error.status >= 400 && error.message[0]);
            continue;
        }
        check(listen_language(&ask) != NULL);
        tell_results(&ask);
        listen_fini(&ask);
    }
    listen_message_read(text);
    if (listen_configure_read(text, &turns) == 0)
        check(turns.over >= 0.5 && turns.over <= 1 && turns.maybe_over <= 0.9 &&
              turns.timeout_ms >= 500 && turns.timeout_ms <= 60000);
    return 0;
}
