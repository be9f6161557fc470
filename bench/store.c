/* bench/store.c: what the database costs a worker: CPU and time of each thing a call asks.
 * usage: bench-store DATABASE_URL [ROUNDS]; the database must be migrated and is written to. */
#include "base/mem.h"
#include "net/loop.h"
#include "store/calls.h"
#include "store/numbers.h"
#include "store/tokens.h"
#include "store/turns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { ROUNDS_DEFAULT = 2000, SNAPSHOT_BYTES = 8192, TOGETHER = 32 };

struct bench {
    struct loop *loop;
    struct db *db;
    struct arena arena;
    struct uuid tenant, call;
    char token[STREAM_TOKEN_TEXT_BYTES], sid[40], snapshot[SNAPSHOT_BYTES];
    int done, failed, next;
};

static void count(struct bench *bench, int err)
{
    bench->done++;
    bench->failed += err != 0;
}

static void on_rows(int err, const struct db_rows *rows, void *arg)
{
    (void)rows;
    count(arg, err);
}

static void on_end(int err, void *arg)
{
    count(arg, err);
}

static void ask_one(struct bench *bench)
{
    db_query(bench->db, (struct uuid){{0}}, "SELECT 1", NULL, 0, on_rows, bench, NULL);
}

static void ask_as_tenant(struct bench *bench)
{
    const struct db_value values[] = {db_uuid(bench->tenant), db_uuid(bench->call)};
    db_query(bench->db, bench->tenant, "SELECT status FROM calls WHERE tenant_id = $1 AND id = $2",
             values, 2, on_rows, bench, NULL);
}

static void on_routes(int err, const struct routes *routes, void *arg)
{
    struct bench *bench = arg;
    count(bench, err || !routes->by_default);
}

static void route(struct bench *bench)
{
    const struct route_query query = {
        .to = "+420800000000", .forwarded_from = "+420601000000", .default_tenant = bench->tenant};
    numbers_route(bench->db, &query, &bench->arena, on_routes, bench, NULL);
}

static void on_begun(int err, const struct call_begun *begun, void *arg)
{
    struct bench *bench = arg;
    if (!err) {
        bench->call = begun->call;
        memcpy(bench->token, begun->token, sizeof(bench->token));
    }
    count(bench, err);
}

static void begin(struct bench *bench)
{
    uint64_t chance;
    random_bytes(&chance, sizeof(chance));
    snprintf(bench->sid, sizeof(bench->sid), "CA%016llx", (unsigned long long)chance);
    const struct call_begin call = {.tenant = bench->tenant,
                                    .carrier = "twilio",
                                    .call_sid = bench->sid,
                                    .from_number = "+420601000001",
                                    .to_number = "+420800000001",
                                    .started_at_ms = wall_now_ms()};
    calls_begin(bench->db, &call, on_begun, bench, NULL);
}

static void on_opened(int err, const struct call_opened *opened, void *arg)
{
    (void)opened;
    count(arg, err);
}

static void redeem(struct bench *bench)
{
    tokens_redeem(bench->db, str_of(bench->token), bench->sid, &bench->arena, on_opened, bench,
                  NULL);
}

static void save(struct bench *bench)
{
    const struct call_line line = {
        .seq = (uint32_t)(bench->next % 200 + 1),
        .speaker = SPEAKER_CALLER,
        .kind = LINE_SAID,
        .confidence = 1,
        .text = str_of("Dobrý den, tady Eva Nováková, prosím, zavolejte mi zpátky.")};
    turns_save(bench->db, bench->tenant, bench->call, &line, 1,
               &(struct turns_snapshot){{bench->snapshot, SNAPSHOT_BYTES}, NULL, 0}, on_end, bench,
               NULL);
}

static int64_t cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static void finish_all(struct bench *bench, int wanted)
{
    while (bench->done < wanted)
        loop_step(bench->loop, 1000);
}

/* `together` at a time. */
static void measure(struct bench *bench, const char *what, void (*ask)(struct bench *), int rounds,
                    int together)
{
    bench->done = bench->failed = 0;
    int64_t begin_us = loop_now_us(bench->loop), begin_cpu_us = cpu_us();
    for (bench->next = 0; bench->next < rounds;) {
        for (int i = 0; i < together && bench->next < rounds; i++, bench->next++)
            ask(bench);
        finish_all(bench, bench->next);
        arena_free(&bench->arena);
    }
    double wall = (double)(loop_now_us(bench->loop) - begin_us) / rounds;
    double cpu = (double)(cpu_us() - begin_cpu_us) / rounds;
    printf("%-34s %3d at a time  %8.1f us each  %6.1f us CPU%s\n", what, together, wall, cpu,
           bench->failed ? "  SOME FAILED" : "");
}

int main(int argc, char **argv)
{
    struct bench bench = {.loop = loop_new()};
    int rounds = argc > 2 ? atoi(argv[2]) : ROUNDS_DEFAULT;
    const struct db_options owner = {.url = argc > 1 ? argv[1] : "", .connections = 1};
    const struct db_options worker = {.url = owner.url, .role = DB_ROLE_APP};
    const struct tenant_setting settings[] = {{str_of("name"), str_of("Bench")},
                                              {str_of("owner_name"), str_of("Bench")},
                                              {str_of("language"), str_of("cs")}};
    if (db_open(bench.loop, &owner, &bench.db))
        return 2;
    bench.tenant = uuid_new(wall_now_ms());
    tenants_add(bench.db, bench.tenant, settings, 3, "bench", on_end, &bench, NULL);
    finish_all(&bench, 1);
    db_close(&bench.db);
    if (bench.failed || db_open(bench.loop, &worker, &bench.db))
        return 1;
    measure(&bench, "SELECT 1 (warming up)", ask_one, 200, 8);
    measure(&bench, "SELECT 1", ask_one, rounds, 1);
    measure(&bench, "SELECT 1", ask_one, rounds, TOGETHER);
    measure(&bench, "webhook: route", route, rounds, 1);
    measure(&bench, "webhook: begin", begin, rounds, 1);
    measure(&bench, "stream: redeem", redeem, 1, 1);
    measure(&bench, "read one call as its tenant", ask_as_tenant, rounds, 1);
    measure(&bench, "read one call as its tenant", ask_as_tenant, rounds, TOGETHER);
    measure(&bench, "turn: a line and 8 KiB snapshot", save, rounds, 1);
    measure(&bench, "turn: a line and 8 KiB snapshot", save, rounds, TOGETHER);
    db_close(&bench.db);
    loop_free(&bench.loop);
    return 0;
}
