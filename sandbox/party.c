/* sandbox/party.c: the gates that every request to an outside party goes through. */
#include "sandbox/party.h"

#include "base/hash.h"
#include "base/id.h"
#include "sandbox/later.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { WS_MESSAGE_BYTES_MAX = 512 * 1024, WS_QUEUE_BYTES_MAX = 1024 * 1024 };

struct str nonsense(void)
{
    static const char bytes[] = "\x00\xff{]\x13\x37 no sense \xc3\x28\r\n\r\n\x80\x81\x82";
    return (struct str){bytes, sizeof(bytes) - 1};
}

void random_id(char *out, const char *prefix, size_t digits)
{
    struct buf hex = {0};
    unsigned char bytes[64];
    size_t count = (digits + 1) / 2 < sizeof(bytes) ? (digits + 1) / 2 : sizeof(bytes);
    random_bytes(bytes, count);
    hex_put(&hex, bytes, count);
    size_t head = strlen(prefix);
    memcpy(out, prefix, head);
    memcpy(out + head, buf_text(&hex), digits);
    out[head + digits] = '\0';
    buf_free(&hex);
}

enum key_check key_check(const char *given, const char *right)
{
    if (!given || !*given)
        return KEY_NONE;
    return bytes_equal(str_of(given), str_of(right)) ? KEY_OK : KEY_WRONG;
}

const char *visit_credential(const struct visit *visit, const char *header, const char *scheme)
{
    const char *value = http_header(visit->req, header);
    size_t bytes = strlen(scheme);
    if (!value || strncasecmp(value, scheme, bytes) != 0 || value[bytes] != ' ')
        return NULL;
    return value + bytes + strspn(value + bytes, " ");
}

/* Part by part against the pattern; ":" takes one part, "*" the rest. */
static bool matches(struct visit *visit, const char *pattern_text, struct str path)
{
    struct str pattern = str_of(pattern_text);
    size_t params = 0;
    while (pattern.bytes && path.bytes) {
        struct str want = str_cut(&pattern, '/'), part = str_cut(&path, '/');
        if (str_is(want, "*"))
            return true;
        if (str_is(want, ":") && part.bytes && params < PARTY_PARAMS_MAX)
            visit->params[params++] = part;
        else if (part.bytes != want.bytes || memcmp(part.at, want.at, want.bytes) != 0)
            return false;
    }
    return !pattern.bytes && !path.bytes;
}

static void find_endpoint(struct visit *visit, struct str path)
{
    const struct party_kind *kind = visit->party->kind;
    for (size_t i = 0; i < kind->endpoint_count; i++)
        if ((kind->endpoints[i].methods & visit->req->method) &&
            matches(visit, kind->endpoints[i].path, path)) {
            visit->endpoint = &kind->endpoints[i];
            return;
        }
}

static const char *const key_words[] = {
    [KEY_OK] = "ok", [KEY_NONE] = "none", [KEY_WRONG] = "wrong", [KEY_FREE] = "free"};

static void book(struct visit *visit, enum key_check key)
{
    const char *name = visit->endpoint ? visit->endpoint->name : "unknown";
    visit->counts = seen_counts(visit->party->seen, name);
    visit->counts->requests++;
    visit->counts->bytes_in += (int64_t)visit->req->body.bytes;
    visit->seen =
        seen_request(visit->party->seen, &(struct seen_request){.endpoint = name,
                                                                .method = visit->req->method,
                                                                .target = visit->req->target,
                                                                .auth = key_words[key],
                                                                .body = visit->req->body});
}

static void answer(struct visit *visit)
{
    enum key_check key = visit->party->kind->check_key(visit);
    if (key == KEY_NONE || key == KEY_WRONG)
        visit_fail(visit, 401, NULL, NULL);
    else if (!visit->endpoint)
        visit_fail(visit, 404, NULL, NULL);
    else
        visit->endpoint->handler(visit);
}

static void take_off_list(struct visit *visit)
{
    if (visit->next)
        visit->next->previous = visit->previous;
    if (visit->previous)
        visit->previous->next = visit->next;
    else
        visit->party->visits = visit->next;
}

/* The visit is over, one way or another. */
static void leave(struct visit *visit)
{
    visit->req->on_gone = NULL;
    visit->counts->live -= visit->streaming;
    take_off_list(visit);
}

static void on_client_gone(struct http_req *req)
{
    struct visit *visit = req->state;
    leave(visit);
    if (visit->on_gone)
        visit->on_gone(visit);
}

static void break_visit(struct visit *visit, struct str last_bytes)
{
    leave(visit);
    http_break(visit->req, last_bytes);
}

