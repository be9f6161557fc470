-- Rules of a tenant, versions of its texts, rehearsals of them.

-- ---- rules: who calls, when, then what ------------------------------------------------------------

-- What the rules of a tenant share; the row is locked by whoever changes their order.
CREATE TABLE rule_settings (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    holiday_countries text[] CHECK (cardinality(holiday_countries) <= 4), -- NULL: by the language
    own_holidays date[] NOT NULL DEFAULT '{}' CHECK (cardinality(own_holidays) <= 60),
    mode text NOT NULL DEFAULT 'normal' CHECK (mode IN
        ('normal', 'expecting', 'meeting', 'travel', 'vacation', 'night')),
    mode_until timestamptz, -- then it is normal again; NULL: until somebody changes it
    order_version bigint NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1
);
CALL protect_tenant_table('rule_settings');
GRANT SELECT, INSERT, UPDATE ON rule_settings TO karen_app;

CREATE TABLE rules (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    position integer NOT NULL CHECK (position BETWEEN 1 AND 100),
    name text CHECK (octet_length(name) BETWEEN 1 AND 400),
    enabled boolean NOT NULL DEFAULT true,
    body jsonb NOT NULL -- who, when, then: as rules/callrules_wire.h prints them
        CHECK (body ?& ARRAY['who', 'when', 'then'] AND octet_length(body::text) <= 65536),
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, position) DEFERRABLE INITIALLY DEFERRED
);
CALL protect_tenant_table('rules');
GRANT SELECT, INSERT, UPDATE, DELETE ON rules TO karen_app;

-- What was decided when the phone rang, for the line and for whoever looks at the call later.
ALTER TABLE calls ADD handling jsonb NOT NULL DEFAULT '{}'
    CHECK (octet_length(handling::text) <= 65536);
-- What came of ringing the owner.
ALTER TABLE calls ADD transfer text CHECK (transfer IN ('connected', 'failed'));

-- ---- texts and their versions ---------------------------------------------------------------------

CREATE TABLE tenant_text_versions (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('system_prompt', 'greeting_text', 'voice_id', 'language')),
    version integer NOT NULL CHECK (version > 0),
    text text CHECK (octet_length(text) <= 64000), -- NULL: it was cleared
    made_by text NOT NULL CHECK (octet_length(made_by) <= 200), -- as the audit log has it
    made_at timestamptz NOT NULL DEFAULT now(),
    restored_from integer,
    PRIMARY KEY (tenant_id, kind, version)
);
CALL protect_tenant_table('tenant_text_versions');
GRANT SELECT ON tenant_text_versions TO karen_app; -- they come by the trigger alone

-- Whoever changes a tenant leaves a row in the audit log in the same transaction; at its end, when
-- that row is there, the new texts become versions. The newest 200 of a kind are kept.
CREATE FUNCTION keep_text_versions() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    change audit_log;
BEGIN
    IF NOT EXISTS (SELECT FROM tenants t WHERE t.id = NEW.id) THEN
        RETURN NULL; -- gone again
    END IF;
    SELECT * INTO change FROM audit_log a WHERE a.tenant_id = NEW.id AND a.at = now()
        ORDER BY a.action <> 'text.restore', a.id LIMIT 1;
    WITH texts (kind, text) AS (
        VALUES ('system_prompt', NEW.system_prompt), ('greeting_text', NEW.greeting_text),
               ('voice_id', NEW.voice_id), ('language', NEW.language)
    ), newest AS (
        SELECT DISTINCT ON (v.kind) v.kind, v.version, v.text FROM tenant_text_versions v
        WHERE v.tenant_id = NEW.id ORDER BY v.kind, v.version DESC
    ), made AS (
        INSERT INTO tenant_text_versions (tenant_id, kind, version, text, made_by, restored_from)
        SELECT NEW.id, kind, coalesce(newest.version, 0) + 1, texts.text,
               coalesce(change.actor, 'operator'),
               CASE WHEN change.action = 'text.restore' AND change.change ->> 'kind' = kind
                    THEN (change.change ->> 'version')::integer END
        FROM texts LEFT JOIN newest USING (kind)
        WHERE texts.text IS DISTINCT FROM newest.text
        RETURNING kind, version
    )
    DELETE FROM tenant_text_versions v USING made
    WHERE v.tenant_id = NEW.id AND v.kind = made.kind AND v.version <= made.version - 200;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION keep_text_versions FROM PUBLIC;

CREATE CONSTRAINT TRIGGER keep_text_versions AFTER INSERT OR UPDATE ON tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_text_versions();

