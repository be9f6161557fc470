/* api/guard_keys.c: a POST with an Idempotency-Key is done once: its answer is written down before
 * it goes out, and goes out again when the same request comes again.
 *
 * The claim that it is ours to do is a transaction of its own, before the handler's: a worker that
 * dies in between leaves a claim that is free again after a minute. */
#include "api/guard.h"
#include "api/request_private.h"
#include "base/hash.h"
#include "store/idempotency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A request whose answer is kept. */
struct idempotency {
    struct idempotency_claim claim;
    uint8_t request_hash[SHA256_BYTES];
    struct api_answer answer; /* on its way to the store, in the request's arena */
};

/* The same key by somebody else, or for something else, is another request. */
static void hash_request(const struct api_request *request, uint8_t hash_out[SHA256_BYTES])
{
    struct buf text = {0};
    buf_printf(&text, "%s\n", api_actor(request));
    buf_add_str(&text, request->http->target);
    buf_putc(&text, '\n');
    buf_add_str(&text, request->http->body);
    sha256(buf_str(&text), hash_out);
    buf_free(&text);
}

static void on_claim(int err, const struct idempotency_answer *answer, void *arg)
{
    struct api_request *request = arg;
    struct idempotency *idempotency = request->idempotency;
    request->idempotency = NULL; /* what goes wrong until then is not kept */
    if (err == EBUSY) {
        request_refuse(request, &(struct api_problem){.status = 409,
                                                      .code = "being_worked_on",
                                                      .detail = "the same request is being "
                                                                "worked on",
                                                      .retry_after_s = 1});
    } else if (err == EEXIST) {
        api_fail(request, 422, "key_reused", "the Idempotency-Key was used for another request");
    } else if (err) {
        api_fail_with(request, err);
    } else if (answer) {
        request->api->counters.replayed++;
        http_set_header(request->http, "Idempotency-Replayed", "true");
        request_send(request->http, &(struct api_answer){.status = answer->status,
                                                         .content_type = answer->content_type,
                                                         .body = answer->body,
                                                         .version = -1});
    } else {
        request->idempotency = idempotency;
        request_handle(request);
    }
}

void request_claim_key(struct api_request *request, const char *key)
{
    struct idempotency *idempotency = arena_alloc(request->http->arena, sizeof(*idempotency));
    hash_request(request, idempotency->request_hash);
    idempotency->claim = (struct idempotency_claim){
        .tenant = request->tenant,
        .key = key,
        .operation = request->operation->id,
        .request_hash = {(const char *)idempotency->request_hash, SHA256_BYTES},
        .claim = uuid_new(wall_now_ms()),
    };
    request->idempotency = idempotency;
    idempotency_claim(request->api->db, &idempotency->claim, on_claim, request,
                      &request->http->waiting);
}

static void on_kept(int err, void *arg)
{
    const struct api_request *request = arg;
    if (err)
        log_warn(NULL, "answer_not_kept", "id=%s err=%d", request->http->id, err);
    request_send(request->http, &request->idempotency->answer);
}

/* Nothing was done when the server was at fault or too busy: the key is free for another try. */
static bool is_worth_keeping(const struct api_answer *answer)
{
    return answer->status < 500 && answer->status != 429 &&
           answer->body.bytes <= IDEMPOTENCY_ANSWER_BYTES_MAX;
}

/* What stands there instead of an answer that holds a secret. */
static struct idempotency_answer without_secret(const struct api_request *request, struct buf *body)
{
    const struct api_problem problem = {
        .status = 409,
        .code = "already_done",
        .detail = "that was done; its secret was in the first answer and is kept nowhere"};
    request_print_problem(request->http, &problem, body);
    return (struct idempotency_answer){problem.status, "application/problem+json", buf_str(body)};
}

void request_keep(struct api_request *request, const struct api_answer *answer)
{
    struct idempotency *idempotency = request->idempotency;
    struct idempotency_answer kept = {answer->status, answer->content_type, answer->body};
    struct buf body = {0};
    if (request->operation->secret && answer->status < 300)
        kept = without_secret(request, &body);
    idempotency->answer = *answer;
    idempotency->answer.body.at =
        arena_strndup(request->http->arena, answer->body.at, answer->body.bytes);
    idempotency_keep(request->api->db, &idempotency->claim, is_worth_keeping(answer) ? &kept : NULL,
                     on_kept, request, &request->http->waiting);
    buf_free(&body);
}
