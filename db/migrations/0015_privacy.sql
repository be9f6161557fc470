-- How long what is kept, exports of all of it, and erasure: of what is old, of one caller, of a whole
-- tenant; and what of it lies with the carrier.

-- ---- with the carrier -------------------------------------------------------------------------

-- Recordings that have to be erased there. Nobody's: they outlive the call and the tenant.
CREATE TABLE carrier_erasures (
    recording_sid text PRIMARY KEY CHECK (recording_sid ~ '^RE[0-9a-fA-F]{32}$'),
    attempts integer NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(), -- claimed: when the lease is over
    last_error text CHECK (octet_length(last_error) <= 200),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX carrier_erasures_due ON carrier_erasures (run_at);

-- A message that the carrier recorded has the recording's id for its key.
ALTER TABLE call_messages ADD recording_erased_at timestamptz;
CREATE INDEX call_messages_recorded ON call_messages (tenant_id, taken_at)
    WHERE tool_call_id ~ '^RE[0-9a-fA-F]{32}$' AND recording_erased_at IS NULL;

CREATE FUNCTION erase_recording() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO carrier_erasures (recording_sid) VALUES (OLD.tool_call_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER erase_recording AFTER DELETE ON call_messages
    FOR EACH ROW WHEN (OLD.tool_call_id ~ '^RE[0-9a-fA-F]{32}$' AND OLD.recording_erased_at IS NULL)
    EXECUTE FUNCTION erase_recording();

CREATE FUNCTION claim_carrier_erasures(most integer, lease_time interval)
RETURNS TABLE (recording text, tries integer)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE carrier_erasures e SET attempts = e.attempts + 1, run_at = now() + lease_time
    FROM (SELECT d.recording_sid FROM carrier_erasures d WHERE d.run_at <= now()
          ORDER BY d.run_at LIMIT most FOR UPDATE SKIP LOCKED) AS due
    WHERE e.recording_sid = due.recording_sid
    RETURNING e.recording_sid, e.attempts
$$;

-- why NULL: it is gone there. Otherwise it is tried again, for as long as it takes.
CREATE FUNCTION end_carrier_erasure(recording text, why text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF why IS NULL THEN
        DELETE FROM carrier_erasures WHERE recording_sid = recording;
    ELSE
        UPDATE carrier_erasures
        SET last_error = why,
            run_at = now() + least(interval '6 hours', interval '30 seconds' * 2 ^ least(attempts, 12))
        WHERE recording_sid = recording;
    END IF;
END $$;

-- ---- what is old ------------------------------------------------------------------------------

-- When each tenant is looked after next.
CREATE TABLE upkeep (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX upkeep_due ON upkeep (due_at);
CALL protect_tenant_table('upkeep'); -- reached through functions only
INSERT INTO upkeep (tenant_id) SELECT id FROM tenants;
CREATE FUNCTION begin_upkeep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO upkeep (tenant_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER begin_upkeep AFTER INSERT ON tenants
    FOR EACH ROW EXECUTE FUNCTION begin_upkeep();

ALTER TABLE calls ADD transcript_erased_at timestamptz;
CREATE INDEX calls_with_transcript ON calls (tenant_id, started_at)
    WHERE transcript_erased_at IS NULL AND status <> 'in_progress';
CREATE INDEX audit_log_oldest ON audit_log (tenant_id, at);

-- Erases of one tenant that is due what it no longer wants kept, at most so many of each kind. NULL:
-- none is due. Workers may do it side by side, each its own tenant.
CREATE FUNCTION erase_old(most integer, OUT whose uuid, OUT erased bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    t tenants;
    ids uuid[];
    old_calls bigint;
    transcripts bigint;
    recordings bigint;
    entries bigint;
BEGIN
    SELECT u.tenant_id INTO whose FROM upkeep u WHERE u.due_at <= now()
        ORDER BY u.due_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT found THEN
        RETURN;
    END IF;
    SELECT * INTO t FROM tenants WHERE id = whose;

    ids := ARRAY(SELECT c.id FROM calls c WHERE c.tenant_id = whose AND c.status <> 'in_progress'
        AND c.started_at < now() - make_interval(days => coalesce(t.retention_calls_days, 3650))
        ORDER BY c.started_at LIMIT most);
    DELETE FROM calls c WHERE c.tenant_id = whose AND c.id = ANY (ids);
    GET DIAGNOSTICS old_calls = ROW_COUNT;

    ids := ARRAY(SELECT c.id FROM calls c WHERE c.tenant_id = whose AND c.status <> 'in_progress'
        AND c.transcript_erased_at IS NULL
        AND c.started_at < now() - make_interval(days => coalesce(t.retention_transcripts_days, 3650))
        AND c.started_at >= now() - make_interval(days => coalesce(t.retention_calls_days, 3650))
        ORDER BY c.started_at LIMIT most);
    DELETE FROM call_turns l WHERE l.tenant_id = whose AND l.call_id = ANY (ids);
    DELETE FROM call_orders o WHERE o.tenant_id = whose AND o.call_id = ANY (ids);
    UPDATE calls c SET transcript_erased_at = now() WHERE c.tenant_id = whose AND c.id = ANY (ids);
    GET DIAGNOSTICS transcripts = ROW_COUNT;

    WITH old AS (
        SELECT m.call_id, m.tool_call_id FROM call_messages m
        WHERE m.tenant_id = whose AND m.tool_call_id ~ '^RE[0-9a-fA-F]{32}$'
              AND m.recording_erased_at IS NULL AND m.taken_at
                  < now() - make_interval(days => coalesce(t.retention_recordings_days, 3650))
        ORDER BY m.taken_at LIMIT most
    ), queued AS (
        INSERT INTO carrier_erasures (recording_sid) SELECT tool_call_id FROM old
        ON CONFLICT DO NOTHING
    )
    UPDATE call_messages m SET recording_erased_at = now() FROM old
    WHERE m.tenant_id = whose AND m.call_id = old.call_id AND m.tool_call_id = old.tool_call_id;
    GET DIAGNOSTICS recordings = ROW_COUNT;

    DELETE FROM audit_log a WHERE a.tenant_id = whose AND a.id = ANY (ARRAY(
        SELECT o.id FROM audit_log o WHERE o.tenant_id = whose
            AND o.at < now() - make_interval(days => coalesce(t.retention_audit_days, 3650))
        ORDER BY o.at LIMIT most));
    GET DIAGNOSTICS entries = ROW_COUNT;

    erased := old_calls + transcripts + recordings + entries;
    IF erased > 0 THEN
        INSERT INTO audit_log (tenant_id, actor, action, change)
        VALUES (whose, 'karen', 'retention.erase', jsonb_build_object('calls', old_calls,
            'transcripts', transcripts, 'recordings', recordings, 'audit', entries));
    END IF;
    UPDATE upkeep SET due_at = CASE WHEN greatest(old_calls, transcripts, recordings, entries) < most
                                    THEN now() + interval '1 hour' ELSE now() END
    WHERE tenant_id = whose;
END $$;

-- ---- erasure on demand ------------------------------------------------------------------------

-- What was erased, in numbers; a tenant is known by the SHA-256 of its id, a caller not at all.
CREATE TABLE erasure_receipts (
    id uuid PRIMARY KEY,
    subject text NOT NULL CHECK (subject IN ('caller', 'tenant')),
    owner_hash bytea NOT NULL CHECK (octet_length(owner_hash) = 32),
    counts jsonb NOT NULL DEFAULT '{}',
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
CREATE INDEX erasure_receipts_newest ON erasure_receipts (begun_at DESC, id DESC);
CREATE UNIQUE INDEX erasure_receipts_open ON erasure_receipts (owner_hash)
    WHERE subject = 'tenant' AND ended_at IS NULL;
GRANT SELECT ON erasure_receipts TO karen_operator;

CREATE FUNCTION hash_of_tenant(whose uuid) RETURNS bytea
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT sha256(whose::text::bytea) $$;
CREATE FUNCTION add_counts(one jsonb, other jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(key, sum), '{}')
    FROM (SELECT key, sum(value::bigint) AS sum
          FROM (SELECT * FROM jsonb_each_text(one) UNION ALL SELECT * FROM jsonb_each_text(other)) p
          GROUP BY key) AS sums
$$;
REVOKE ALL ON FUNCTION hash_of_tenant, add_counts FROM PUBLIC;

-- All that is kept of one caller of this transaction's tenant, at most so many calls at once: again
-- with the same receipt until `more` is false. Calls that go on are left, and counted.
CREATE FUNCTION erase_caller(receipt uuid, caller text, who text, most integer,
    OUT answer json, OUT more boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    whose uuid := karen_tenant();
    ids uuid[];
    done jsonb;
    n bigint;
    kept erasure_receipts;
BEGIN
    ids := ARRAY(SELECT c.id FROM calls c WHERE c.tenant_id = whose AND c.from_number = caller
                     AND c.status <> 'in_progress' LIMIT most);
    more := cardinality(ids) = most;
    done := jsonb_build_object('calls', cardinality(ids),
        'transcript_lines', (SELECT count(*) FROM call_turns WHERE tenant_id = whose AND call_id = ANY (ids)),
        'screenings', (SELECT count(*) FROM call_screenings WHERE tenant_id = whose AND call_id = ANY (ids)),
        'messages', (SELECT count(*) FROM call_messages WHERE tenant_id = whose AND call_id = ANY (ids)),
        'events', (SELECT count(*) FROM call_events WHERE tenant_id = whose AND call_id = ANY (ids)),
        'jobs', (SELECT count(*) FROM outbox WHERE tenant_id = whose AND call_id = ANY (ids)));
    DELETE FROM calls WHERE tenant_id = whose AND id = ANY (ids);
    IF NOT more THEN
        DELETE FROM contacts WHERE tenant_id = whose AND phone = caller;
        GET DIAGNOSTICS n = ROW_COUNT;
        done := done || jsonb_build_object('contacts', n);
        UPDATE call_messages SET callback_number = NULL
            WHERE tenant_id = whose AND callback_number = caller;
        GET DIAGNOSTICS n = ROW_COUNT;
        UPDATE call_screenings SET callback_number = NULL
            WHERE tenant_id = whose AND callback_number = caller;
        done := done || jsonb_build_object('mentions', n);
        UPDATE audit_log SET change = '{}', subject = nullif(subject, caller)
            WHERE tenant_id = whose AND (subject = caller OR strpos(change::text, caller) > 0);
        GET DIAGNOSTICS n = ROW_COUNT;
        done := done || jsonb_build_object('audit_entries', n);
        DELETE FROM exports WHERE tenant_id = whose; -- made before, or being made of it
        GET DIAGNOSTICS n = ROW_COUNT;
        done := done || jsonb_build_object('exports', n);
        DELETE FROM idempotency_keys k
            WHERE k.tenant_id = whose AND position(convert_to(caller, 'UTF8') IN k.answer) > 0;
    END IF;
    INSERT INTO erasure_receipts AS r (id, subject, owner_hash, counts, ended_at)
        VALUES (receipt, 'caller', hash_of_tenant(whose), done, CASE WHEN NOT more THEN now() END)
        ON CONFLICT (id) DO UPDATE SET counts = add_counts(r.counts, excluded.counts),
            ended_at = excluded.ended_at WHERE r.owner_hash = excluded.owner_hash
        RETURNING * INTO STRICT kept;
    IF NOT more THEN
        INSERT INTO audit_log (tenant_id, actor, action, subject, change)
            VALUES (whose, who, 'caller.erase', receipt::text, kept.counts);
    END IF;
    answer := json_build_object('id', kept.id, 'begun_at', json_time(kept.begun_at),
        'ended_at', json_time(kept.ended_at), 'erased', kept.counts,
        'live_calls', (SELECT count(*) FROM calls WHERE tenant_id = whose AND from_number = caller));
END $$;

-- One step of erasing a tenant whose days of grace are over: at most so many rows of whatever table
-- has its id, found from the catalogue, so that no table is forgotten. NULL: none is to be erased.
CREATE FUNCTION erase_tenant(most integer, OUT receipt uuid, OUT ended boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone uuid;
    kept record;
    held text;
    n bigint;
    room bigint := most;
    done jsonb := '{}';
BEGIN
    SELECT id INTO gone FROM tenants WHERE status = 'cancelled' AND erase_after <= now()
        ORDER BY erase_after LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT found THEN
        RETURN;
    END IF;
    PERFORM set_config('karen.tenant_id', gone::text, true);
    FOR held IN SELECT twilio_number FROM tenant_phone_numbers WHERE tenant_id = gone LOOP
        PERFORM release_own_number(held, 'karen', 60); -- its last owner's phone may still forward
        done := add_counts(done, '{"tenant_phone_numbers": 1}');
    END LOOP;
    -- those first to which no other table refers
    FOR kept IN
        SELECT c.oid::regclass AS rows, coalesce((SELECT i.inhparent FROM pg_inherits i
                                                  WHERE i.inhrelid = c.oid), c.oid)::regclass AS name
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
              AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                          AND a.attname = 'tenant_id' AND NOT a.attisdropped)
        ORDER BY (SELECT count(*) FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.oid),
                 c.relname
    LOOP
        EXECUTE format('DELETE FROM %s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %s '
                       'WHERE tenant_id = $1 LIMIT $2))', kept.rows, kept.rows) USING gone, room;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF n > 0 THEN
            done := add_counts(done, jsonb_build_object(kept.name::text, n));
        END IF;
        room := room - n;
        EXIT WHEN room <= 0;
    END LOOP;
    ended := room > 0;
    IF ended THEN
        DELETE FROM tenants WHERE id = gone;
        UPDATE number_pool SET last_tenant_id = NULL WHERE last_tenant_id = gone;
        UPDATE operator_log SET about_tenant = NULL, subject = NULL, change = '{}'
            WHERE about_tenant = gone;
    END IF;
    INSERT INTO erasure_receipts AS r (id, subject, owner_hash, counts)
        VALUES (gen_random_uuid(), 'tenant', hash_of_tenant(gone), done)
        ON CONFLICT (owner_hash) WHERE subject = 'tenant' AND ended_at IS NULL
        DO UPDATE SET counts = add_counts(r.counts, excluded.counts)
        RETURNING id INTO receipt;
    UPDATE erasure_receipts SET ended_at = now() WHERE id = receipt AND ended;
END $$;

-- ---- exports ----------------------------------------------------------------------------------

CREATE TABLE exports (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'ready', 'failed')),
    run uuid, -- whose chunks count: a job that was begun again begins from nothing
    made_by text NOT NULL CHECK (octet_length(made_by) BETWEEN 1 AND 200),
    bytes bigint CHECK (bytes >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days',
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX exports_one_at_once ON exports (tenant_id) WHERE state IN ('pending', 'running');
CREATE INDEX exports_expired ON exports (expires_at);
CALL protect_tenant_table('exports');
GRANT SELECT, INSERT, UPDATE, DELETE ON exports TO karen_app;

CREATE TABLE export_chunks (
    tenant_id uuid NOT NULL,
    export_id uuid NOT NULL,
    run uuid NOT NULL,
    seq integer NOT NULL CHECK (seq >= 0),
    data bytea NOT NULL CHECK (octet_length(data) BETWEEN 1 AND 1048576),
    PRIMARY KEY (tenant_id, export_id, run, seq),
    FOREIGN KEY (tenant_id, export_id) REFERENCES exports ON DELETE CASCADE
);
ALTER TABLE export_chunks ALTER data SET STORAGE EXTERNAL; -- compressed already
CALL protect_tenant_table('export_chunks');
GRANT SELECT, INSERT, UPDATE, DELETE ON export_chunks TO karen_app;

-- Forgets what its time is over of, whosesoever it is.
CREATE FUNCTION sweep_privacy() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM exports WHERE ctid = ANY (ARRAY(SELECT ctid FROM exports
        WHERE expires_at < now() LIMIT 20));
    DELETE FROM outbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM outbox
        WHERE status = 'done' AND ended_at < now() - interval '30 days' LIMIT 500));
    DELETE FROM counted_calls WHERE ctid = ANY (ARRAY(SELECT ctid FROM counted_calls
        WHERE started_at < now() - interval '400 days' LIMIT 500));
$$;

REVOKE ALL ON FUNCTION erase_recording, begin_upkeep, claim_carrier_erasures, end_carrier_erasure,
    erase_old, erase_caller, erase_tenant, sweep_privacy FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_carrier_erasures, end_carrier_erasure, erase_old, erase_caller,
    erase_tenant, sweep_privacy TO karen_app;