INSERT INTO tenant_text_versions (tenant_id, kind, version, text, made_by, made_at)
SELECT t.id, texts.kind, 1, texts.text, 'operator', t.updated_at
FROM tenants t, LATERAL (
    VALUES ('system_prompt', t.system_prompt), ('greeting_text', t.greeting_text),
           ('voice_id', t.voice_id), ('language', t.language)) AS texts (kind, text)
WHERE texts.text IS NOT NULL;

-- ---- rehearsals: an owner's texts tried on callers who are none -------------------------------------

CREATE TABLE rehearsals (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    status text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    system_prompt text CHECK (octet_length(system_prompt) <= 64000), -- as they are tried
    greeting_text text CHECK (octet_length(greeting_text) <= 600),
    scenarios text[] NOT NULL CHECK (cardinality(scenarios) BETWEEN 1 AND 20), -- in their order
    made_by text NOT NULL CHECK (octet_length(made_by) <= 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK ((status IN ('queued', 'running')) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX rehearsals_one ON rehearsals (tenant_id) WHERE status IN ('queued', 'running');
CREATE INDEX rehearsals_newest ON rehearsals (tenant_id, created_at DESC, id DESC);
CALL protect_tenant_table('rehearsals');
GRANT SELECT, INSERT, UPDATE, DELETE ON rehearsals TO karen_app;

CREATE TABLE rehearsal_results (
    tenant_id uuid NOT NULL,
    rehearsal_id uuid NOT NULL,
    scenario text NOT NULL CHECK (scenario ~ '^[a-z_]{1,40}$'),
    status text NOT NULL CHECK (status IN ('passed', 'failed', 'error')),
    error text CHECK (error ~ '^[a-z_]{1,40}$'),
    checks jsonb NOT NULL CHECK (octet_length(checks::text) <= 20000),
    transcript jsonb NOT NULL CHECK (octet_length(transcript::text) <= 200000),
    took_ms bigint NOT NULL CHECK (took_ms >= 0),
    ended_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, rehearsal_id, scenario),
    FOREIGN KEY (tenant_id, rehearsal_id) REFERENCES rehearsals ON DELETE CASCADE,
    CHECK ((status = 'error') = (error IS NOT NULL))
);
CALL protect_tenant_table('rehearsal_results');
GRANT SELECT, INSERT ON rehearsal_results TO karen_app;

-- ---- analytics ------------------------------------------------------------------------------------

-- A call in facts that can be counted, for whoever asks (so under row level security). Who was put
-- through has cost the owner his time, whatever was made of it. A call without a turn and without an
-- answer is one in which nothing was said; what a line that died had counted is not known.
CREATE VIEW call_facts WITH (security_invoker = true) AS
SELECT tenant_id, started_at, duration_seconds, reply_ms, true AS calls,
       NOT turned_away AND service <> 'voicemail' AS answered, turned_away,
       NOT turned_away AND service = 'voicemail' AS voicemail,
       label = 'legitimate' AS legitimate, label = 'marketing' AS marketing, label = 'spam' AS spam,
       label = 'fraud' AS fraud, label = 'unknown' AS unknown, label IS NULL AS unjudged,
       filtered, label = 'legitimate' AND NOT connected AS noted,
       was_karens AND (broken OR silent) AS dead_ends, was_karens AND silent AND NOT broken AS silent,
       was_karens AND broken AS failed, asked_for_person AND NOT filtered AS asked_for_person,
       asked_for_person AND NOT filtered AND connected AS asked_connected,
       connected AS transfers_connected, transfer = 'failed' AS transfers_failed,
       vip, vip AND connected AS vip_connected,
       needs_follow_up AND NOT filtered AS promises,
       needs_follow_up AND NOT filtered AND resolved_at IS NOT NULL AS promises_kept
FROM (SELECT f.*, NOT turned_away AND NOT connected AND service <> 'voicemail' AS was_karens,
             inbox_group = 'filtered' AND NOT connected AS filtered
      FROM (SELECT c.*, coalesce(ended_reason IN ('blocked', 'ruled_out'), false) AS turned_away,
                   coalesce(transfer = 'connected', false) AS connected,
                   status = 'failed' OR coalesce(ended_reason IN ('lost', 'recogniser_lost'), false)
                       AS broken,
                   status = 'completed' AND coalesce(counts -> 'turns' = '0', false)
                       AND reply_ms = '{}' AS silent,
                   coalesce(handling -> 'vip' = 'true', false) AS vip
            FROM calls c WHERE deleted_at IS NULL) f) g;
GRANT SELECT ON call_facts TO karen_app;
