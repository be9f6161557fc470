-- Calls and all that was said in them. Every table is keyed by tenant first, so that it can be
-- distributed by it; call_sids is the one place that knows a call without its tenant.

CREATE TABLE calls (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    carrier text NOT NULL CHECK (carrier ~ '^[a-z_]{1,20}$'),
    call_sid text NOT NULL CHECK (octet_length(call_sid) BETWEEN 1 AND 64),
    from_number text CHECK (octet_length(from_number) <= 64), -- NULL: withheld
    to_number text CHECK (octet_length(to_number) <= 64),
    forwarded_from text CHECK (octet_length(forwarded_from) <= 64),
    status text NOT NULL DEFAULT 'in_progress' CHECK (status IN
        ('in_progress', 'completed', 'failed', 'busy', 'no_answer', 'canceled')),
    ended_reason text CHECK (ended_reason ~ '^[a-z_]{1,40}$'),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    duration_seconds integer CHECK (duration_seconds >= 0),
    -- what the carrier says, which may come before or after what the line says
    carrier_status text CHECK (carrier_status IN
        ('in_progress', 'completed', 'failed', 'busy', 'no_answer', 'canceled')),
    carrier_ended_at timestamptz,
    carrier_duration_seconds integer CHECK (carrier_duration_seconds >= 0),
    counts jsonb NOT NULL DEFAULT '{}', -- turns, barge-ins and so on, as the line counted them
    -- how long the caller waited for an answer, from their last word to its first sound, each time
    reply_ms integer[] NOT NULL DEFAULT '{}' CHECK (cardinality(reply_ms) <= 200),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, call_sid),
    CHECK ((status = 'in_progress') = (ended_at IS NULL))
);
CREATE INDEX calls_newest ON calls (tenant_id, started_at DESC, id DESC);
CREATE INDEX calls_live ON calls (tenant_id) WHERE status = 'in_progress';
CREATE INDEX calls_live_oldest ON calls (started_at) WHERE status = 'in_progress';
CREATE INDEX calls_from ON calls (tenant_id, from_number, started_at DESC);
CALL protect_tenant_table('calls');
GRANT SELECT, INSERT, UPDATE, DELETE ON calls TO karen_app;

