-- What a tenant may set, what its plan allows, what it has used of it, and the operator's view of
-- all of them.

-- An operator of the installation acts as karen_operator: it sees who the tenants are and how much
-- they use, in the columns granted here and in later files, and never a word that was said.
DO $$
BEGIN
    CREATE ROLE karen_operator NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- roles are shared by a cluster's databases
    WHEN insufficient_privilege THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'karen_operator') THEN
            RAISE EXCEPTION 'the database user % may not create roles: have an administrator run '
                'CREATE ROLE karen_operator NOLOGIN; GRANT karen_operator TO %;',
                current_user, current_user USING ERRCODE = 'insufficient_privilege';
        END IF;
END $$;

DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'karen_operator', 'MEMBER') THEN
        EXECUTE format('GRANT karen_operator TO %I', current_user);
    END IF;
EXCEPTION
    WHEN unique_violation THEN NULL; -- another database's migration did it this moment
END $$;

GRANT USAGE ON SCHEMA public TO karen_operator;

-- What each plan allows; NULL: as much as you like.
CREATE TABLE plans (
    code text PRIMARY KEY CHECK (code ~ '^[a-z]{1,20}$'),
    position integer NOT NULL UNIQUE, -- in lists
    calls_per_month integer CHECK (calls_per_month BETWEEN 1 AND 1000000),
    members integer CHECK (members BETWEEN 1 AND 10000),
    numbers integer CHECK (numbers BETWEEN 0 AND 10000),
    call_seconds_max integer NOT NULL CHECK (call_seconds_max BETWEEN 30 AND 1800),
    version bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO plans (code, position, calls_per_month, members, numbers, call_seconds_max) VALUES
    ('trial', 1, 50, 3, 1, 300),
    ('basic', 2, 200, 5, 1, 600),
    ('pro', 3, 1000, 25, 5, 1800);
GRANT SELECT ON plans TO karen_app;
GRANT SELECT, UPDATE (calls_per_month, members, numbers, call_seconds_max, version, updated_at)
    ON plans TO karen_operator;

-- As long in characters as the API says; a character takes up to four bytes.
ALTER TABLE tenants DROP CONSTRAINT tenants_system_prompt_check;
ALTER TABLE tenants ADD CHECK (octet_length(system_prompt) BETWEEN 1 AND 64000);

ALTER TABLE tenants
    ADD FOREIGN KEY (plan) REFERENCES plans,
    ADD version bigint NOT NULL DEFAULT 1,
    ADD owner_spoken text CHECK (octet_length(owner_spoken) BETWEEN 1 AND 200), -- as it is said
    ADD formality text NOT NULL DEFAULT 'formal' CHECK (formality IN ('formal', 'informal')),
    -- days; NULL: as long as is allowed at all, ten years
    ADD retention_calls_days integer DEFAULT 180 CHECK (retention_calls_days BETWEEN 1 AND 3650),
    ADD retention_transcripts_days integer DEFAULT 180
        CHECK (retention_transcripts_days BETWEEN 1 AND 3650),
    ADD retention_recordings_days integer DEFAULT 90
        CHECK (retention_recordings_days BETWEEN 1 AND 3650),
    ADD retention_audit_days integer DEFAULT 730 CHECK (retention_audit_days BETWEEN 30 AND 3650),
    ADD trial_ends_at timestamptz DEFAULT now() + interval '14 days', -- NULL: it does not
    ADD unpaid_since timestamptz,
    ADD usage_anchor timestamptz, -- months of use are counted from here; NULL: by the calendar
    -- instead of the plan's
    ADD limit_calls integer CHECK (limit_calls BETWEEN 1 AND 1000000),
    ADD limit_members integer CHECK (limit_members BETWEEN 1 AND 10000),
    ADD limit_numbers integer CHECK (limit_numbers BETWEEN 0 AND 10000),
    ADD suspended_at timestamptz,
    ADD suspended_reason text CHECK (octet_length(suspended_reason) BETWEEN 1 AND 500),
    ADD closed_at timestamptz,
    ADD erase_after timestamptz; -- until then it can be taken back

UPDATE tenants SET closed_at = now(), erase_after = now() + interval '30 days'
WHERE status = 'cancelled';
ALTER TABLE tenants ADD CHECK ((status = 'cancelled') = (erase_after IS NOT NULL));
CREATE INDEX tenants_erase_after ON tenants (erase_after) WHERE erase_after IS NOT NULL;
GRANT UPDATE (owner_spoken, formality, retention_calls_days, retention_transcripts_days,
    retention_recordings_days, retention_audit_days) ON tenants TO karen_app;

-- Whoever changes a tenant: its version rises, and what belongs to a status comes and goes with it.
-- A suspension outlives closing and taking back.
CREATE FUNCTION keep_tenant() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before text := CASE WHEN TG_OP = 'UPDATE' THEN OLD.status ELSE 'active' END;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
    END IF;
    IF NEW.status <> before THEN
        NEW.closed_at := CASE WHEN NEW.status = 'cancelled' THEN now() END;
        NEW.erase_after := NEW.closed_at + interval '30 days';
        IF NEW.status = 'active' THEN
            NEW.suspended_at := NULL;
            NEW.suspended_reason := NULL;
        ELSIF NEW.status = 'suspended' THEN
            NEW.suspended_at := coalesce(NEW.suspended_at, now());
        END IF;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION keep_tenant FROM PUBLIC;
CREATE TRIGGER keep_tenant BEFORE INSERT OR UPDATE ON tenants
    FOR EACH ROW EXECUTE FUNCTION keep_tenant();

-- How a call was served, as decided when it came in.
ALTER TABLE calls
    ADD service text NOT NULL DEFAULT 'full' CHECK (service IN ('full', 'message', 'voicemail'));

-- How many calls Karen talks in for a tenant just now. Whoever speaks to the carrier's recorder, or
-- has hung up by the carrier's word, keeps nobody else from being talked with.
CREATE FUNCTION live_talks(whose uuid) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM calls WHERE tenant_id = whose AND status = 'in_progress'
                                             AND service <> 'voicemail' AND carrier_ended_at IS NULL);
