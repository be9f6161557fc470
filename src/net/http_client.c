/* net/http_client.c: libcurl's multi interface on our loop, and hosts kept warm. One question and
 * its answer are in http_ask.c. */
#include "net/http_client_private.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STREAMS_MAX = 1000,        /* on one HTTP/2 connection; libcurl's 100 would open another */
    CONNECTIONS_KEPT_MAX = 64, /* idle ones */
    WARM_MS = 45000,           /* many front ends close a connection that is idle for 60 s */
    WARM_RETRY_MS = 10000,
};

/* A host whose connection is to be there before it is needed. */
struct warm_host {
    struct warm_host *next;
    struct http_client *client;
    struct timer *timer;
    struct op *asking;
    char *url;
};

static void read_results(struct http_client *client)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct ask *ask = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ask);
        if (message->msg == CURLMSG_DONE)
            ask_over(ask, message->data.result);
    }
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    curl_multi_socket_action(client->multi, fd, events, &running);
    read_results(client);
}

static void on_socket_ready(int fd, unsigned events, void *arg)
{
    act(arg, fd, events & WATCH_READ ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
}

static void on_timer(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl says what it wants to know about a socket; what we keep for it comes back as `known`. */
static int on_socket(CURL *easy, curl_socket_t fd, int wanted, void *arg, void *known)
{
    struct http_client *client = arg;
    struct watch *watch = known;
    (void)easy;
    if (wanted == CURL_POLL_REMOVE) {
        watch_free(&watch);
        curl_multi_assign(client->multi, fd, NULL);
        return 0;
    }
    if (!watch) {
        watch = watch_new(client->loop, fd, on_socket_ready, client);
        curl_multi_assign(client->multi, fd, watch);
    }
    watch_set(watch, (wanted & CURL_POLL_IN ? WATCH_READ : 0) |
                         (wanted & CURL_POLL_OUT ? WATCH_WRITE : 0));
    return 0;
}

static int on_timer_wanted(CURLM *multi, long wait_ms, void *arg)
{
    struct http_client *client = arg;
    (void)multi;
    if (wait_ms < 0)
        timer_stop(client->timer);
    else
        timer_set(client->timer, loop_now_ms(client->loop) + wait_ms);
    return 0;
}

struct http_client *http_client_new(struct loop *loop, const struct http_client_options *options)
{
    static const struct http_client_options defaults;
    if (!options)
        options = &defaults;
    CURLcode failed = curl_global_init(CURL_GLOBAL_DEFAULT); /* counts: one a client */
    struct http_client *client = xalloc(sizeof(*client));
    client->loop = loop;
    client->ca_file = xstrdup(options->ca_file);
    client->user_agent = xstrdup(options->user_agent ? options->user_agent : "karen");
    client->timer = timer_new(loop, on_timer, client);
    client->multi = curl_multi_init();
    assert(!failed && client->multi);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT_MAX);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      options->connections_per_host ? options->connections_per_host : 8L);
    return client;
}

static void free_client(void *arg)
{
    struct http_client *client = arg;
    curl_multi_cleanup(client->multi);
    timer_free(&client->timer);
    free(client->ca_file);
    free(client->user_agent);
    free(client);
    curl_global_cleanup();
}

void http_client_free(struct http_client **client_slot)
{
    struct http_client *client = *client_slot;
    if (!client)
        return;
    *client_slot = NULL;
    while (client->warm) {
        struct warm_host *host = client->warm;
        client->warm = host->next;
        op_cancel(&host->asking);
        timer_free(&host->timer);
        free(host->url);
        free(host);
    }
    while (client->live) {
        struct ask *ask = client->live;
        op_end(&ask->op);
        ask_drop(ask);
    }
    loop_defer(client->loop, free_client, client); /* after the asks dropped above */
}

static void on_warm(const struct http_answer *answer, void *arg)
{
    struct warm_host *host = arg;
    timer_set(host->timer,
              loop_now_ms(host->client->loop) + (answer->err ? WARM_RETRY_MS : WARM_MS));
}

static void warm_up(void *arg)
{
    struct warm_host *host = arg;
    struct http_ask ask = {.method = HTTP_HEAD, .url = host->url, .on_done = on_warm};
    http_ask(host->client, &ask, host, &host->asking);
}

struct loop *http_client_loop(const struct http_client *client)
{
    return client->loop;
}

/* By a HEAD now and then, whatever it is answered: libcurl's curl_easy_upkeep() does not reach the
 * connections of a multi handle, and a CURLOPT_CONNECT_ONLY connection cannot be used again. */
void http_client_warm(struct http_client *client, const char *url)
{
    struct warm_host *host = xalloc(sizeof(*host));
    host->client = client;
    host->url = xstrdup(url);
    host->timer = timer_new(client->loop, warm_up, host);
    host->next = client->warm;
    client->warm = host;
    warm_up(host);
}
