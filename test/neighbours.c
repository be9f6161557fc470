/* test/neighbours.c: two tenants, and answers waited for. */
#include "test/neighbours.h"

#include "test/test.h"

struct bench bench;
struct uuid jan, eva;
struct ending ending;
struct answer answer;

int neighbours_open(void **state)
{
    (void)state;
    bench_open(&bench);
    postgres_run("DELETE FROM tenant_phone_numbers; DELETE FROM number_pool; DELETE FROM tenants;"
                 "DELETE FROM call_sids; DELETE FROM call_events");
    jan = postgres_tenant("Jan");
    eva = postgres_tenant("Eva");
    return 0;
}

int neighbours_close(void **state)
{
    (void)state;
    bench_close(&bench);
    cJSON_Delete(answer.json);
    answer = (struct answer){0};
    return 0;
}

/* ---- answers -------------------------------------------------------------------------------- */

void on_answer(int err, struct str json, void *arg)
{
    struct answer *to = arg ? arg : &answer;
    cJSON_Delete(to->json);
    *to = (struct answer){true, err, err ? NULL : cJSON_ParseWithLength(json.at, json.bytes)};
    assert_true(err || to->json);
}

int answered(void)
{
    bench_wait(&bench, &answer.done);
    answer.done = false;
    return answer.err;
}

const char *value(const char *path)
{
    return json_text_at(answer.json, path);
}

int count(const char *path)
{
    return cJSON_GetArraySize(json_at(answer.json, path));
}

/* ---- calls ---------------------------------------------------------------------------------- */

void on_begun(int err, const struct call_begun *call, void *arg)
{
    struct begun *begun = arg;
    begun->done = true;
    begun->err = err;
    if (!err)
        begun->call = *call;
    else
        assert_null(call);
}

struct begun begin(struct uuid tenant, const char *sid)
{
    const struct call_begin call = {.tenant = tenant,
                                    .carrier = "twilio",
                                    .call_sid = sid,
                                    .from_number = "+420601000001",
                                    .to_number = "+420800000001",
                                    .started_at_ms = wall_now_ms()};
    struct begun begun = {0};
    calls_begin(bench.app, &call, on_begun, &begun, NULL);
    assert_false(begun.done);
    bench_wait(&bench, &begun.done);
    return begun;
}