END $$;

-- The calls that count towards a plan: those in which Karen talked in full for ten seconds or more,
-- unless she found them to be spam or fraud. They outlive the calls, which a tenant may delete, and
-- what people say instead of her changes nothing here: neither shall make more of a plan.
CREATE TABLE counted_calls (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    call_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, call_id)
);
CREATE INDEX counted_calls_newest ON counted_calls (tenant_id, started_at);
CALL protect_tenant_table('counted_calls');
GRANT SELECT ON counted_calls TO karen_app;

CREATE FUNCTION count_call() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO counted_calls (tenant_id, call_id, started_at)
    SELECT NEW.tenant_id, NEW.id, NEW.started_at
    WHERE NOT EXISTS (SELECT FROM call_screenings s
                      WHERE s.tenant_id = NEW.tenant_id AND s.call_id = NEW.id
                            AND s.legitimacy IN ('spam', 'fraud'))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION count_screened_call() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.legitimacy IN ('spam', 'fraud') THEN
        DELETE FROM counted_calls WHERE tenant_id = NEW.tenant_id AND call_id = NEW.call_id;
    ELSE
        INSERT INTO counted_calls (tenant_id, call_id, started_at)
        SELECT c.tenant_id, c.id, c.started_at FROM calls c
        WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.call_id AND c.status = 'completed'
              AND c.service = 'full' AND c.duration_seconds >= 10
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION count_call, count_screened_call FROM PUBLIC;
CREATE TRIGGER count_call AFTER UPDATE OF status, duration_seconds ON calls
    FOR EACH ROW WHEN (NEW.status = 'completed' AND NEW.service = 'full'
                       AND NEW.duration_seconds >= 10)
    EXECUTE FUNCTION count_call();
CREATE TRIGGER count_call AFTER INSERT OR UPDATE OF legitimacy ON call_screenings
    FOR EACH ROW EXECUTE FUNCTION count_screened_call();

