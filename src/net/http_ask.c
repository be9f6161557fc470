/* net/http_ask.c: one HTTP question: set up for libcurl, watched by our deadlines, answered once.
 */
#include "net/http_client_private.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_ask(void *arg)
{
    struct ask *ask = arg;
    if (ask->running)
        curl_multi_remove_handle(ask->client->multi, ask->easy);
    curl_easy_cleanup(ask->easy);
    curl_slist_free_all(ask->headers);
    buf_free(&ask->body);
    free(ask);
}

void ask_drop(struct ask *ask)
{
    struct http_client *client = ask->client;
    ask->over = true;
    if (ask->next)
        ask->next->previous = ask->previous;
    if (ask->previous)
        ask->previous->next = ask->next;
    else
        client->live = ask->next;
    timer_free(&ask->timer);
    loop_defer(client->loop, free_ask, ask);
}

static void on_cancel(struct op *op)
{
    ask_drop((struct ask *)op);
}

static const char *header_of(const struct http_answer *answer, const char *name)
{
    const struct ask *ask = answer->private;
    struct curl_header *header;
    if (curl_easy_header(ask->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->value;
}

static int64_t retry_after_ms(const struct ask *ask)
{
    curl_off_t seconds = 0;
    if (!header_of(&ask->answer, "Retry-After") ||
        curl_easy_getinfo(ask->easy, CURLINFO_RETRY_AFTER, &seconds))
        return -1;
    return seconds * 1000;
}

static int64_t connect_us(const struct ask *ask)
{
    long new_connections = 0;
    curl_off_t connected = 0, encrypted = 0;
    curl_easy_getinfo(ask->easy, CURLINFO_NUM_CONNECTS, &new_connections);
    curl_easy_getinfo(ask->easy, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(ask->easy, CURLINFO_APPCONNECT_TIME_T, &encrypted);
    if (!new_connections)
        return 0;
    return encrypted > connected ? encrypted : connected;
}

static void answer(struct ask *ask, int err, const char *why)
{
    struct http_answer *reply = &ask->answer;
    long status = 0;
    curl_easy_getinfo(ask->easy, CURLINFO_RESPONSE_CODE, &status);
    reply->err = err;
    reply->why = err ? why : "";
    reply->status = (int)status;
    reply->body = buf_str(&ask->body);
    reply->retry_after_ms = retry_after_ms(ask);
    reply->connect_us = connect_us(ask);
    reply->total_us = loop_now_us(ask->client->loop) - ask->began_us;
    op_end(&ask->op);
    ask_drop(ask);
    ask->on_done(reply, ask->arg);
}

static int refused_connection(const struct ask *ask)
{
    long err = 0;
    curl_easy_getinfo(ask->easy, CURLINFO_OS_ERRNO, &err);
    switch (err) {
    case EHOSTUNREACH:
    case ENETUNREACH: return EHOSTUNREACH;
    case ETIMEDOUT: return ETIMEDOUT;
    default: return ECONNREFUSED;
    }
}

/* libcurl calls a reply that is not HTTP an unsupported protocol, too. */
static bool was_sent(const struct ask *ask)
{
    long request_bytes = 0;
    curl_easy_getinfo(ask->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    return request_bytes > 0;
}

static int error_of(const struct ask *ask, CURLcode result)
{
    switch (result) {
    case CURLE_OK: return 0;
    case CURLE_WRITE_ERROR: return ask->bytes > ask->bytes_max ? EMSGSIZE : EPROTO;
    case CURLE_OPERATION_TIMEDOUT: return ETIMEDOUT;
    case CURLE_COULDNT_RESOLVE_HOST: return EHOSTUNREACH;
    case CURLE_COULDNT_CONNECT: return refused_connection(ask);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: return ECONNRESET;
    case CURLE_URL_MALFORMAT: return EINVAL;
    case CURLE_UNSUPPORTED_PROTOCOL: return was_sent(ask) ? EPROTO : EINVAL;
    default: return EPROTO;
    }
}

void ask_over(struct ask *ask, CURLcode result)
{
    if (ask->over)
        return;
    const char *why = ask->library_words[0] ? ask->library_words : curl_easy_strerror(result);
    answer(ask, error_of(ask, result), why);
}

static int64_t next_deadline(const struct ask *ask)
{
    int64_t at_ms =
        ask->has_head ? ask->last_piece_ms + ask->between_ms_max : ask->first_byte_at_ms;
    return at_ms < ask->total_at_ms ? at_ms : ask->total_at_ms;
}

static void on_deadline(void *arg)
{
    struct ask *ask = arg;
    if (loop_now_ms(ask->client->loop) >= ask->total_at_ms)
        answer(ask, ETIMEDOUT, "the reply took too long as a whole");
    else if (ask->has_head)
        answer(ask, ETIMEDOUT, "the reply stopped half-way");
    else
        answer(ask, ETIMEDOUT, "no reply came in time");
}

/* libcurl hands over a line at a time; the empty one ends a head. That of a 1xx is not the reply.
 */
static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct ask *ask = arg;
    struct str line = {data, size * count};
    long status = 0;
    if (ask->over)
        return CURL_WRITEFUNC_ERROR;
    curl_easy_getinfo(ask->easy, CURLINFO_RESPONSE_CODE, &status);
    if (str_trim(line).bytes == 0 && status >= 200) {
        ask->has_head = true;
        ask->answer.first_byte_us = loop_now_us(ask->client->loop) - ask->began_us;
        ask->last_piece_ms = loop_now_ms(ask->client->loop);
        timer_set(ask->timer, next_deadline(ask));
    }
    return line.bytes;
}

static bool is_good(const struct ask *ask)
{
    long status = 0;
    curl_easy_getinfo(ask->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct ask *ask = arg;
    struct str piece = {data, size * count};
    if (ask->over)
        return CURL_WRITEFUNC_ERROR;
    ask->bytes += piece.bytes;
    if (ask->bytes > ask->bytes_max)
        return CURL_WRITEFUNC_ERROR;
    ask->last_piece_ms = loop_now_ms(ask->client->loop);
    timer_set(ask->timer, next_deadline(ask));
    if (ask->on_piece && is_good(ask))
        ask->on_piece(piece, ask->arg);
    else
        buf_add_str(&ask->body, piece);
    return ask->over ? CURL_WRITEFUNC_ERROR : piece.bytes;
}

static void set_method(CURL *easy, enum http_method method, struct str body)
{
    if (method == HTTP_HEAD) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    if (body.bytes || method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.bytes);
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.bytes ? body.at : "");
    }
    if (method != HTTP_GET || body.bytes)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, http_method_name(method));
}

static void set_headers(struct ask *ask, const struct http_ask *wanted)
{
    /* libcurl would wait up to a second for leave to send a large body */
    ask->headers = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < HTTP_ASK_HEADERS_MAX && wanted->headers[i]; i++) {
        assert(!strpbrk(wanted->headers[i], "\r\n") && "a header must be one line");
        ask->headers = curl_slist_append(ask->headers, wanted->headers[i]);
    }
    curl_easy_setopt(ask->easy, CURLOPT_HTTPHEADER, ask->headers);
}