-- Which call a carrier's id means: webhooks know nothing else. Reached through functions only. (An
-- id is taken before its call has a row.)
CREATE TABLE call_sids (
    call_sid text PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    call_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX call_sids_oldest ON call_sids (created_at);
CALL protect_tenant_table('call_sids');
CREATE FUNCTION forget_call_sid() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM call_sids WHERE call_sid = OLD.call_sid AND call_id = OLD.id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION forget_call_sid FROM PUBLIC;
CREATE TRIGGER forget_call_sid AFTER DELETE ON calls
    FOR EACH ROW EXECUTE FUNCTION forget_call_sid();

CREATE TABLE call_turns (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    seq integer NOT NULL CHECK (seq > 0),
    speaker text NOT NULL CHECK (speaker IN ('caller', 'agent', 'tool')),
    kind text NOT NULL CHECK (kind IN
        ('said', 'phrase', 'tool', 'dtmf', 'backchannel')),
    phrase text CHECK (phrase ~ '^[a-z_]{1,40}$'), -- which of the agent's own
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    interrupted boolean NOT NULL DEFAULT false,
    confidence real NOT NULL DEFAULT 1,
    text text NOT NULL CHECK (octet_length(text) <= 16000), -- what was really said and heard
    generated text CHECK (octet_length(generated) <= 16000), -- the whole reply, when cut short
    PRIMARY KEY (tenant_id, call_id, seq),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CALL protect_tenant_table('call_turns');
GRANT SELECT, INSERT, UPDATE, DELETE ON call_turns TO karen_app;

-- What a live call can be taken up again from; rewritten at every turn, gone when the call ends.
CREATE TABLE call_snapshots (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    snapshot bytea NOT NULL CHECK (octet_length(snapshot) <= 262144),
    -- so far, as book_usage() takes it: for when no line is there to write the end
    usage jsonb NOT NULL DEFAULT '[]' CHECK (octet_length(usage::text) <= 8192),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, call_id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
) WITH (fillfactor = 50);
CALL protect_tenant_table('call_snapshots');
GRANT SELECT, INSERT, UPDATE, DELETE ON call_snapshots TO karen_app;

-- What a snapshot says at its head of the waits so far (line/usage.c writes it): for calls that are
-- ended by somebody else than their line.
CREATE FUNCTION snapshot_reply_ms(snapshot bytea) RETURNS integer[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(substring(encode(substr(snapshot, 1, 2048), 'escape')
        FROM '^line2(?: [0-9]+){6} (\{(?:[0-9]{1,9}(?:,[0-9]{1,9}){0,199})?\})\n')::integer[], '{}')
$$;

CREATE TABLE call_messages (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    tool_call_id text NOT NULL CHECK (octet_length(tool_call_id) BETWEEN 1 AND 100),
    caller_name text CHECK (octet_length(caller_name) <= 200),
    company text CHECK (octet_length(company) <= 200),
    callback_number text CHECK (octet_length(callback_number) <= 64),
    reason text NOT NULL CHECK (octet_length(reason) <= 2000),
    urgent boolean NOT NULL DEFAULT false,
    taken_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, call_id, tool_call_id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CALL protect_tenant_table('call_messages');
GRANT SELECT, INSERT, UPDATE, DELETE ON call_messages TO karen_app;

CREATE TABLE call_screenings (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    legitimacy text NOT NULL CHECK (legitimacy IN
        ('legitimate', 'marketing', 'spam', 'fraud', 'unknown')),
    lead text NOT NULL CHECK (lead IN
        ('hot_lead', 'urgent', 'follow_up', 'informational', 'none')),
    urgency text NOT NULL CHECK (urgency IN ('low', 'normal', 'high')),
    intent text CHECK (octet_length(intent) <= 400),
    caller_name text CHECK (octet_length(caller_name) <= 200),
    company text CHECK (octet_length(company) <= 200),
    callback_number phone_number,
    summary text CHECK (octet_length(summary) <= 1000),
    needs_follow_up boolean NOT NULL,
    asked_for_person boolean NOT NULL DEFAULT false, -- to talk to, instead of to Karen
    confidence real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    model text NOT NULL CHECK (octet_length(model) BETWEEN 1 AND 100),
    screened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, call_id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CREATE INDEX call_screenings_label ON call_screenings (tenant_id, legitimacy, lead);
CALL protect_tenant_table('call_screenings');
GRANT SELECT, INSERT, UPDATE, DELETE ON call_screenings TO karen_app;

-- A media stream's one-use ticket, known by its SHA-256 only. Workers add; using one up goes
-- through redeem_stream_token().
CREATE TABLE stream_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    call_sid text NOT NULL,
    resumed boolean NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CREATE INDEX stream_tokens_oldest ON stream_tokens (expires_at);
CREATE INDEX stream_tokens_call ON stream_tokens (tenant_id, call_id);
CALL protect_tenant_table('stream_tokens');
GRANT INSERT ON stream_tokens TO karen_app;

-- What happened behind the words (stages, losses, fall-backs), a partition a month.
CREATE TABLE call_events (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    at timestamptz NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, call_id, at, id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
) PARTITION BY RANGE (at);
CALL protect_tenant_table('call_events');
GRANT SELECT, INSERT, DELETE ON call_events TO karen_app;

-- What comes before its month's partition was made is not lost.
CREATE TABLE call_events_default PARTITION OF call_events DEFAULT;
CALL protect_tenant_table('call_events_default');

-- Makes the partitions of this month and the next; called by the sweep, harmless when they exist.
CREATE FUNCTION make_call_event_partitions() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    month date;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('karen.call_events'));
    FOR ahead IN 0..1 LOOP
        month := date_trunc('month', now() AT TIME ZONE 'UTC')::date + ahead * interval '1 month';
        partition := 'call_events_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.call_events '
                'FOR VALUES FROM (%L) TO (%L)', partition,
                month::timestamp AT TIME ZONE 'UTC',
                (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            EXECUTE format('CALL protect_tenant_table(%L)', 'public.' || partition);
        EXCEPTION
            WHEN check_violation THEN NULL; -- rows of it are in the default one: there they stay
        END;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION make_call_event_partitions FROM PUBLIC;
SELECT make_call_event_partitions();
