/* sandbox/openai.c: Chat Completions answered at a model's pace, word by word or whole. Reading and
 * writing is openai_wire's, the answer openai_think's. */
#include "sandbox/openai.h"

#include "base/hash.h"
#include "base/mem.h"
#include "sandbox/later.h"
#include "sandbox/openai_think.h"
#include "sandbox/openai_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    THINKING_MS = 2000,       /* before the first word, when a reasoning effort is asked for */
    CACHED_TOKENS_MIN = 1024, /* a prompt's beginning is remembered from this length on */
    CACHE_BYTES = CACHED_TOKENS_MIN * 4,
    CACHE_PLACES = 64,
};

/* One answer on its way. */
struct talk {
    struct visit *visit;
    struct chat chat;
    struct thought thought;
    struct chat_head head;
    struct chat_usage usage;
    char id[48], tool_id[40];
    const char *finish;
    enum { TALK_ROLE, TALK_TEXT, TALK_TOOL, TALK_ARGUMENTS, TALK_FINISH, TALK_USAGE, TALK_DONE } at;
    struct str text, arguments; /* what is still to be sent */
};

static void talk_free(struct talk *talk)
{
    chat_fini(&talk->chat);
    thought_fini(&talk->thought);
    free(talk);
}

static void on_gone(struct visit *visit)
{
    talk_free(visit->own);
}

static const struct {
    int status;
    const char *type, *code, *message;
} usual_errors[] = {
    {401, "invalid_request_error", "invalid_api_key",
     "Incorrect API key provided. You can find your API key at "
     "https://platform.openai.com/account/api-keys."},
    {403, "invalid_request_error", "unsupported_country_region_territory",
     "Country, region, or territory not supported"},
    {404, "invalid_request_error", "unknown_url", "Invalid URL"},
    {429, "requests", "rate_limit_exceeded",
     "Rate limit reached on requests per min (RPM). Please try again in 1s."},
    {500, "server_error", NULL,
     "The server had an error while processing your request. Sorry about that!"},
    {503, "server_error", "server_is_overloaded",
     "The engine is currently overloaded, please try again later."},
};

static void fail(struct visit *visit, int status, const char *code, const char *message)
{
    struct openai_error error = {.status = status, .type = "invalid_request_error"};
    struct buf body = {0};
    snprintf(error.message, sizeof(error.message), "%s", "The request was refused.");
    for (size_t i = 0; i < countof(usual_errors); i++) {
        if (usual_errors[i].status != status)
            continue;
        error.type = usual_errors[i].type;
        error.code = usual_errors[i].code;
        snprintf(error.message, sizeof(error.message), "%s", usual_errors[i].message);
    }
    if (code)
        error.code = code;
    if (code && strcmp(code, "insufficient_quota") == 0)
        error.type = code;
    if (message)
        snprintf(error.message, sizeof(error.message), "%s", message);
    if (status == 429 || status == 503)
        http_set_header(visit->req, "Retry-After", "1");
    openai_error_print(&error, &body);
    visit_reply_json(visit, status, buf_str(&body));
    buf_free(&body);
}

static void refuse(struct visit *visit, const struct openai_error *error)
{
    struct buf body = {0};
    openai_error_print(error, &body);
    visit_reply_json(visit, error->status, buf_str(&body));
    buf_free(&body);
}

static int64_t tokens_of(size_t bytes)
{
    return (int64_t)(bytes + 3) / 4;
}

/* Whether a prompt that begins the same was seen before. It is remembered by a digest of its first
 * 1,024 tokens; the tokens that count as cached are those, in steps of 128. */
static int64_t cached_tokens(struct str body)
{
    static uint8_t seen[CACHE_PLACES][SHA256_BYTES];
    static size_t next;
    uint8_t digest[SHA256_BYTES];
    if (body.bytes < CACHE_BYTES)
        return 0;
    sha256((struct str){body.at, CACHE_BYTES}, digest);
    for (size_t i = 0; i < CACHE_PLACES; i++)
        if (memcmp(seen[i], digest, sizeof(digest)) == 0)
            return CACHED_TOKENS_MIN;
    memcpy(seen[next++ % CACHE_PLACES], digest, sizeof(digest));
    return 0;
}

static size_t messages_bytes(const struct chat *chat)
{
    const cJSON *message = NULL;
    struct buf text = {0};
    cJSON_ArrayForEach(message, chat->messages)
    {
        chat_message_text(message, &text);
        buf_puts(&text, "    "); /* a role costs about a token */
    }
    size_t bytes = text.bytes;
    buf_free(&text);
    return bytes;
}

