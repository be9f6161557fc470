-- The few doors between tenants. Each is as narrow as its job; workers have no other.

-- (PL/pgSQL where a call waits for it: it keeps its plans, SQL functions plan anew each time.)

-- Whose call is it? One row a step that knows a tenant; a row without a tenant says that the number
-- is shared.
CREATE FUNCTION route_call(called text, forwarder text, fallback uuid)
RETURNS TABLE (step text, live_calls bigint, tenant tenants)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT found.step, live_talks(found.tenant_id), t
    FROM (SELECT 'number' AS step, n.tenant_id FROM tenant_phone_numbers n
            WHERE n.twilio_number = called
          UNION ALL
          SELECT 'forwarding', n.tenant_id FROM tenant_phone_numbers n
            WHERE n.forwarding_source = forwarder
          UNION ALL
          SELECT 'default', fallback WHERE fallback IS NOT NULL) AS found
         JOIN tenants t ON t.id = found.tenant_id
    UNION ALL
    SELECT 'shared', 0, NULL FROM number_pool p WHERE p.number = called AND p.state = 'shared';
END $$;

-- Takes a carrier's call id for a call of this transaction's tenant. The same id again gives the
-- call it got first; NULL when that one is another tenant's.
CREATE FUNCTION claim_call_sid(sid text, call uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO call_sids (call_sid, tenant_id, call_id) VALUES (sid, karen_tenant(), call)
    ON CONFLICT DO NOTHING;
    RETURN (SELECT call_id FROM call_sids WHERE call_sid = sid AND tenant_id = karen_tenant());
END $$;

-- The rest of this transaction runs as the tenant whose call that is; NULL: nobody's.
CREATE FUNCTION enter_call(sid text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known call_sids;
BEGIN
    SELECT * INTO known FROM call_sids WHERE call_sid = sid;
    IF found THEN
        PERFORM set_config('karen.tenant_id', known.tenant_id::text, true);
    END IF;
    RETURN known.call_id;
END $$;

-- Uses a stream's token up. outcome: ok (the rest of this transaction runs as its call's tenant),
-- unknown, mismatch (of another call), used, expired.
CREATE FUNCTION redeem_stream_token(hash bytea, sid text, OUT outcome text, OUT is_resumed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    token stream_tokens;
BEGIN
    SELECT * INTO token FROM stream_tokens WHERE token_hash = hash FOR UPDATE;
    outcome := CASE WHEN NOT found THEN 'unknown'
                    WHEN token.call_sid <> sid THEN 'mismatch'
                    WHEN token.used_at IS NOT NULL THEN 'used'
                    WHEN token.expires_at <= now() THEN 'expired'
                    ELSE 'ok' END;
    IF outcome = 'ok' THEN
        UPDATE stream_tokens SET used_at = now() WHERE token_hash = hash;
        PERFORM set_config('karen.tenant_id', token.tenant_id::text, true);
        is_resumed := token.resumed;
    END IF;
END $$;

-- Ends the calls nobody carries any more, books what their lines had used and queues their
-- screening.
CREATE FUNCTION sweep_calls(idle interval) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH stale AS (
        SELECT c.tenant_id, c.id,
               coalesce(c.carrier_ended_at, s.updated_at, c.started_at) AS ended_at, s.usage,
               snapshot_reply_ms(s.snapshot) AS reply_ms
        FROM calls c
             LEFT JOIN call_snapshots s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
        WHERE c.status = 'in_progress'
              AND (c.carrier_ended_at < now() - interval '30 seconds'
                   OR greatest(c.started_at, s.updated_at) < now() - idle)
        LIMIT 500
        FOR UPDATE OF c SKIP LOCKED
    ), ended AS (
        UPDATE calls c
        SET status = CASE WHEN c.carrier_status IS NULL OR c.carrier_status = 'in_progress'
                          THEN 'failed' ELSE c.carrier_status END,
            ended_reason = 'lost',
            ended_at = greatest(stale.ended_at, c.started_at),
            reply_ms = stale.reply_ms,
            duration_seconds = coalesce(c.carrier_duration_seconds,
                greatest(0, extract(epoch FROM stale.ended_at - c.started_at))::integer)
        FROM stale WHERE c.tenant_id = stale.tenant_id AND c.id = stale.id
        RETURNING c.tenant_id, c.id, stale.usage
    ), booked AS (
        SELECT book_usage(e.tenant_id, e.id, e.usage) FROM ended e WHERE e.usage IS NOT NULL
    ), forgotten AS (
        DELETE FROM call_snapshots s USING ended e
        WHERE s.tenant_id = e.tenant_id AND s.call_id = e.id
    ), queued AS (
        INSERT INTO outbox (tenant_id, kind, key, call_id)
        SELECT tenant_id, 'screening', id::text, id FROM ended
        ON CONFLICT DO NOTHING
        RETURNING pg_notify('karen_outbox', 'screening')
    )
    SELECT count(*) + 0 * ((SELECT count(*) FROM queued) + (SELECT count(*) FROM booked)) FROM ended
$$;

-- Forgets what only the last minutes or weeks need, and prepares the next month.
CREATE FUNCTION sweep_leftovers() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM stream_tokens WHERE expires_at < now() - interval '1 day';
    DELETE FROM call_sids s WHERE created_at < now() - interval '30 days'
        AND NOT EXISTS (SELECT FROM calls c WHERE c.tenant_id = s.tenant_id AND c.id = s.call_id
                                                  AND c.status = 'in_progress');
    SELECT make_call_event_partitions();
$$;

-- Due jobs of a kind become the caller's for the length of a lease. One that was tried often enough
-- is dead: its last worker may have died of it.
CREATE FUNCTION claim_outbox(wanted text, most integer, lease_time interval, attempts_max integer)
RETURNS TABLE (tenant_id uuid, id uuid, lease uuid, call_id uuid, payload jsonb, attempts integer)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH due AS (
        SELECT o.tenant_id, o.id, o.attempts FROM outbox o
        WHERE o.kind = wanted AND o.status = 'pending' AND o.run_at <= now()
        ORDER BY o.run_at LIMIT most
        FOR UPDATE SKIP LOCKED
    ), died AS (
        UPDATE outbox o
        SET status = 'dead', ended_at = now(), lease = NULL,
            last_error = coalesce(o.last_error, 'its workers died')
        FROM due WHERE o.tenant_id = due.tenant_id AND o.id = due.id
                       AND due.attempts >= attempts_max
    )
    UPDATE outbox o
    SET attempts = o.attempts + 1, lease = gen_random_uuid(), run_at = now() + lease_time
    FROM due WHERE o.tenant_id = due.tenant_id AND o.id = due.id AND due.attempts < attempts_max
    RETURNING o.tenant_id, o.id, o.lease, o.call_id, o.payload, o.attempts
$$;

CREATE FUNCTION count_outbox(OUT pending bigint, OUT dead bigint, OUT oldest_seconds bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'dead'),
           coalesce(extract(epoch FROM now() - min(run_at)
               FILTER (WHERE status = 'pending' AND run_at <= now())), 0)::bigint
    FROM outbox WHERE status IN ('pending', 'dead')
$$;

REVOKE ALL ON FUNCTION route_call, claim_call_sid, enter_call, redeem_stream_token, sweep_calls,
    sweep_leftovers, claim_outbox, count_outbox FROM PUBLIC;
GRANT EXECUTE ON FUNCTION route_call, claim_call_sid, enter_call, redeem_stream_token, sweep_calls,
    sweep_leftovers, claim_outbox, count_outbox TO karen_app;