/* Who we trust and how we connect, the same for all. */
static void set_connection(struct ask *ask, const struct http_ask *wanted)
{
    const struct http_client *client = ask->client;
    CURL *easy = ask->easy;
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* not what the environment happens to say */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Share a connection that is being made. Only TLS says before the first reply whether it can be
     * shared: without it all would wait for that reply. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)str_starts(str_of(wanted->url), "https:"));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)wanted->once);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(wanted->connect_ms_max ? wanted->connect_ms_max : 2000));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    if (client->ca_file) /* beside the system's, which libcurl still finds in its CA folder */
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    if (wanted->user) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, wanted->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, wanted->password ? wanted->password : "");
    }
}

static void set_up(struct ask *ask, const struct http_ask *wanted)
{
    CURL *easy = ask->easy;
    curl_easy_setopt(easy, CURLOPT_URL, wanted->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, ask);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ask->library_words);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, ask);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ask);
    set_connection(ask, wanted);
    set_method(easy, wanted->method, wanted->body);
    set_headers(ask, wanted);
}

static void set_deadlines(struct ask *ask, const struct http_ask *wanted)
{
    int64_t now_ms = loop_now_ms(ask->client->loop);
    ask->first_byte_at_ms = now_ms + (wanted->first_byte_ms_max ? wanted->first_byte_ms_max : 5000);
    ask->total_at_ms = now_ms + (wanted->total_ms_max ? wanted->total_ms_max : 30000);
    ask->between_ms_max = wanted->between_ms_max ? wanted->between_ms_max : 5000;
    ask->bytes_max = wanted->reply_bytes_max ? wanted->reply_bytes_max : 1024 * 1024;
    ask->timer = timer_new(ask->client->loop, on_deadline, ask);
    timer_set(ask->timer, next_deadline(ask));
}

static void start(void *arg)
{
    struct ask *ask = arg;
    if (ask->over)
        return;
    ask->running = true;
    curl_multi_add_handle(ask->client->multi, ask->easy);
}

void http_ask(struct http_client *client, const struct http_ask *wanted, void *arg,
              struct op **slot)
{
    struct ask *ask = xalloc(sizeof(*ask));
    ask->client = client;
    ask->easy = curl_easy_init();
    assert(ask->easy);
    ask->on_piece = wanted->on_piece;
    ask->on_done = wanted->on_done;
    ask->arg = arg;
    ask->began_us = loop_now_us(client->loop);
    ask->answer.header = header_of;
    ask->answer.private = ask;
    ask->next = client->live;
    if (ask->next)
        ask->next->previous = ask;
    client->live = ask;
    set_up(ask, wanted);
    set_deadlines(ask, wanted);
    op_begin(&ask->op, on_cancel, slot);
    loop_defer(client->loop, start, ask);
}
