/* bench/api.c: asks one thing again and again, at a fixed rate or as often as it is answered: the
 * API over HTTP with a token of its own, or, to see what of that is not PostgreSQL's, the same
 * statement of the store straight from here.
 *
 * usage: bench-api BASE_URL RATE SECONDS TARGET
 *   RATE 0: IN_FLIGHT at once, closed loop
 *   TARGET /path (HTTP) | store:list[=CURSOR] | store:call=ID | store:search=WORDS | store:counts
 *   JWT_SECRET, PUBLIC_URL and DATABASE_URL as the server has them; whose session it is stands in
 *   bench/inbox.sql
 *
 * At a fixed rate a delay counts from the moment the question was due, so that a server that stalls
 * is charged for all who would have come meanwhile. Prints one line of JSON. */
#include "auth/jwt.h"
#include "base/mem.h"
#include "net/http_client.h"
#include "store/inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_FLIGHT = 16, CONNECTIONS = 32, ASKS_MAX = 1000000, WARM_MS = 2000, PAGE = 50 };

static struct bench {
    struct loop *loop;
    struct http_client *http;
    struct db *db;
    struct timer *timer;
    struct uuid tenant, call;
    const char *target;
    struct buf url, bearer;
    int64_t rate, start_us, measured_us, end_us;
    int64_t asked, answered, failed, count;
    int64_t *took_us; /* of those after the warming up */
} bench;

struct ask {
    int64_t due_us;
};

static void ask(int64_t due_us);

static void on_end(struct ask *asked, bool good)
{
    int64_t now_us = loop_now_us(bench.loop);
    bench.answered++;
    bench.failed += !good;
    if (good && asked->due_us >= bench.measured_us && bench.count < ASKS_MAX)
        bench.took_us[bench.count++] = now_us - asked->due_us;
    free(asked);
    if (!bench.rate && now_us < bench.end_us)
        ask(now_us);
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    on_end(arg, !answer->err && answer->status == 200);
}

static void on_json(int err, struct str json, void *arg)
{
    on_end(arg, !err && json.bytes);
}

static bool is_store(const char *what, const char **value_out)
{
    static const char store[] = "store:";
    size_t bytes = strlen(what);
    if (strncmp(bench.target, store, strlen(store)) != 0)
        return false;
    const char *rest = bench.target + strlen(store);
    if (strncmp(rest, what, bytes) != 0)
        return false;
    *value_out = rest[bytes] == '=' ? rest + bytes + 1 : NULL;
    return rest[bytes] == '=' || !rest[bytes];
}

static void ask(int64_t due_us)
{
    struct ask *asked = xalloc(sizeof(*asked));
    struct inbox_filter filter = {.limit = PAGE};
    const char *value;
    asked->due_us = due_us;
    bench.asked++;
    if (is_store("list", &filter.cursor) || is_store("search", &filter.words))
        inbox_list(bench.db, bench.tenant, &filter, on_json, asked, NULL);
    else if (is_store("call", &value))
        inbox_get(bench.db, bench.tenant, bench.call, on_json, asked, NULL);
    else if (is_store("counts", &value))
        inbox_counts(bench.db, bench.tenant, on_json, asked, NULL);
    else
        http_ask(bench.http,
                 &(struct http_ask){.method = HTTP_GET,
                                    .url = buf_text(&bench.url),
                                    .headers = {buf_text(&bench.bearer)},
                                    .on_done = on_answer},
                 asked, NULL);
}

/* All that are due by now, each at its own moment. */
static void on_tick(void *arg)
{
    (void)arg;
    int64_t now_us = loop_now_us(bench.loop);
    for (;;) {
        int64_t due_us = bench.start_us + bench.asked * 1000000 / bench.rate;
        if (due_us >= bench.end_us)
            return;
        if (due_us > now_us)
            break;
        ask(due_us);
    }
    timer_set(bench.timer, loop_now_ms(bench.loop) + 1);
}

static int by_size(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static double ms_at(double part)
{
    return bench.count ? (double)bench.took_us[(int64_t)(part * (double)(bench.count - 1))] / 1000
                       : 0;
}

static void report(int64_t seconds)
{
    qsort(bench.took_us, (size_t)bench.count, sizeof(*bench.took_us), by_size);
    printf("{\"answers\":%lld,\"failed\":%lld,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
           "\"max_ms\":%.2f}\n",
           (long long)bench.count, (long long)bench.failed, (double)bench.count / (double)seconds,
           ms_at(0.5), ms_at(0.99), ms_at(1));
}

static void make_token(const char *issuer, const char *secret)
{
    struct auth_claims claims = {.tenant = bench.tenant,
                                 .user = bench.tenant, /* one id for all three */
                                 .session = bench.tenant,
                                 .phone = "+420600000000",
                                 .issued_s = wall_now_ms() / 1000};
    struct auth_keys *keys =
        auth_keys_new(&(struct auth_key_options){.secret = secret, .issuer = issuer});
    claims.expires_s = claims.issued_s + 3600;
    buf_puts(&bench.bearer, "Authorization: Bearer ");
    auth_token_make(keys, &claims, &bench.bearer);
    auth_keys_free(&keys);
}

/* As a worker has it: as many connections, the same role. */
static void open_db(void)
{
    const struct db_options options = {.url = getenv("DATABASE_URL"), .role = DB_ROLE_APP};
    if (db_open(bench.loop, &options, &bench.db)) {
        fprintf(stderr, "bench-api: DATABASE_URL makes no sense\n");
        exit(2);
    }
    while (!db_ready(bench.db))
        loop_step(bench.loop, 100);
}

static void measure(int64_t seconds)
{
    bench.start_us = loop_now_us(bench.loop);
    bench.measured_us = bench.start_us + WARM_MS * 1000;
    bench.end_us = bench.measured_us + seconds * 1000000;
    if (bench.rate)
        timer_set(bench.timer, loop_now_ms(bench.loop));
    for (int i = 0; !bench.rate && i < IN_FLIGHT; i++)
        ask(bench.start_us);
    while (loop_now_us(bench.loop) < bench.end_us || bench.answered < bench.asked)
        loop_step(bench.loop, 200);
    report(seconds);
}

int main(int count, char **words)
{
    const char *secret = getenv("JWT_SECRET"), *issuer = getenv("PUBLIC_URL"), *value;
    if (count != 5 || !secret || !issuer || !getenv("DATABASE_URL")) {
        fprintf(stderr, "usage: JWT_SECRET=... PUBLIC_URL=... DATABASE_URL=..."
                        " bench-api BASE_URL RATE SECONDS TARGET\n");
        return 2;
    }
    bench.loop = loop_new();
    bench.target = words[4];
    bench.rate = atoll(words[2]);
    bench.took_us = xalloc(ASKS_MAX * sizeof(*bench.took_us));
    bench.timer = timer_new(bench.loop, on_tick, NULL);
    uuid_parse(str_of("00000000-0000-4000-8000-0000000b1600"), &bench.tenant);
    if (is_store("call", &value))
        uuid_parse(str_of(value), &bench.call);
    bench.http = http_client_new(
        bench.loop, &(struct http_client_options){.connections_per_host = CONNECTIONS});
    if (strncmp(bench.target, "store:", 6) == 0)
        open_db();
    buf_printf(&bench.url, "%s%s", words[1], bench.target);
    make_token(issuer, secret);
    measure(atoll(words[3]));
    db_close(&bench.db);
    timer_free(&bench.timer);
    http_client_free(&bench.http);
    loop_free(&bench.loop);
    buf_free(&bench.url);
    buf_free(&bench.bearer);
    free(bench.took_us);
    return bench.failed > 0;
}