/* The delay of an order is over: now what it says. */
static void strike(void *arg)
{
    struct visit *visit = arg;
    const struct fault *fault = &visit->fault;
    visit->fuse = fault_fuse_of(fault);
    enum fault_act act = fault->after >= 0 ? FAULT_NONE : fault->act;
    switch (act) {
    case FAULT_NONE: answer(visit); break;
    case FAULT_ERROR:
        visit_fail(visit, fault->status, *fault->code ? fault->code : NULL, NULL);
        break;
    case FAULT_LOSE:
        visit->lost = true;
        answer(visit);
        break;
    case FAULT_STALL: break; /* until the client has had enough */
    case FAULT_DROP:
    case FAULT_REFUSE: break_visit(visit, (struct str){0}); break;
    case FAULT_NONSENSE: break_visit(visit, nonsense()); break;
    case FAULT_ACT_COUNT: break;
    }
}

void party_enter(struct party *party, struct http_req *req, struct str path)
{
    struct visit *visit = arena_alloc(req->arena, sizeof(*visit));
    visit->party = party;
    visit->req = req;
    visit->next = party->visits;
    if (party->visits)
        party->visits->previous = visit;
    party->visits = visit;
    req->state = visit;
    req->on_gone = on_client_gone;
    find_endpoint(visit, path);
    book(visit, party->kind->check_key(visit));
    if (!faults_strike(party->faults, party->kind->name,
                       visit->endpoint ? visit->endpoint->name : "unknown", &visit->fault)) {
        answer(visit);
        return;
    }
    visit->counts->faults++;
    if (visit->fault.delay_ms > 0)
        later(party->loop, visit->fault.delay_ms, strike, visit, &req->waiting);
    else
        strike(visit);
}

static void book_reply(struct visit *visit, int status, size_t bytes)
{
    seen_status(visit->party->seen, visit->seen, status);
    visit->counts->bytes_out += (int64_t)bytes;
    if (status >= 400)
        visit->counts->refused++;
    log_debug(&visit->party->log, "answered", "endpoint=%s status=%d",
              visit->endpoint ? visit->endpoint->name : "unknown", status);
}

void visit_reply(struct visit *visit, int status, const char *content_type, struct str body)
{
    book_reply(visit, status, body.bytes);
    if (visit->lost) {
        break_visit(visit, (struct str){0});
        return;
    }
    leave(visit);
    http_reply(visit->req, status, content_type, body);
}

void visit_reply_json(struct visit *visit, int status, struct str body)
{
    visit_reply(visit, status, "application/json", body);
}

void visit_fail(struct visit *visit, int status, const char *code, const char *message)
{
    visit->party->kind->fail(visit, status, code, message);
}

void visit_begin_stream(struct visit *visit, int status, const char *content_type)
{
    book_reply(visit, status, 0);
    visit->counts->live++;
    visit->streaming = true;
    http_stream_begin(visit->req, status, content_type);
}

enum visit_sent visit_send(struct visit *visit, struct str piece, int64_t units)
{
    switch (fault_fuse_burn(&visit->fuse, units)) {
    case FAULT_NONE: break;
    case FAULT_STALL: return SENT_SILENT;
    case FAULT_ERROR: return SENT_ERROR;
    case FAULT_NONSENSE: break_visit(visit, nonsense()); return SENT_GONE;
    case FAULT_DROP:
    case FAULT_LOSE:
    case FAULT_REFUSE:
    case FAULT_ACT_COUNT: break_visit(visit, (struct str){0}); return SENT_GONE;
    }
    visit->counts->bytes_out += (int64_t)piece.bytes;
    if (http_stream_send(visit->req, piece) == 0)
        return SENT_OK;
    break_visit(visit, (struct str){0}); /* a reader too slow for the real one as well */
    return SENT_GONE;
}

void visit_end_stream(struct visit *visit)
{
    leave(visit);
    http_stream_end(visit->req);
}

void party_drop_all(struct party *party)
{
    while (party->visits) {
        struct visit *visit = party->visits;
        op_cancel(&visit->req->waiting);
        leave(visit);
        if (visit->on_gone)
            visit->on_gone(visit);
        http_break(visit->req, (struct str){0});
    }
    if (party->kind->drop_streams)
        party->kind->drop_streams(party->state);
}

int visit_accept(struct visit *visit, const struct ws_handler *handler, void *arg,
                 struct ws **ws_out)
{
    const struct ws_limits limits = {.message_bytes_max = WS_MESSAGE_BYTES_MAX,
                                     .queue_bytes_max = WS_QUEUE_BYTES_MAX};
    visit->req->on_gone = NULL;
    if (ws_accept(visit->req, &limits, handler, arg, ws_out)) {
        visit_fail(visit, 400, NULL, "This address expects a WebSocket handshake.");
        return EINVAL;
    }
    book_reply(visit, 101, 0); /* its memory lasts to the end of this turn */
    take_off_list(visit);
    return 0;
}
