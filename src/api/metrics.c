/* api/metrics.c: the shared page of counters and its rendering. */
#include "api/metrics.h"

#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { SLOT_SAMPLES_MAX = 640, SAMPLE_KEY_BYTES = 112, DEPARTED = METRICS_SLOTS_MAX - 1 };

struct sample {
    char key[SAMPLE_KEY_BYTES]; /* name{labels} */
    double value;
};
struct metrics_slot {
    atomic_uint version; /* odd while its owner writes */
    unsigned count;
    struct sample samples[SLOT_SAMPLES_MAX];
};
struct metrics_page {
    struct metrics_slot slots[METRICS_SLOTS_MAX];
};

/* One row a metric: what it is called, how it adds up, what it says. */
static const struct metric {
    const char *name, *type, *help;
} metrics[] = {
    {"karen_up", "gauge", "Worker processes that publish their numbers."},
    {"karen_metrics_dropped", "gauge", "Numbers that did not fit a worker's slot."},
    {"karen_resident_bytes", "gauge", "Memory of the workers."},
    {"karen_cpu_seconds_total", "counter", "Processor time of the workers."},
    {"karen_http_requests_total", "counter", "Requests answered, by status class."},
    {"karen_http_request_seconds", "histogram", "Time to answer a request."},
    {"karen_calls_live", "gauge", "Calls going on now."},
    {"karen_calls_total", "counter", "Calls ended, by reason."},
    {"karen_calls_unsaved", "gauge", "Ended calls that wait for the database."},
    {"karen_calls_lost_total", "counter", "Ended calls that could not be written down."},
    {"karen_calls_refused_total", "counter", "Calls not taken, by reason."},
    {"karen_webhooks_total", "counter", "Carrier's webhooks, by outcome."},
    {"karen_media_refused_total", "counter", "Media streams refused, by reason."},
    {"karen_turns_total", "counter", "Things callers said."},
    {"karen_replies_total", "counter", "Answers asked of the model."},
    {"karen_replies_staged_total", "counter",
     "... before it was sure that the caller had finished."},
    {"karen_replies_staged_in_vain_total", "counter", "... who then went on."},
    {"karen_holds_total", "counter", "Times Karen fell silent to hear whether a caller meant it."},
    {"karen_barge_ins_total", "counter", "Times a caller interrupted."},
    {"karen_echoes_total", "counter", "Times Karen heard her own words and let them be."},
    {"karen_machine_callers_total", "counter", "Callers that were an announcement or music."},
    {"karen_stale_events_total", "counter", "Late news of abandoned work, ignored."},
    {"karen_greeting_seconds", "histogram", "Stream start to the first byte of the greeting."},
    {"karen_reply_seconds", "histogram", "Caller's last voice to the first byte of the reply."},
    {"karen_reply_stage_seconds", "histogram", "Its stages: decide, model, voice, send, heard."},
    {"karen_reply_overhead_seconds", "histogram", "The part of it that is not the providers'."},
    {"karen_provider_asks_total", "counter", "Requests to providers."},
    {"karen_provider_failures_total", "counter", "Requests to providers that failed, by kind."},
    {"karen_provider_first_seconds", "histogram", "Time to a provider's first word or byte."},
    {"karen_provider_healthy", "gauge", "Workers whose breaker lets calls through."},
    {"karen_erased_total", "counter",
     "What was erased: old rows, calls thrown away, tenants, recordings."},
    {"karen_erasure_failures_total", "counter", "Recordings that the carrier did not erase yet."},
    {"karen_exports_total", "counter", "Exports of tenants that were asked for, by outcome."},
    {"karen_journal_bytes", "gauge", "Written down here because the database does not take it."},
    {"karen_journal_records_total", "counter", "Records of the journals, by outcome."},
    {"karen_rehearsed_total", "counter", "Scenarios of rehearsals carried out, by outcome."},
    {"karen_screenings_total", "counter", "Finished calls judged, by outcome."},
    {"karen_codes_total", "counter", "Codes asked for to sign in, by what became of them."},
    {"karen_code_checks_total", "counter", "Codes tried, by outcome."},
    {"karen_session_renewals_total", "counter", "Sessions renewed or refused to be."},
    {"karen_new_people_total", "counter", "People who signed in for the first time."},
    {"karen_invites_sent_total", "counter", "Invites sent by text message."},
    {"karen_live_streams", "gauge", "Streams of live events that are open."},
    {"karen_live_events_total", "counter", "Live events sent to those who watch."},
    {"karen_live_ended_total", "counter", "Streams of live events that ended, by reason."},
    {"karen_number_orders_total", "counter", "Steps of orders of numbers, by what they came to."},
    {"karen_orders_total", "counter", "Orders to live calls carried out, by kind and outcome."},
    {"karen_orders_lost_total", "counter", "Orders that nobody took or ended in time."},
    {"karen_outbox_waiting", "gauge", "Jobs waiting in the queue."},
    {"karen_db_ready", "gauge", "Workers that reach the database."},
};

