/* phone/main.c: karen-phone: reads what is asked, fetches what the caller says, and calls. */
#include "base/mem.h"
#include "phone/speak.h"
#include "phone/tool.h"
#include "phone/wav.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum phone_dial dial_of(const char *word)
{
    enum phone_dial dial = PHONE_DIAL_NO_ANSWER;
    options_dial(word, &dial); /* looked at when the options were read */
    return dial;
}

struct phone_options tool_phone_options(const struct tool *tool, const char *from)
{
    const struct options *o = tool->options;
    return (struct phone_options){
        .loop = tool->loop,
        .http = tool->http,
        .voice_url = tool->voice_url,
        .status_url = tool->status_url,
        .account_sid = o->account,
        .auth_token = o->token,
        .from = from,
        .to = o->to,
        .forwarded_from = o->forwarded_from,
        .ca_file = o->ca_file,
        .dial = dial_of(o->dial),
    };
}

static int load_clip(const struct options *options, size_t at, struct buf *ulaw)
{
    const char *file = options->clips[at].file, *say = options->clips[at].say;
    const char *why = NULL;
    int err = file ? wav_read(file, ulaw, &why) : speak(say, options->language, ulaw, &why);
    if (err)
        fprintf(stderr, "karen-phone: %s cannot be said: %s\n", file ? file : "--say",
                why ? why : strerror(err));
    return err;
}

static int load_clips(const struct options *options, struct buf *ulaw, struct str *clips)
{
    for (size_t i = 0; i < options->clip_count; i++) {
        if (load_clip(options, i, &ulaw[i]))
            return EINVAL;
        clips[i] = buf_str(&ulaw[i]);
    }
    return 0;
}

/* PUBLIC_URL is as well given as the webhook that stands under it. */
static char *url_with(const char *base, const char *path)
{
    static const char webhook[] = "/telephony/inbound";
    size_t bytes = strlen(base), tail = sizeof(webhook) - 1;
    while (bytes && base[bytes - 1] == '/')
        bytes--;
    if (bytes >= tail && strncmp(base + bytes - tail, webhook, tail) == 0)
        bytes -= tail;
    return xprintf("%.*s%s", (int)bytes, base, path);
}

static int call(const struct options *options, const struct str *clips)
{
    struct tool tool = {
        .options = options,
        .loop = loop_new(),
        .script = {.clips = clips,
                   .clip_count = options->clip_count,
                   .keys = options->keys,
                   .digits = options->digits,
                   .digits_count = options->digits_count,
                   .silence_ms = options->silence_ms,
                   .patience_ms = options->patience_ms,
                   .linger_ms = options->linger_ms,
                   .longest_ms = options->longest_ms},
        .voice_url = url_with(options->url, "/telephony/inbound"),
        .status_url = url_with(options->url, "/telephony/status"),
    };
    const struct http_client_options http = {
        .ca_file = options->ca_file, .user_agent = "TwilioProxy/1.1", .connections_per_host = 64};
    tool.http = http_client_new(tool.loop, &http);
    tool.exchange = exchange_open(tool.loop, options->sandbox);
    int status = options->load ? tool_load(&tool) : tool_call(&tool);
    exchange_close(&tool.exchange);
    http_client_free(&tool.http);
    loop_step(tool.loop, 0); /* what was put off until the end of the turn */
    loop_free(&tool.loop);
    free(tool.voice_url);
    free(tool.status_url);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    struct buf why = {0}, ulaw[OPTIONS_CLIPS_MAX] = {0};
    struct str clips[OPTIONS_CLIPS_MAX] = {0};
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    int err = options_read(argc, argv, &options, &why);
    if (err == ECANCELED) {
        fputs(options_help(), stdout);
        return 0;
    }
    if (err)
        fprintf(stderr, "karen-phone: %s; see karen-phone --help\n", buf_text(&why));
    buf_free(&why);
    if (err)
        return 2;
    int status = load_clips(&options, ulaw, clips) ? 2 : call(&options, clips);
    for (size_t i = 0; i < countof(ulaw); i++)
        buf_free(&ulaw[i]);
    return status;
}