/* A limit of tokens cuts the answer short, in mid-word as the real one does. */
static void cut_to_limit(struct talk *talk)
{
    size_t bytes_max = (size_t)talk->chat.tokens_max * 4;
    talk->text = buf_str(&talk->thought.text);
    talk->arguments = buf_str(&talk->thought.arguments);
    talk->finish = talk->thought.tool ? "tool_calls" : "stop";
    if (talk->text.bytes > bytes_max) {
        talk->text.bytes = bytes_max;
        while (talk->text.bytes && (talk->text.at[talk->text.bytes] & 0xC0) == 0x80)
            talk->text.bytes--;
        talk->thought.tool = NULL;
        talk->finish = "length";
    }
    talk->usage.completion = tokens_of(talk->text.bytes) + tokens_of(talk->arguments.bytes);
}

static struct talk *talk_new(struct visit *visit, struct chat *chat)
{
    struct talk *talk = xalloc(sizeof(*talk));
    talk->visit = visit;
    talk->chat = *chat;
    random_id(talk->id, "chatcmpl-", 29);
    random_id(talk->tool_id, "call_", 24);
    talk->head = (struct chat_head){.id = talk->id,
                                    .model = chat->model->id,
                                    .created = wall_now_ms() / 1000,
                                    .include_usage = chat->include_usage,
                                    .obfuscate = chat->obfuscate};
    think(&talk->chat, &talk->thought);
    talk->usage.prompt = tokens_of(messages_bytes(chat));
    talk->usage.cached = cached_tokens(visit->req->body);
    if (talk->usage.cached > talk->usage.prompt)
        talk->usage.cached = talk->usage.prompt / 128 * 128;
    talk->usage.reasoning = chat->thinks_first ? 256 : 0;
    cut_to_limit(talk);
    talk->usage.completion += talk->usage.reasoning;
    return talk;
}

/* The next token: a word with the space before it, or a few bytes of arguments. */
static struct str next_token(struct str *rest)
{
    size_t bytes = rest->bytes > 0;
    while (bytes < rest->bytes && rest->at[bytes] != ' ')
        bytes++;
    struct str token = {rest->at, bytes};
    *rest = (struct str){rest->at + bytes, rest->bytes - bytes};
    return token;
}

/* Writes the next event of the stream and moves on. */
static void next_event(struct talk *talk, struct buf *out)
{
    const struct chat_head *head = &talk->head;
    struct chat_tool_piece piece = {0};
    switch (talk->at) {
    case TALK_ROLE:
        chat_chunk_role(head, out);
        talk->at = talk->text.bytes ? TALK_TEXT : talk->thought.tool ? TALK_TOOL : TALK_FINISH;
        break;
    case TALK_TEXT:
        chat_chunk_text(head, next_token(&talk->text), out);
        if (!talk->text.bytes)
            talk->at = talk->thought.tool ? TALK_TOOL : TALK_FINISH;
        break;
    case TALK_TOOL:
        piece = (struct chat_tool_piece){.id = talk->tool_id, .name = talk->thought.tool};
        chat_chunk_tool(head, &piece, out);
        talk->at = TALK_ARGUMENTS;
        break;
    case TALK_ARGUMENTS:
        piece.arguments = next_token(&talk->arguments);
        chat_chunk_tool(head, &piece, out);
        if (!talk->arguments.bytes)
            talk->at = TALK_FINISH;
        break;
    case TALK_FINISH:
        chat_chunk_finish(head, talk->finish, out);
        talk->at = head->include_usage ? TALK_USAGE : TALK_DONE;
        break;
    case TALK_USAGE:
        chat_chunk_usage(head, &talk->usage, out);
        talk->at = TALK_DONE;
        break;
    case TALK_DONE: buf_puts(out, "data: [DONE]\n\n"); break;
    }
}

static void send_error_event(struct talk *talk)
{
    static const char event[] =
        "data: {\"error\":{\"message\":\"The server had an error while processing your request. "
        "Sorry about that!\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n";
    http_stream_send(talk->visit->req, str_of(event));
}

/* False when the talk is over one way or another, and freed if nothing will end it later. */
static bool send_event(struct talk *talk)
{
    struct visit *visit = talk->visit;
    struct buf event = {0};
    bool last = talk->at == TALK_DONE;
    next_event(talk, &event);
    enum visit_sent sent = visit_send(visit, buf_str(&event), 1);
    buf_free(&event);
    if (sent == SENT_SILENT)
        return false; /* on_gone() frees it */
    if (sent == SENT_ERROR)
        send_error_event(talk);
    if (sent == SENT_OK && !last)
        return true;
    if (sent != SENT_GONE)
        visit_end_stream(visit);
    talk_free(talk);
    return false;
}

