/* store/analytics.c: one walk over the calls of a period and the one before it, by the index of the
 * newest; everything else is counted from what it found. */
#include "store/analytics.h"

#include "base/mem.h"

#include <errno.h>

/* Days are where the tenant is, so a call's own clock says to which it belongs; the index is bound
 * a little wider, because there are days that begin twice or not at all. A day without calls is
 * there as a call of which nothing is so. */
#define COUNTED                                                                                    \
    "WITH wish AS MATERIALIZED (SELECT zone, last, coalesce($2::date, last - $4::integer + 1)"     \
    "   AS first FROM (SELECT timezone AS zone,"                                                   \
    "    coalesce($3::date, (now() AT TIME ZONE timezone)::date) AS last"                          \
    "    FROM tenants WHERE id = $1) t),"                                                          \
    " period AS MATERIALIZED (SELECT zone, first, last, before,"                                   \
    "   before::timestamp AT TIME ZONE zone - interval '3 hours' AS starts_at,"                    \
    "   (last + 1)::timestamp AT TIME ZONE zone + interval '3 hours' AS ends_at"                   \
    "  FROM wish, LATERAL (SELECT first - (last - first + 1) AS before) AS b"                      \
    "  WHERE last >= first AND last - first < $5::integer),"                                       \
    " counted AS MATERIALIZED (SELECT c.*, day >= first AS is_now FROM period, ("                  \
    "   SELECT f.*, clock::date AS day, extract(hour FROM clock)::integer AS hour"                 \
    "   FROM call_facts f,"                                                                        \
    "    LATERAL (SELECT f.started_at AT TIME ZONE (SELECT zone FROM period) AS clock) AS l"       \
    "   WHERE f.tenant_id = $1 AND f.started_at >= (SELECT starts_at FROM period)"                 \
    "    AND f.started_at < (SELECT ends_at FROM period)"                                          \
    "   UNION ALL SELECT none.*, before + n, NULL FROM period, generate_series(0, last - before)"  \
    "    AS n LEFT JOIN (SELECT * FROM call_facts WHERE false) AS none ON true) AS c"              \
    "  WHERE day BETWEEN before AND last),"

/* Of each day, and of each half of the period, which have keys at the ends of time. The percentiles
 * are counted off, since there are far fewer lengths than waits. */
#define KEY "coalesce(day, CASE WHEN is_now THEN 'infinity' ELSE '-infinity' END::date)"
#define WAITS                                                                                      \
    " bins AS (SELECT " KEY " AS key, ms, count(*) AS n FROM counted, unnest(reply_ms) AS ms"      \
    "  GROUP BY GROUPING SETS ((day, ms), (is_now, ms))),"                                         \
    " waits AS (SELECT key, sum(n) AS replies, min(ms) FILTER (WHERE upto >= 0.5 * whole) AS p50," \
    "   min(ms) FILTER (WHERE upto >= 0.95 * whole) AS p95"                                        \
    "  FROM (SELECT *, sum(n) OVER (PARTITION BY key ORDER BY ms) AS upto,"                        \
    "   sum(n) OVER (PARTITION BY key) AS whole FROM bins) b GROUP BY key),"

/* clang-format off */
#define COUNT(fact) "count(" fact " OR NULL)" /* what is false counts as nothing, too */
#define FIGURE(fact) "'" fact "'," COUNT(fact) ","
#define WAIT(name) "(SELECT " name " FROM waits WHERE key = " KEY ")"
#define SHOWN                                                                                      \
    " shown AS (SELECT " KEY " AS key, json_build_object('from', min(day), 'to', max(day),"        \
        FIGURE("calls") FIGURE("answered") FIGURE("turned_away") FIGURE("voicemail")               \
    " 'minutes', round(coalesce(sum(duration_seconds), 0) / 60.0, 1),"                             \
        FIGURE("legitimate") FIGURE("marketing") FIGURE("spam") FIGURE("fraud") FIGURE("unknown")  \
        FIGURE("unjudged") FIGURE("filtered") FIGURE("noted")                                      \
    " 'time_saved_seconds'," COUNT("filtered") " * $6::integer + " COUNT("noted") " * $7::integer," \
    " 'replies', coalesce(" WAIT("replies") ", 0), 'reply_p50_ms', " WAIT("p50") ","               \
    " 'reply_p95_ms', " WAIT("p95") ","                                                            \
        FIGURE("dead_ends") FIGURE("silent") FIGURE("failed")                                      \
        FIGURE("asked_for_person") FIGURE("asked_connected")                                       \
        FIGURE("transfers_connected") FIGURE("transfers_failed")                                   \
        FIGURE("vip") FIGURE("vip_connected")                                                      \
        FIGURE("promises") " 'promises_kept'," COUNT("promises_kept") ") AS figures"               \
    "  FROM counted GROUP BY GROUPING SETS ((day), (is_now)))"
/* clang-format on */

const char analytics_sql[] = COUNTED WAITS SHOWN
    " SELECT json_build_object('time_zone', zone, 'time_saved', json_build_object("
    " 'seconds_per_filtered_call', $6::integer, 'seconds_per_noted_call', $7::integer),"
    " 'total', (SELECT figures FROM shown WHERE key = 'infinity'),"
    " 'previous', (SELECT figures FROM shown WHERE key = '-infinity'),"
    " 'days', (SELECT json_agg(figures ORDER BY key) FROM shown"
    " WHERE key BETWEEN first AND last),"
    " 'hours', (SELECT json_agg(json_build_object('hour', hour, 'calls', coalesce(calls, 0),"
    " 'filtered', coalesce(filtered, 0)) ORDER BY hour) FROM generate_series(0, 23) AS hour"
    " LEFT JOIN (SELECT hour, count(*) AS calls, count(filtered OR NULL) AS filtered"
    " FROM counted WHERE is_now GROUP BY hour) AS h USING (hour))),"
    " CASE WHEN last < first THEN $8::integer WHEN last - first >= $5 THEN $9::integer ELSE 0 END"
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