struct metrics_page *metrics_page_new(void)
{
    void *page = mmap(NULL, sizeof(struct metrics_page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        fprintf(stderr, "karen: no memory for the page of counters\n");
        abort();
    }
    return page;
}

struct metrics_slot *metrics_slot(struct metrics_page *page, int index)
{
    assert(index >= 0 && index < DEPARTED);
    return &page->slots[index];
}

/* The metric of a key such as karen_reply_seconds_bucket{le="0.1"}. */
static const struct metric *metric_of(const char *key)
{
    size_t bytes = strcspn(key, "{");
    for (size_t i = 0; i < countof(metrics); i++) {
        size_t own = strlen(metrics[i].name);
        if (strncmp(key, metrics[i].name, own) != 0 || own > bytes)
            continue;
        struct str rest = {key + own, bytes - own};
        if (rest.bytes == 0)
            return &metrics[i];
        if (strcmp(metrics[i].type, "histogram") == 0 &&
            (str_is(rest, "_bucket") || str_is(rest, "_sum") || str_is(rest, "_count")))
            return &metrics[i];
    }
    return NULL;
}

static struct sample *slot_sample(struct metrics_slot *slot, const char *key)
{
    for (unsigned i = 0; i < slot->count; i++)
        if (strcmp(slot->samples[i].key, key) == 0)
            return &slot->samples[i];
    if (slot->count == SLOT_SAMPLES_MAX)
        return NULL;
    struct sample *sample = &slot->samples[slot->count++];
    snprintf(sample->key, sizeof(sample->key), "%s", key);
    sample->value = 0;
    return sample;
}

void metrics_begin(struct metrics_slot *slot)
{
    atomic_fetch_add(&slot->version, 1);
    slot->count = 0;
}

static void add(struct metrics_slot *slot, const char *name, const char *suffix, const char *labels,
                double value)
{
    char key[SAMPLE_KEY_BYTES + 1];
    int bytes = snprintf(key, sizeof(key), labels[0] ? "%s%s{%s}" : "%s%s%s", name, suffix, labels);
    assert(metric_of(name) && "a metric needs its row");
    struct sample *sample = bytes < SAMPLE_KEY_BYTES ? slot_sample(slot, key) : NULL;
    if (!sample)
        sample = slot_sample(slot, "karen_metrics_dropped"), value = 1;
    if (sample)
        sample->value += value;
}

void metrics_add(struct metrics_slot *slot, const char *name, const char *labels, double value)
{
    add(slot, name, "", labels, value);
}

void metrics_add_histogram(struct metrics_slot *slot, const char *name, const char *labels,
                           const double *bounds, const uint64_t *counts, size_t n, double sum)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i <= n; i++) {
        char with_bound[SAMPLE_KEY_BYTES];
        so_far += counts[i];
        if (i < n)
            snprintf(with_bound, sizeof(with_bound), "%s%sle=\"%g\"", labels, labels[0] ? "," : "",
                     bounds[i]);
        else
            snprintf(with_bound, sizeof(with_bound), "%s%sle=\"+Inf\"", labels,
                     labels[0] ? "," : "");
        add(slot, name, "_bucket", with_bound, (double)so_far);
    }
    add(slot, name, "_sum", labels, sum);
    add(slot, name, "_count", labels, (double)so_far);
}

static double resident_bytes(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*s %lld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void metrics_add_process(struct metrics_slot *slot)
{
    add(slot, "karen_resident_bytes", "", "", resident_bytes());
    add(slot, "karen_cpu_seconds_total", "", "", cpu_seconds());
}

void metrics_end(struct metrics_slot *slot)
{
    atomic_fetch_add(&slot->version, 1);
}

/* A whole picture of a slot that another process may be writing; what is torn is left out. */
static bool slot_copy(struct metrics_slot *slot, struct metrics_slot *copy)
{
    for (int tries = 0; tries < 100; tries++) {
        unsigned before = atomic_load(&slot->version);
        if (before & 1)
            continue;
        copy->count = slot->count;
        if (copy->count > SLOT_SAMPLES_MAX)
            return false;
        memcpy(copy->samples, slot->samples, copy->count * sizeof(struct sample));
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load(&slot->version) == before)
            return true;
    }
    return false;
}

static void slot_add_all(struct metrics_slot *sum, const struct metrics_slot *slot, bool gauges_too)
{
    for (unsigned i = 0; i < slot->count; i++) {
        const struct metric *metric = metric_of(slot->samples[i].key);
        if (!metric || (!gauges_too && strcmp(metric->type, "gauge") == 0))
            continue;
        struct sample *sample = slot_sample(sum, slot->samples[i].key);
        if (sample)
            sample->value += slot->samples[i].value;
    }
}

void metrics_depart(struct metrics_page *page, int index)
{
    struct metrics_slot *slot = metrics_slot(page, index), *departed = &page->slots[DEPARTED];
    atomic_fetch_add(&departed->version, 1);
    slot_add_all(departed, slot, false);
    atomic_fetch_add(&departed->version, 1);
    slot->count = 0;
    /* whoever dies while writing leaves an odd version behind */
    atomic_store(&slot->version, (atomic_load(&slot->version) + 1) & ~1u);
}

void metrics_render(struct metrics_page *page, struct buf *out)
{
    struct metrics_slot *sum = xalloc(sizeof(*sum)), *copy = xalloc(sizeof(*copy));
    for (int i = 0; i < METRICS_SLOTS_MAX; i++)
        if (slot_copy(&page->slots[i], copy))
            slot_add_all(sum, copy, true);
    for (size_t m = 0; m < countof(metrics); m++) {
        bool headed = false;
        for (unsigned i = 0; i < sum->count; i++) {
            if (metric_of(sum->samples[i].key) != &metrics[m])
                continue;
            if (!headed)
                buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
                           metrics[m].name, metrics[m].type);
            headed = true;
            buf_printf(out, "%s %.17g\n", sum->samples[i].key, sum->samples[i].value);
        }
    }
    free(copy);
    free(sum);
}