-- The month of use that a moment falls into, where the tenant is: the calendar's, or counted from
-- the anchor's day (of a month too short for it: the last).
CREATE FUNCTION usage_month(zone text, anchor timestamptz, moment timestamptz,
    OUT starts_at timestamptz, OUT ends_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    here timestamp := moment AT TIME ZONE zone;
    first timestamp := coalesce(anchor AT TIME ZONE zone, date_trunc('month', here));
    months integer := (extract(year FROM here) - extract(year FROM first)) * 12
                      + extract(month FROM here) - extract(month FROM first);
BEGIN
    IF first + make_interval(months => months) > here THEN
        months := months - 1;
    END IF;
    starts_at := (first + make_interval(months => months)) AT TIME ZONE zone;
    ends_at := (first + make_interval(months => months + 1)) AT TIME ZONE zone;
END $$;
REVOKE ALL ON FUNCTION usage_month FROM PUBLIC;

-- How much a tenant has used of what it may. It crosses tenants, because a call is routed before it
-- is known whose it is; it tells nothing but these numbers.
CREATE FUNCTION tenant_usage(whose uuid)
RETURNS TABLE (calls bigint, calls_max integer, members_max integer, numbers_max integer,
    seconds_max integer, starts_at timestamptz, ends_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT (SELECT count(*) FROM counted_calls c WHERE c.tenant_id = t.id
                AND c.started_at >= month.starts_at AND c.started_at < month.ends_at),
           coalesce(t.limit_calls, p.calls_per_month), coalesce(t.limit_members, p.members),
           coalesce(t.limit_numbers, p.numbers), p.call_seconds_max,
           month.starts_at, month.ends_at
    FROM tenants t JOIN plans p ON p.code = t.plan
         CROSS JOIN LATERAL usage_month(t.timezone, t.usage_anchor, now()) month
    WHERE t.id = whose;
END $$;

-- The owner closes and takes back; no worker may set a status otherwise. The tenant is that of the
-- transaction. False: there is nothing to close, or to take back any more.
CREATE FUNCTION close_tenant(actor text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenants SET status = 'cancelled' WHERE id = karen_tenant() AND status <> 'cancelled';
    IF NOT found THEN
        RETURN false;
    END IF;
    INSERT INTO audit_log (tenant_id, actor, action) VALUES (karen_tenant(), actor, 'tenant.close');
    RETURN true;
END $$;
CREATE FUNCTION restore_tenant(actor text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE tenants SET status = CASE WHEN suspended_at IS NULL THEN 'active' ELSE 'suspended' END
    WHERE id = karen_tenant() AND status = 'cancelled' AND erase_after > now();
    IF NOT found THEN
        RETURN false;
    END IF;
    INSERT INTO audit_log (tenant_id, actor, action)
        VALUES (karen_tenant(), actor, 'tenant.restore');
    RETURN true;
END $$;

-- A person of this transaction's tenant makes another one and owns it. False: enough are theirs. The
-- rest of this transaction runs as the new tenant.
CREATE FUNCTION add_own_tenant(person uuid, new_tenant uuid, new_owner uuid, tenant_name text,
    spoken_name text, spoken text, zone text, most integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    person_phone text;
BEGIN
    SELECT u.phone INTO person_phone FROM users u
        WHERE u.tenant_id = karen_tenant() AND u.id = person AND u.phone_verified;
    IF NOT found THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('karen.person:' || person_phone, 0));
    IF (SELECT count(*) FROM users u JOIN tenants t ON t.id = u.tenant_id
        WHERE u.phone = person_phone AND u.role = 'owner' AND t.status <> 'cancelled') >= most THEN
        RETURN false;
    END IF;
    PERFORM create_tenant(new_tenant, new_owner, person_phone, tenant_name, spoken_name, spoken, zone);
    PERFORM set_config('karen.tenant_id', new_tenant::text, true);
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION tenant_usage, close_tenant, restore_tenant, add_own_tenant FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_usage TO karen_app, karen_operator;
GRANT EXECUTE ON FUNCTION close_tenant, restore_tenant, add_own_tenant TO karen_app;

-- Phrases are spoken with the owner's name as it is said.
CREATE OR REPLACE FUNCTION voices_in_use(most integer)
RETURNS TABLE (voice_id text, language text, owner_name text, greeting_text text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.voice_id, t.language, coalesce(t.owner_spoken, t.owner_name), t.greeting_text
    FROM tenants t
    WHERE t.status = 'active'
      AND EXISTS (SELECT FROM tenant_phone_numbers n WHERE n.tenant_id = t.id)
    ORDER BY t.updated_at DESC
    LIMIT most
$$;

-- ---- the operator -------------------------------------------------------------------------------

-- What operators wrote down about a tenant, for themselves.
CREATE TABLE tenant_notes (
    tenant_id uuid PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    notes text NOT NULL CHECK (octet_length(notes) BETWEEN 1 AND 16000),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CALL protect_tenant_table('tenant_notes');

-- What operators did, of the installation and of tenants, which may be gone by now.
CREATE TABLE operator_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 200),
    action text NOT NULL CHECK (action ~ '^[a-z_.]{1,60}$'),
    about_tenant uuid,
    subject text CHECK (octet_length(subject) <= 200),
    change jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX operator_log_newest ON operator_log (at DESC, id);
GRANT SELECT, INSERT ON operator_log TO karen_operator;

-- An operator sees every tenant's rows of these tables: which columns, the grants say.
CREATE PROCEDURE open_to_operator(opened regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE POLICY operator_rows ON %s TO karen_operator USING (true) '
                   'WITH CHECK (true)', opened);
END $$;
REVOKE ALL ON PROCEDURE open_to_operator FROM PUBLIC;

CALL open_to_operator('tenants');
GRANT SELECT (id, name, owner_name, language, timezone, plan, status, trial_ends_at, unpaid_since,
        usage_anchor, limit_calls, limit_members, limit_numbers, suspended_at, suspended_reason,
        closed_at, erase_after, version, created_at, updated_at),
    UPDATE (plan, status, trial_ends_at, unpaid_since, usage_anchor, limit_calls, limit_members,
        limit_numbers, suspended_reason) ON tenants TO karen_operator;
CALL open_to_operator('tenant_notes');
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_notes TO karen_operator;
CALL open_to_operator('users');
GRANT SELECT (tenant_id, id, phone, name, role, last_login_at, created_at) ON users
    TO karen_operator;
CALL open_to_operator('tenant_phone_numbers');
GRANT SELECT ON number_pool, tenant_phone_numbers TO karen_operator;
CALL open_to_operator('calls');
GRANT SELECT (tenant_id, id, carrier, status, ended_reason, started_at, ended_at, duration_seconds,
    service) ON calls TO karen_operator;
CALL open_to_operator('outbox');
GRANT SELECT (tenant_id, id, kind, call_id, status, attempts, run_at, last_error, created_at,
        ended_at), UPDATE (status, attempts, run_at, ended_at) ON outbox TO karen_operator;
CALL open_to_operator('usage_ledger');
GRANT SELECT ON usage_ledger TO karen_operator;
CALL open_to_operator('audit_log');
GRANT INSERT ON audit_log TO karen_operator; -- what an operator did to a tenant, it may read
