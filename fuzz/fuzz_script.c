/* fuzz/fuzz_script.c: a caller who says anything, line by line: the talk stays within its bounds,
 * comes to an end, and the tools' arguments are JSON. */
#include "rules/script.h"

#include "base/json.h"
#include "base/utf8.h"
#include "rules/spoken.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_reply(const struct script_reply *reply)
{
    struct json json = json_of(str_of(reply->arguments));
    if (!utf8_valid(str_of(reply->text)))
        abort();
    json_skip(&json);
    if (reply->tool && !json_done(&json))
        abort();
    if (!reply->tool && (reply->arguments[0] || !reply->text[0]))
        abort();
}

static void talk(const char *language, struct str words)
{
    struct script script;
    struct script_reply reply;
    script_start(&script, &(struct script_setup){language, true});
    for (int turn = 0; turn < SCRIPT_TURNS_MAX + 2; turn++) {
        script_hear(&script, str_cut(&words, '\n'), 1, &reply);
        check_reply(&reply);
        if (reply.tool == SCRIPT_TRANSFER_CALL || reply.tool == SCRIPT_TAKE_MESSAGE) {
            script_tool_done(&script, reply.tool, true, &reply);
            check_reply(&reply);
        }
    }
    if (script.state != SCRIPT_CLOSED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const languages[] = {"cs", "sk", "en", "de"};
    if (!bytes)
        return 0;
    const char *language = languages[data[0] % 4];
    struct str words = {(const char *)data + 1, bytes - 1};
    struct screening_line line = {SCREENING_CALLER, words};
    struct screening screening;
    struct buf spoken = {0};
    if (!utf8_valid(words))
        return 0; /* what comes from recognisers is checked before */
    talk(language, words);
    script_screen(&(struct screening_input){.language = language, .lines = &line, .line_count = 1},
                  &screening);
    if (!utf8_valid(str_of(screening.summary)))
        abort();
    spoken_put(language, words, &spoken);
    if (!utf8_valid(buf_str(&spoken)))
        abort();
    buf_free(&spoken);
    return 0;
}