static void on_token_due(void *arg)
{
    struct talk *talk = arg;
    struct party *party = talk->visit->party;
    int64_t per_s = party->settings->openai_tokens_per_s;
    if (talk->at == TALK_ROLE)
        visit_begin_stream(talk->visit, 200, "text/event-stream; charset=utf-8");
    for (;;) {
        bool word = talk->at == TALK_TEXT || talk->at == TALK_ARGUMENTS;
        if (!send_event(talk))
            return;
        if (word && per_s > 0)
            break;
    }
    later(party->loop, 1000 / per_s, on_token_due, talk, &talk->visit->req->waiting);
}

static void on_whole_due(void *arg)
{
    struct talk *talk = arg;
    struct visit *visit = talk->visit;
    struct buf body = {0};
    struct chat_answer answer = {.text = talk->text,
                                 .tool = talk->thought.tool,
                                 .tool_id = talk->tool_id,
                                 .arguments = talk->arguments,
                                 .finish = talk->finish,
                                 .usage = talk->usage};
    chat_whole(&talk->head, &answer, &body);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
    talk_free(talk);
}

static void set_headers(struct visit *visit)
{
    http_set_header(visit->req, "openai-version", "2020-10-01");
    http_set_header(visit->req, "openai-organization", "sandbox");
    http_set_header(visit->req, "x-ratelimit-limit-requests", "10000");
    http_set_header(visit->req, "x-ratelimit-remaining-requests", "9999");
    http_set_header(visit->req, "x-ratelimit-reset-requests", "6ms");
    http_set_header(visit->req, "x-ratelimit-limit-tokens", "2000000");
    http_set_header(visit->req, "x-ratelimit-remaining-tokens", "1999000");
    http_set_header(visit->req, "x-ratelimit-reset-tokens", "30ms");
}

static void chat(struct visit *visit)
{
    struct party *party = visit->party;
    const struct settings *settings = party->settings;
    struct openai_error error;
    struct chat asked;
    if (chat_read(visit->req->body, &asked, &error)) {
        refuse(visit, &error);
        return;
    }
    struct talk *talk = talk_new(visit, &asked);
    int64_t wait_ms = settings->openai_first_token_ms + (asked.thinks_first ? THINKING_MS : 0);
    if (!asked.stream && settings->openai_tokens_per_s > 0)
        wait_ms += talk->usage.completion * 1000 / settings->openai_tokens_per_s;
    set_headers(visit);
    visit->own = talk;
    visit->on_gone = on_gone;
    later(party->loop, wait_ms, asked.stream ? on_token_due : on_whole_due, talk,
          &visit->req->waiting);
}

static void put_model(const struct openai_model *model, struct buf *out)
{
    buf_printf(out, "{\"id\":\"%s\",\"object\":\"model\",\"created\":%lld,\"owned_by\":\"system\",",
               model->id, (long long)model->created);
    if (model->shutdown_date)
        buf_printf(out, "\"shutdown_date\":\"%s\"}", model->shutdown_date);
    else
        buf_puts(out, "\"shutdown_date\":null}");
}

static void list_models(struct visit *visit)
{
    size_t count = 0;
    const struct openai_model *models = openai_models(&count);
    struct buf body = {0};
    buf_puts(&body, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < count; i++) {
        buf_puts(&body, i ? "," : "");
        put_model(&models[i], &body);
    }
    buf_puts(&body, "]}");
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static void get_model(struct visit *visit)
{
    char id[64];
    snprintf(id, sizeof(id), "%.*s", (int)visit->params[0].bytes, visit->params[0].at);
    const struct openai_model *model = openai_model_find(id);
    struct buf body = {0};
    if (!model) {
        fail(visit, 404, "model_not_found", "The model does not exist.");
        return;
    }
    put_model(model, &body);
    visit_reply_json(visit, 200, buf_str(&body));
    buf_free(&body);
}

static enum key_check check_key(const struct visit *visit)
{
    return key_check(visit_credential(visit, "Authorization", "Bearer"),
                     visit->party->settings->openai_key);
}

static const struct endpoint endpoints[] = {
    {HTTP_POST, "/v1/chat/completions", "chat", chat},
    {HTTP_GET, "/v1/models", "models", list_models},
    {HTTP_GET, "/v1/models/:", "model", get_model},
};

const struct party_kind openai_kind = {
    .name = "openai",
    .endpoints = endpoints,
    .endpoint_count = countof(endpoints),
    .check_key = check_key,
    .fail = fail,
};
