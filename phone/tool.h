/* phone/tool.h: what the two ways of calling share: one call that is told as it goes, and many that
 * are only counted. */
#pragma once
#include "net/http_client.h"
#include "net/loop.h"
#include "phone/exchange.h"
#include "phone/options.h"
#include "phone/talk.h"

struct tool {
    const struct options *options;
    struct loop *loop;
    struct http_client *http;
    struct exchange *exchange; /* NULL: none */
    struct talk_script script;
    char *voice_url, *status_url;
};
struct phone_options tool_phone_options(const struct tool *tool, const char *from);
int tool_call(struct tool *tool); /* exit status */
int tool_load(struct tool *tool);
