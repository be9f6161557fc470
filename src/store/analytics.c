/* store/analytics.c: one walk over the calls of a period and the one before it, by the index of the
 * newest; everything else is counted from what it found. */
#include "store/analytics.h"

#include "base/mem.h"

#include <errno.h>

/* Days are where the tenant is, so a call's own clock says to which it belongs; the index is bound
 * a little wider, because there are days that begin twice or not at all. */
#define PERIOD                                                                                     \
    "WITH wish AS MATERIALIZED (SELECT zone, last, coalesce($2::date, last - $4::integer + 1)"     \
    "   AS first FROM (SELECT timezone AS zone,"                                                   \
    "    coalesce($3::date, (now() AT TIME ZONE timezone)::date) AS last"                          \
    "    FROM tenants WHERE id = $1) t),"                                                          \
    " period AS MATERIALIZED (SELECT zone, first, last, before,"                                   \
    "   before::timestamp AT TIME ZONE zone - interval '3 hours' AS starts_at,"                    \
    "   (last + 1)::timestamp AT TIME ZONE zone + interval '3 hours' AS ends_at"                   \
    "  FROM wish, LATERAL (SELECT first - (last - first + 1) AS before) AS b"                      \
    "  WHERE last >= first AND last - first < $5::integer),"                                       \
    " counted AS MATERIALIZED (SELECT f.*, clock::date AS day,"                                    \
    "   extract(hour FROM clock)::integer AS hour,"                                                \
    "   CASE WHEN clock::date < first THEN '-infinity' ELSE 'infinity' END::date AS half"          \
    "  FROM (SELECT c.*, c.started_at AT TIME ZONE (SELECT zone FROM period) AS clock"             \
    "   FROM call_facts c WHERE c.tenant_id = $1"                                                  \
    "   AND c.started_at >= (SELECT starts_at FROM period)"                                        \
    "   AND c.started_at < (SELECT ends_at FROM period) OFFSET 0) f, period"                       \
    "  WHERE clock::date BETWEEN before AND last),"

/* Each call counts for its day, and for the half of the period it lies in: those have keys at the
 * ends of time. */
#define SPANS                                                                                      \
    " spans (key, first, last) AS (SELECT 'infinity'::date, first, last FROM period"               \
    "  UNION ALL SELECT '-infinity'::date, before, first - 1 FROM period"                          \
    "  UNION ALL SELECT first + n, first + n, first + n"                                           \
    "   FROM period, generate_series(0, last - first) AS n),"                                      \
    " keyed AS (SELECT day AS key, * FROM counted UNION ALL SELECT half AS key, * FROM counted),"  \
    " waits AS (SELECT key, count(*) AS replies,"                                                  \
    "   percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY ms) AS at"                        \
    "  FROM keyed, unnest(reply_ms) AS ms GROUP BY key),"

/* clang-format off */
#define COUNT(fact) " count(*) FILTER (WHERE " fact ")"
#define FIGURE(fact) " '" fact "'," COUNT(fact) ","
#define FIGURES                                                                                    \
    " shown AS (SELECT s.key, json_build_object('from', s.first, 'to', s.last," FIGURE("calls")    \
        FIGURE("answered") FIGURE("turned_away") FIGURE("voicemail")                               \
    " 'minutes', round(coalesce(sum(duration_seconds), 0) / 60.0, 1),"                             \
        FIGURE("legitimate") FIGURE("marketing") FIGURE("spam") FIGURE("fraud") FIGURE("unknown")  \
        FIGURE("unjudged") FIGURE("filtered") FIGURE("noted")                                      \
    " 'time_saved_seconds'," COUNT("filtered") " * $6::integer +" COUNT("noted") " * $7::integer," \
    " 'replies', coalesce(min(w.replies), 0),"                                                     \
    " 'reply_p50_ms', min(w.at[1]), 'reply_p95_ms', min(w.at[2]),"                                 \
        FIGURE("dead_ends") FIGURE("silent") FIGURE("failed")                                      \
        FIGURE("asked_for_person") FIGURE("asked_connected")                                       \
        FIGURE("transfers_connected") FIGURE("transfers_failed")                                   \
        FIGURE("vip") FIGURE("vip_connected")                                                      \
        FIGURE("promises") " 'promises_kept'," COUNT("promises_kept") ") AS figures"               \
    "  FROM spans s LEFT JOIN keyed k USING (key) LEFT JOIN waits w USING (key)"                   \
    "  GROUP BY s.key, s.first, s.last)"
/* clang-format on */

const char analytics_sql[] = PERIOD SPANS FIGURES
    " SELECT json_build_object('time_zone', zone, 'time_saved', json_build_object("
    "   'seconds_per_filtered_call', $6::integer, 'seconds_per_noted_call', $7::integer),"
    "  'total', (SELECT figures FROM shown WHERE key = 'infinity'),"
    "  'previous', (SELECT figures FROM shown WHERE key = '-infinity'),"
    "  'days', (SELECT json_agg(figures ORDER BY key) FROM shown WHERE isfinite(key)),"
    "  'hours', (SELECT json_agg(json_build_object('hour', hour, 'calls', coalesce(calls, 0),"
    "     'filtered', coalesce(filtered, 0)) ORDER BY hour) FROM generate_series(0, 23) AS hour"
    "    LEFT JOIN (SELECT hour, count(*) AS calls, count(*) FILTER (WHERE filtered) AS filtered"
    "      FROM counted WHERE half = 'infinity' GROUP BY hour) AS h USING (hour))),"
    "  CASE WHEN last < first THEN $8::integer WHEN last - first >= $5 THEN $9::integer ELSE 0 END"
    " FROM wish";

void analytics_get(struct db *db, struct uuid tenant, const char *from, const char *to,
                   db_json_fn *on_json, void *arg, struct op **slot)
{
    const struct db_value values[] = {db_uuid(tenant),
                                      db_text(from),
                                      db_text(to),
                                      db_int(ANALYTICS_DAYS),
                                      db_int(ANALYTICS_DAYS_MAX),
                                      db_int(ANALYTICS_FILTERED_SECONDS),
                                      db_int(ANALYTICS_NOTED_SECONDS),
                                      db_int(EINVAL),
                                      db_int(ERANGE)};
    store_json_query(db, tenant, analytics_sql, values, countof(values), on_json, arg, slot);
}
