-- Numbers on their way in and out, the number that tenants on trial share, and whether forwarding
-- works.

-- ---- the pool -------------------------------------------------------------------------------------

-- buying: an order claims it, so that no other buys it, too; releasing: on its way back to the carrier.
ALTER TABLE number_pool DROP CONSTRAINT number_pool_state_check;
ALTER TABLE number_pool ADD CONSTRAINT number_pool_state_check CHECK (state IN
    ('buying', 'free', 'assigned', 'quarantined', 'shared', 'releasing'));
ALTER TABLE number_pool ADD country text CHECK (country ~ '^[A-Z]{2}$'); -- NULL: not known
ALTER TABLE number_pool ADD kind text CHECK (kind IN ('local', 'mobile', 'national', 'toll_free'));
ALTER TABLE number_pool ADD stray_call_at timestamptz; -- somebody still calls it, and nobody has it
CREATE INDEX number_pool_takeable ON number_pool (country, kind) WHERE state IN ('free', 'quarantined');

-- The papers (regulatory bundle, address) with which numbers of a country and kind are bought.
CREATE TABLE number_papers (
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    kind text NOT NULL CHECK (kind IN ('local', 'mobile', 'national', 'toll_free')),
    bundle_sid text CHECK (bundle_sid ~ '^BU[0-9a-fA-F]{32}$'),
    address_sid text CHECK (address_sid ~ '^AD[0-9a-fA-F]{32}$'),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (country, kind)
);

-- ---- orders ---------------------------------------------------------------------------------------

-- Each is its own job: claimed under a lease, tried again later when something is away.
--   searching -> buying -> active            (import: searching -> active; release: releasing -> released)
--       ^--------'  '--> waiting_for_bundle --> searching
--   and from each of them: failed; cancelled before anything is bought
CREATE TABLE number_orders (
    id uuid PRIMARY KEY,
    tenant_id uuid REFERENCES tenants ON DELETE SET NULL, -- NULL: for the pool
    work text NOT NULL CHECK (work IN ('buy', 'import', 'release')),
    country text CHECK (country ~ '^[A-Z]{2}$'),
    kind text CHECK (kind IN ('local', 'mobile', 'national', 'toll_free')),
    contains text CHECK (contains ~ '^[0-9*]{2,15}$'),
    wanted phone_number, -- this one and no other
    is_primary boolean NOT NULL DEFAULT false,
    state text NOT NULL CHECK (state IN ('searching', 'waiting_for_bundle', 'buying', 'releasing',
        'active', 'released', 'failed', 'cancelled')),
    number phone_number, -- claimed, or got
    bundle_sid text CHECK (octet_length(bundle_sid) <= 64),
    bundle_state text CHECK (bundle_state ~ '^[a-z_]{1,40}$'), -- none: there is no bundle at all
    failed_why text CHECK (failed_why ~ '^[a-z_]{1,40}$'),
    searches integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0, -- of this state, without getting on
    run_at timestamptz NOT NULL DEFAULT now(), -- claimed: when the lease is over
    lease uuid,
    actor text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((state IN ('active', 'released', 'failed', 'cancelled')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (failed_why IS NOT NULL)),
    CHECK (work = 'buy' AND country IS NOT NULL AND kind IS NOT NULL
           OR work <> 'buy' AND wanted IS NOT NULL)
);
CREATE INDEX number_orders_due ON number_orders (run_at) WHERE ended_at IS NULL;
CREATE INDEX number_orders_newest ON number_orders (tenant_id, id);
CREATE UNIQUE INDEX number_orders_number ON number_orders (coalesce(number, wanted))
    WHERE ended_at IS NULL AND coalesce(number, wanted) IS NOT NULL;
CALL protect_tenant_table('number_orders'); -- reached through functions only

CREATE FUNCTION number_order_json(o number_orders) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', o.id, 'tenant_id', o.tenant_id, 'work', o.work,
        'country', o.country, 'kind', o.kind, 'contains', o.contains, 'wanted', o.wanted,
        'state', o.state, 'number', o.number, 'bundle_sid', o.bundle_sid,
        'bundle_state', o.bundle_state, 'failed_why', o.failed_why,
        'created_at', json_time(o.created_at), 'updated_at', json_time(o.updated_at),
        'ended_at', json_time(o.ended_at))
$$;

-- A page of them, the newest first: their ids tell when they were made.
CREATE FUNCTION orders_page(everyones boolean, before uuid, most integer, only_state text)
RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH page AS (
        SELECT o AS made, o.id FROM number_orders o
        WHERE (everyones OR o.tenant_id = karen_tenant()) AND (before IS NULL OR o.id < before)
              AND (only_state IS NULL OR o.state = only_state)
        ORDER BY o.id DESC LIMIT most + 1
    ), shown AS (SELECT * FROM page ORDER BY id DESC LIMIT most)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(number_order_json(s.made) ORDER BY s.id DESC)
                           FROM shown s), '[]'),
        'next_cursor', CASE WHEN (SELECT count(*) FROM page) > most
                       THEN (SELECT id FROM shown ORDER BY id LIMIT 1) END)
$$;
REVOKE ALL ON FUNCTION orders_page FROM PUBLIC;

CREATE FUNCTION own_orders_json(before uuid, most integer) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT orders_page(false, before, most, NULL) $$;

CREATE FUNCTION own_order_json(of_order uuid) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT number_order_json(o) FROM number_orders o
    WHERE o.id = of_order AND o.tenant_id = karen_tenant()
$$;

-- Everybody's, and the pool's own: the operator's.
CREATE FUNCTION pool_orders_json(before uuid, most integer, only_state text) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT orders_page(true, before, most, only_state) $$;

-- How many numbers a tenant may have, as tenant_usage() has it; NULL: as many as it likes.
CREATE FUNCTION numbers_allowed(t tenants) RETURNS integer LANGUAGE sql STABLE AS
$$ SELECT u.numbers_max FROM tenant_usage(t.id) u $$;

-- The tenant's from now on; its first one, or when asked, the primary one.
CREATE FUNCTION give_number(of_tenant uuid, taken text, make_primary boolean, who text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE number_pool SET state = 'assigned', free_at = NULL, last_tenant_id = of_tenant
        WHERE number = taken;
    IF make_primary THEN
        UPDATE tenant_phone_numbers SET is_primary = false
            WHERE tenant_id = of_tenant AND is_primary;
    END IF;
    INSERT INTO tenant_phone_numbers (tenant_id, twilio_number, twilio_sid, is_primary)
        SELECT of_tenant, p.number, p.twilio_sid, make_primary OR NOT EXISTS
            (SELECT FROM tenant_phone_numbers n WHERE n.tenant_id = of_tenant AND n.is_primary)
        FROM number_pool p WHERE p.number = taken;
    INSERT INTO audit_log (tenant_id, actor, action, subject)
        VALUES (of_tenant, who, 'number.assign', taken);
END $$;
REVOKE ALL ON FUNCTION give_number FROM PUBLIC;

-- Of the pool: one that was this tenant's before, else one that is free, the longest first.
CREATE FUNCTION takeable_number(of_tenant uuid, in_country text, of_kind text, digits text,
    wanted_number text) RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.number FROM number_pool p
    WHERE p.state IN ('free', 'quarantined')
          AND (p.state = 'free' OR p.free_at <= now() OR p.last_tenant_id = of_tenant)
          AND (wanted_number IS NULL AND p.country = in_country AND coalesce(p.kind, of_kind) = of_kind
               AND (digits IS NULL OR p.number LIKE '%' || replace(digits, '*', '_') || '%')
               OR p.number = wanted_number)
    ORDER BY p.last_tenant_id IS NOT DISTINCT FROM of_tenant DESC, p.free_at NULLS FIRST, p.added_at
    LIMIT 1 FOR UPDATE SKIP LOCKED
$$;
REVOKE ALL ON FUNCTION takeable_number FROM PUBLIC;

-- An order of this transaction's tenant, or without one for the pool. What the pool has is given at
-- once; on trial nothing else is. day_max NULL: an operator orders, whom neither plan nor days bind.
-- outcome: ok; none (no such tenant, or not active); limit (as many numbers as the plan has);
-- too_many (orders in a day); ours (the wanted number is on its way already, or not to be had).
CREATE FUNCTION place_number_order(new_id uuid, wish jsonb, who text, day_max integer,
    OUT outcome text, OUT made json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    customer tenants;
    placed number_orders;
    found_number text;
BEGIN
    SELECT * INTO customer FROM tenants WHERE id = karen_tenant() FOR UPDATE;
    outcome := CASE
        WHEN karen_tenant() IS NULL THEN 'ok'
        WHEN customer.id IS NULL OR customer.status <> 'active' THEN 'none'
        WHEN day_max IS NULL THEN 'ok'
        WHEN (SELECT count(*) FROM tenant_phone_numbers n WHERE n.tenant_id = customer.id)
             + (SELECT count(*) FROM number_orders o
                WHERE o.tenant_id = customer.id AND o.ended_at IS NULL)
             >= numbers_allowed(customer) THEN 'limit'
        WHEN (SELECT count(*) FROM number_orders o WHERE o.tenant_id = customer.id
                AND o.created_at > now() - interval '1 day') >= day_max THEN 'too_many'
        ELSE 'ok' END;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;
    IF customer.id IS NOT NULL THEN
        found_number := takeable_number(customer.id, wish->>'country', wish->>'kind',
                                        wish->>'contains', wish->>'number');
    END IF;
    IF found_number IS NULL AND EXISTS (SELECT FROM number_pool p WHERE p.number = wish->>'number') THEN
        outcome := 'ours';
        RETURN;
    END IF;
    INSERT INTO number_orders (id, tenant_id, work, country, kind, contains, wanted, is_primary,
            state, number, failed_why, actor, ended_at)
        SELECT new_id, customer.id, 'buy', wish->>'country', wish->>'kind', wish->>'contains',
               wish->>'number', coalesce((wish->>'is_primary')::boolean, false), s.state, found_number,
               CASE s.state WHEN 'failed' THEN 'pool_empty' END, who,
               CASE s.state WHEN 'searching' THEN NULL ELSE now() END
        FROM (SELECT CASE WHEN found_number IS NOT NULL THEN 'active'
                          WHEN customer.plan = 'trial' AND day_max IS NOT NULL THEN 'failed'
                          ELSE 'searching' END AS state) s
        ON CONFLICT DO NOTHING RETURNING * INTO placed;
    IF placed.id IS NULL THEN
        outcome := 'ours';
        RETURN;
    END IF;
    IF found_number IS NOT NULL THEN
        PERFORM give_number(customer.id, found_number, placed.is_primary, who);
    ELSIF placed.state = 'searching' THEN
        PERFORM pg_notify('karen_number_orders', '');
    END IF;
    IF customer.id IS NOT NULL THEN
        INSERT INTO audit_log (tenant_id, actor, action, subject)
            VALUES (customer.id, who, 'number_order.add', new_id::text);
    END IF;
    IF day_max IS NULL THEN
        INSERT INTO operator_log (actor, action, about_tenant, subject, change)
            VALUES (who, 'number_order.add', customer.id, new_id::text, wish);
    END IF;
    made := number_order_json(placed);
END $$;

-- What the pool has that this transaction's tenant could be given, and whether more is bought for it.
CREATE FUNCTION offered_numbers(in_country text, of_kind text, digits text, most integer,
    OUT buys boolean, OUT numbers text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.plan <> 'trial', ARRAY(SELECT p.number::text FROM number_pool p
        WHERE p.state IN ('free', 'quarantined')
              AND (p.state = 'free' OR p.free_at <= now() OR p.last_tenant_id = t.id)
              AND p.country = in_country AND coalesce(p.kind, of_kind) = of_kind
              AND (digits IS NULL OR p.number LIKE '%' || replace(digits, '*', '_') || '%')
        ORDER BY p.number LIMIT most)
    FROM tenants t WHERE t.id = karen_tenant()
$$;

-- The operator's: a number that is the installation's at the carrier already is taken into the pool,
-- and to a tenant when one is named; or one of the pool goes back to the carrier. outcome: ok; none (no
-- such tenant or number); ours (it is in the pool already); busy (somebody has it, or had it lately).
CREATE FUNCTION place_number_work(new_id uuid, what text, wanted_number text, for_tenant uuid,
    make_primary boolean, who text, OUT outcome text, OUT made json)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    pooled number_pool;
    placed number_orders;
BEGIN
    SELECT * INTO pooled FROM number_pool WHERE number = wanted_number FOR UPDATE;
    outcome := CASE
        WHEN for_tenant IS NOT NULL AND NOT EXISTS (SELECT FROM tenants
                WHERE id = for_tenant AND status <> 'cancelled') THEN 'none'
        WHEN what = 'import' THEN CASE WHEN pooled.number IS NULL THEN 'ok' ELSE 'ours' END
        WHEN pooled.number IS NULL THEN 'none'
        WHEN EXISTS (SELECT FROM tenant_phone_numbers WHERE twilio_number = wanted_number) THEN 'busy'
        WHEN pooled.state IN ('free', 'shared')
             OR pooled.state = 'quarantined' AND pooled.free_at <= now() THEN 'ok'
        ELSE 'busy' END;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;
    INSERT INTO number_orders (id, tenant_id, work, wanted, is_primary, number, state, actor)
        VALUES (new_id, for_tenant, what, wanted_number, make_primary,
                CASE what WHEN 'release' THEN wanted_number END,
                CASE what WHEN 'release' THEN 'releasing' ELSE 'searching' END, who)
        ON CONFLICT DO NOTHING RETURNING * INTO placed;
    IF placed.id IS NULL THEN
        outcome := 'busy';
        RETURN;
    END IF;
    IF what = 'release' THEN
        UPDATE number_pool SET state = 'releasing', free_at = NULL WHERE number = wanted_number;
    END IF;
    INSERT INTO operator_log (actor, action, about_tenant, subject)
        VALUES (who, 'number.' || what, for_tenant, wanted_number);
    PERFORM pg_notify('karen_number_orders', '');
    made := number_order_json(placed);
END $$;

-- ---- an order's job -------------------------------------------------------------------------------

CREATE FUNCTION claim_number_orders(most integer, lease_time interval)
RETURNS TABLE (id uuid, lease uuid, tenant_id uuid, work text, country text, kind text, contains text,
    wanted text, state text, number text, twilio_sid text, bundle_sid text, address_sid text,
    searches integer, attempts integer)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH due AS (
        SELECT o.id FROM number_orders o WHERE o.ended_at IS NULL AND o.run_at <= now()
        ORDER BY o.run_at LIMIT most FOR UPDATE SKIP LOCKED
    ), mine AS (
        UPDATE number_orders o
        SET lease = gen_random_uuid(), attempts = o.attempts + 1, run_at = now() + lease_time
        FROM due WHERE o.id = due.id RETURNING o.*
    )
    SELECT o.id, o.lease, o.tenant_id, o.work, o.country, o.kind, o.contains, o.wanted, o.state,
           o.number, p.twilio_sid, coalesce(papers.bundle_sid, o.bundle_sid), papers.address_sid,
           o.searches, o.attempts
    FROM mine o
         LEFT JOIN number_pool p ON p.number = o.number
         LEFT JOIN number_papers papers ON papers.country = o.country AND papers.kind = o.kind
$$;

-- Moves an order on. A claimed number that is not to be bought any more is let go; one that the carrier
-- would not take back is free again. False: the lease was over, or somebody cancelled it.
CREATE FUNCTION step_number_order(of_order uuid, of_lease uuid, to_state text, why text,
    with_bundle text, with_bundle_state text, wait interval) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before number_orders;
    ends boolean := to_state IN ('failed', 'cancelled');
BEGIN
    SELECT * INTO before FROM number_orders o
        WHERE o.id = of_order AND o.lease = of_lease AND o.ended_at IS NULL FOR UPDATE;
    IF NOT found THEN
        RETURN false;
    END IF;
    IF before.state = 'buying' AND to_state <> 'buying' THEN
        DELETE FROM number_pool p WHERE p.number = before.number AND p.state = 'buying';
    END IF;
    IF before.state = 'releasing' AND ends THEN
        UPDATE number_pool p SET state = 'free' WHERE p.number = before.number
            AND p.state = 'releasing';
    END IF;
    UPDATE number_orders o
    SET state = to_state, failed_why = CASE to_state WHEN 'failed' THEN why END,
        number = CASE WHEN to_state IN ('buying', 'releasing') THEN o.number END,
        bundle_sid = coalesce(with_bundle, o.bundle_sid),
        bundle_state = coalesce(with_bundle_state, o.bundle_state),
        searches = o.searches + (before.state = 'buying' AND to_state <> 'buying')::integer,
        attempts = CASE WHEN to_state = before.state THEN o.attempts ELSE 0 END,
        lease = NULL, run_at = now() + wait, updated_at = now(),
        ended_at = CASE WHEN ends THEN now() END
    WHERE o.id = of_order;
    RETURN true;
END $$;

-- The order means to buy this number, and no other order may. False: one does, or the number is in
-- the pool. NULL: the lease was over, or somebody cancelled the order.
CREATE FUNCTION claim_number(of_order uuid, of_lease uuid, offered text, with_bundle text,
    with_bundle_state text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o number_orders;
BEGIN
    SELECT * INTO o FROM number_orders
        WHERE id = of_order AND lease = of_lease AND state = 'searching' FOR UPDATE;
    IF NOT found THEN
        RETURN NULL;
    END IF;
    INSERT INTO number_pool (number, state, country, kind)
        VALUES (offered, 'buying', o.country, o.kind) ON CONFLICT DO NOTHING;
    IF NOT found THEN
        RETURN false;
    END IF;
    UPDATE number_orders SET state = 'buying', number = offered, attempts = 0, updated_at = now(),
        bundle_sid = coalesce(with_bundle, bundle_sid),
        bundle_state = coalesce(with_bundle_state, bundle_state) WHERE id = of_order;
    RETURN true;
END $$;

-- It is ours at the carrier: bought, or found there. When its tenant is gone or closed, it stays in
-- the pool.
CREATE FUNCTION finish_number_order(of_order uuid, of_lease uuid, sid text, at_country text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    o number_orders;
    got text;
BEGIN
    SELECT * INTO o FROM number_orders
        WHERE id = of_order AND lease = of_lease AND ended_at IS NULL FOR UPDATE;
    IF NOT found THEN
        RETURN false;
    END IF;
    got := coalesce(o.number, o.wanted);
    IF o.work = 'release' THEN
        DELETE FROM number_pool WHERE number = got AND state = 'releasing';
    ELSE
        INSERT INTO number_pool (number, twilio_sid, state, country, kind)
            VALUES (got, sid, 'free', coalesce(o.country, at_country), o.kind)
            ON CONFLICT (number) DO UPDATE SET twilio_sid = excluded.twilio_sid, state = 'free'
            WHERE number_pool.state = 'buying';
        IF EXISTS (SELECT FROM tenants WHERE id = o.tenant_id AND status <> 'cancelled') THEN
            PERFORM give_number(o.tenant_id, got, o.is_primary, o.actor);
        END IF;
    END IF;
    UPDATE number_orders SET state = CASE work WHEN 'release' THEN 'released' ELSE 'active' END,
        number = got, lease = NULL, updated_at = now(), ended_at = now() WHERE id = of_order;
    RETURN true;
END $$;

-- As long as nothing was bought for it. outcome: ok, none, busy.
CREATE FUNCTION cancel_order(everyones boolean, of_order uuid, who text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before number_orders;
BEGIN
    SELECT * INTO before FROM number_orders o
        WHERE o.id = of_order AND (everyones OR o.tenant_id = karen_tenant()) FOR UPDATE;
    IF NOT found THEN
        RETURN 'none';
    ELSIF before.state NOT IN ('searching', 'waiting_for_bundle') THEN
        RETURN 'busy';
    END IF;
    UPDATE number_orders SET state = 'cancelled', ended_at = now(), updated_at = now(), lease = NULL
        WHERE id = of_order;
    IF before.tenant_id IS NOT NULL THEN
        INSERT INTO audit_log (tenant_id, actor, action, subject)
            VALUES (before.tenant_id, who, 'number_order.cancel', of_order::text);
    END IF;
    IF everyones THEN
        INSERT INTO operator_log (actor, action, about_tenant, subject)
            VALUES (who, 'number_order.cancel', before.tenant_id, of_order::text);
    END IF;
    RETURN 'ok';
END $$;
REVOKE ALL ON FUNCTION cancel_order FROM PUBLIC;

-- Of this transaction's tenant.
CREATE FUNCTION cancel_number_order(of_order uuid, who text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT cancel_order(false, of_order, who) $$;

-- Anybody's: the operator's.
CREATE FUNCTION cancel_any_number_order(of_order uuid, who text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT cancel_order(true, of_order, who) $$;

-- Nothing more is bought for a tenant that closes.
CREATE FUNCTION cancel_orders_of_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE number_orders SET state = 'cancelled', ended_at = now(), updated_at = now(), lease = NULL
        WHERE tenant_id = NEW.id AND state IN ('searching', 'waiting_for_bundle');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION cancel_orders_of_closed FROM PUBLIC;
CREATE TRIGGER tenants_orders AFTER UPDATE OF status ON tenants
    FOR EACH ROW WHEN (NEW.status = 'cancelled') EXECUTE FUNCTION cancel_orders_of_closed();

-- ---- what tenants have ----------------------------------------------------------------------------

-- Of this transaction's tenant; rests before anybody else may have it.
CREATE FUNCTION release_own_number(released text, who text, days integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM tenant_phone_numbers WHERE tenant_id = karen_tenant() AND twilio_number = released;
    IF NOT found THEN
        RETURN false;
    END IF;
    UPDATE number_pool SET state = 'quarantined', last_tenant_id = karen_tenant(),
        free_at = now() + make_interval(days => days) WHERE number = released;
    UPDATE tenant_phone_numbers n SET is_primary = true
        FROM (SELECT m.id FROM tenant_phone_numbers m WHERE m.tenant_id = karen_tenant()
                AND NOT EXISTS (SELECT FROM tenant_phone_numbers k
                                WHERE k.tenant_id = karen_tenant() AND k.is_primary)
              ORDER BY m.created_at, m.id LIMIT 1) AS oldest
        WHERE n.tenant_id = karen_tenant() AND n.id = oldest.id;
    INSERT INTO audit_log (tenant_id, actor, action, subject)
        VALUES (karen_tenant(), who, 'number.release', released);
    RETURN true;
END $$;

-- Changes what is in `change` (is_primary, forwarding_source). A line that forwards is believed only
-- of a phone that somebody of this tenant has proved to be theirs. outcome: ok, none, unproved, taken.
CREATE FUNCTION change_own_number(changed text, change jsonb, who text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before tenant_phone_numbers;
    line text := change->>'forwarding_source';
BEGIN
    SELECT * INTO before FROM tenant_phone_numbers
        WHERE tenant_id = karen_tenant() AND twilio_number = changed FOR UPDATE;
    IF NOT found THEN
        RETURN 'none';
    END IF;
    IF line IS NOT NULL AND NOT EXISTS (SELECT FROM users
            WHERE tenant_id = karen_tenant() AND phone = line AND phone_verified) THEN
        RETURN 'unproved';
    END IF;
    IF EXISTS (SELECT FROM tenant_phone_numbers WHERE forwarding_source = line AND id <> before.id) THEN
        RETURN 'taken';
    END IF;
    IF (change->>'is_primary')::boolean THEN
        UPDATE tenant_phone_numbers SET is_primary = false
            WHERE tenant_id = karen_tenant() AND is_primary AND id <> before.id;
        UPDATE tenant_phone_numbers SET is_primary = true
            WHERE tenant_id = karen_tenant() AND id = before.id;
    END IF;
    IF change ? 'forwarding_source' THEN
        UPDATE tenant_phone_numbers SET forwarding_source = line
            WHERE tenant_id = karen_tenant() AND id = before.id;
    END IF;
    INSERT INTO audit_log (tenant_id, actor, action, subject, change)
        VALUES (karen_tenant(), who, 'number.set', changed, change);
    RETURN 'ok';
END $$;

-- Somebody calls a number that is nobody's: whose phone still forwards to it would reach its next
-- owner, so it rests on.
CREATE FUNCTION note_stray_call(called text, days integer) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE number_pool SET stray_call_at = now(),
        free_at = CASE state WHEN 'quarantined'
                  THEN greatest(free_at, now() + make_interval(days => days)) END
    WHERE number = called AND state IN ('free', 'quarantined')
$$;

-- ---- the operator's view of the pool ----------------------------------------------------------------

CREATE FUNCTION pool_json(after text, most integer, only_state text) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH page AS (
        SELECT p.*, n.tenant_id AS of_tenant, t.name AS tenant_name, n.is_primary
        FROM number_pool p
             LEFT JOIN tenant_phone_numbers n ON n.twilio_number = p.number
             LEFT JOIN tenants t ON t.id = n.tenant_id
        WHERE (after IS NULL OR p.number > after) AND (only_state IS NULL OR p.state = only_state)
        ORDER BY p.number LIMIT most + 1
    ), shown AS (SELECT * FROM page ORDER BY number LIMIT most)
    SELECT json_build_object(
        'items', coalesce((SELECT json_agg(json_build_object('number', s.number,
            'twilio_sid', s.twilio_sid, 'state', s.state, 'country', s.country, 'kind', s.kind,
            'tenant_id', s.of_tenant, 'tenant_name', s.tenant_name,
            'free_at', json_time(s.free_at), 'stray_call_at', json_time(s.stray_call_at),
            'added_at', json_time(s.added_at)) ORDER BY s.number) FROM shown s), '[]'),
        'next_cursor', CASE WHEN (SELECT count(*) FROM page) > most
                       THEN (SELECT replace(max(number), '+', '') FROM shown) END)
$$;

-- Of these numbers, those that are in the pool.
CREATE FUNCTION known_numbers(asked jsonb) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT number FROM number_pool WHERE number IN (SELECT jsonb_array_elements_text(asked))
$$;

CREATE FUNCTION paper_json(p number_papers) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('country', p.country, 'kind', p.kind, 'bundle_sid', p.bundle_sid,
        'address_sid', p.address_sid,
        'bundle_state', (SELECT o.bundle_state FROM number_orders o
            WHERE o.country = p.country AND o.kind = p.kind AND o.bundle_sid = p.bundle_sid
            ORDER BY o.updated_at DESC LIMIT 1),
        'updated_at', json_time(p.updated_at))
$$;

CREATE FUNCTION set_number_papers(of_country text, of_kind text, bundle text, address text, who text)
RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kept number_papers;
BEGIN
    INSERT INTO number_papers AS p (country, kind, bundle_sid, address_sid)
        VALUES (of_country, of_kind, bundle, address)
        ON CONFLICT (country, kind) DO UPDATE SET bundle_sid = excluded.bundle_sid,
            address_sid = excluded.address_sid, updated_at = now() RETURNING * INTO kept;
    -- whoever waits for papers looks again
    UPDATE number_orders SET run_at = least(run_at, now())
        WHERE state = 'waiting_for_bundle' AND country = of_country AND kind = of_kind
              AND lease IS NULL;
    INSERT INTO operator_log (actor, action, subject, change)
        VALUES (who, 'number_papers.set', of_country || ' ' || of_kind,
                jsonb_build_object('bundle_sid', bundle, 'address_sid', address));
    PERFORM pg_notify('karen_number_orders', '');
    RETURN paper_json(kept);
END $$;

CREATE FUNCTION papers_json() RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT json_build_object('items', coalesce(json_agg(paper_json(p) ORDER BY p.country, p.kind), '[]'),
        'next_cursor', NULL)
    FROM number_papers p
$$;

-- ---- the shared number ----------------------------------------------------------------------------

-- What callers of the shared number type to reach a tenant on trial. It stays with its tenant for a
-- while after the trial, because callers still know it.
ALTER TABLE tenants ADD code text UNIQUE CHECK (code ~ '^[0-9]{4}$');
ALTER TABLE tenants ADD code_until timestamptz; -- NULL: as long as the trial lasts

CREATE FUNCTION keep_tenant_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tried text;
BEGIN
    IF NEW.plan <> 'trial' OR NEW.status = 'cancelled' THEN
        NEW.code_until := coalesce(NEW.code_until, now() + interval '60 days');
        RETURN NEW;
    END IF;
    NEW.code_until := NULL;
    IF NEW.code IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('tenant_code')); -- two at once would take one code
        UPDATE tenants SET code = NULL WHERE code_until < now() AND id <> NEW.id;
        FOR i IN 1..20 LOOP
            tried := lpad(floor(random() * 10000)::text, 4, '0');
            EXIT WHEN NOT EXISTS (SELECT FROM tenants t WHERE t.code = tried);
            tried := (SELECT lpad(n::text, 4, '0') FROM generate_series(0, 9999) n WHERE i = 20
                      EXCEPT SELECT t.code FROM tenants t LIMIT 1); -- few are left, or none
        END LOOP;
        NEW.code := tried;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tenants_code BEFORE INSERT OR UPDATE OF plan, status ON tenants
    FOR EACH ROW EXECUTE FUNCTION keep_tenant_code();
UPDATE tenants SET plan = plan;

-- Whose call is it, by what was typed? As route_call().
CREATE FUNCTION route_code(typed text)
RETURNS TABLE (step text, live_calls bigint, tenant tenants, check_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT 'code', live_talks(t.id), t, NULL::uuid
    FROM tenants t WHERE t.code = typed AND (t.code_until IS NULL OR t.code_until > now());
END $$;

-- ---- does forwarding work? ------------------------------------------------------------------------

-- The owner's phone is rung from Karen's number; the call comes back, or it does not.
--   placing -> ringing -> came_back -> proved
--   and from each of them: failed
CREATE TABLE forwarding_checks (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    phone phone_number NOT NULL,  -- is rung
    number phone_number NOT NULL, -- from there, and there it comes back
    state text NOT NULL DEFAULT 'placing' CHECK (state IN
        ('placing', 'ringing', 'came_back', 'proved', 'failed')),
    failed_why text CHECK (failed_why ~ '^[a-z_]{1,40}$'),
    call_sid text CHECK (octet_length(call_sid) BETWEEN 1 AND 64),
    back_sid text CHECK (octet_length(back_sid) BETWEEN 1 AND 64),
    forwarder_shown boolean, -- the carrier said whose phone forwarded
    actor text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 200),
    placed_at timestamptz NOT NULL DEFAULT now(),
    rang_at timestamptz,
    came_back_at timestamptz,
    greeted_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (id),
    CHECK ((state IN ('proved', 'failed')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'failed') = (failed_why IS NOT NULL))
);
-- One at a time for a number: who has come back must be plain, also where nobody says who forwards.
CREATE UNIQUE INDEX forwarding_checks_running ON forwarding_checks (number) WHERE ended_at IS NULL;
CREATE INDEX forwarding_checks_phone ON forwarding_checks (phone, placed_at);
CALL protect_tenant_table('forwarding_checks');
GRANT SELECT ON forwarding_checks TO karen_app;
GRANT UPDATE (state, failed_why, call_sid, rang_at, greeted_at, ended_at)
    ON forwarding_checks TO karen_app;

CREATE FUNCTION forwarding_check_json(c forwarding_checks) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', c.id, 'phone', c.phone, 'number', c.number, 'state', c.state,
        'failed_why', c.failed_why, 'forwarder_shown', c.forwarder_shown,
        'placed_at', json_time(c.placed_at), 'rang_at', json_time(c.rang_at),
        'came_back_at', json_time(c.came_back_at), 'greeted_at', json_time(c.greeted_at),
        'came_back_after_ms',
            (extract(epoch FROM c.came_back_at - coalesce(c.rang_at, c.placed_at)) * 1000)::bigint,
        'ended_at', json_time(c.ended_at))
$$;

-- Of this transaction's tenant. Those nobody heard of any more are over. outcome: ok; none (no number
-- that could be called from); unproved (whose phone it is); busy (the number is being checked);
-- too_many (in an hour, of this tenant or to this phone).
CREATE FUNCTION begin_forwarding_check(new_id uuid, rung text, who text, longest interval,
    hour_max integer, OUT outcome text, OUT called_from text, OUT spoken text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT t.language, coalesce(
            (SELECT n.twilio_number FROM tenant_phone_numbers n WHERE n.tenant_id = t.id
             ORDER BY n.is_primary DESC, n.created_at LIMIT 1),
            (SELECT p.number FROM number_pool p WHERE p.state = 'shared'
                AND t.code IS NOT NULL AND (t.code_until IS NULL OR t.code_until > now())
             ORDER BY p.added_at LIMIT 1))
        INTO spoken, called_from FROM tenants t WHERE t.id = karen_tenant() AND t.status = 'active';
    UPDATE forwarding_checks SET state = 'failed', failed_why = 'no_news', ended_at = now()
        WHERE number = called_from AND ended_at IS NULL AND placed_at < now() - longest;
    outcome := CASE
        WHEN called_from IS NULL THEN 'none'
        WHEN NOT EXISTS (SELECT FROM users u WHERE u.tenant_id = karen_tenant() AND u.phone = rung
                            AND u.phone_verified) THEN 'unproved'
        WHEN (SELECT count(*) FROM forwarding_checks c WHERE c.tenant_id = karen_tenant()
                AND c.placed_at > now() - interval '1 hour') >= hour_max
             OR (SELECT count(*) FROM forwarding_checks c WHERE c.phone = rung
                    AND c.placed_at > now() - interval '1 hour') >= hour_max THEN 'too_many'
        ELSE 'ok' END;
    IF outcome = 'ok' THEN
        INSERT INTO forwarding_checks (tenant_id, id, phone, number, actor)
            VALUES (karen_tenant(), new_id, rung, called_from, who) ON CONFLICT DO NOTHING;
        IF NOT found THEN
            outcome := 'busy';
        END IF;
    END IF;
END $$;

-- A call from the number of a running check to it; or from the phone that is being rung, where its
-- network puts itself in the caller's place: the check has come back. NULL: it is none. The rest of the transaction runs as its tenant.
CREATE FUNCTION return_forwarding_check(called text, caller text, forwarder text, sid text,
    longest interval, OUT returned uuid, OUT spoken text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    running forwarding_checks;
BEGIN
    SELECT * INTO running FROM forwarding_checks c
        WHERE c.number = called AND c.placed_at > now() - longest
              AND (c.back_sid = sid OR c.ended_at IS NULL AND (caller = c.number
                   OR caller = c.phone AND c.state IN ('placing', 'ringing')))
        ORDER BY c.placed_at DESC LIMIT 1 FOR UPDATE;
    IF NOT found THEN
        RETURN;
    END IF;
    returned := running.id;
    spoken := (SELECT language FROM tenants WHERE id = running.tenant_id);
    PERFORM set_config('karen.tenant_id', running.tenant_id::text, true);
    UPDATE forwarding_checks c
        SET state = 'came_back', back_sid = sid, came_back_at = now(),
            forwarder_shown = forwarder IS NOT DISTINCT FROM phone::text
        WHERE c.id = running.id AND c.ended_at IS NULL AND c.came_back_at IS NULL;
END $$;

-- The rest of this transaction runs as the tenant of that check, which nobody else changes meanwhile:
-- its greeting and its end may be told at the same moment. False: there is none.
CREATE FUNCTION enter_forwarding_check(check_id uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_tenant uuid;
BEGIN
    SELECT c.tenant_id INTO of_tenant FROM forwarding_checks c WHERE c.id = check_id FOR UPDATE;
    IF found THEN
        PERFORM set_config('karen.tenant_id', of_tenant::text, true);
    END IF;
    RETURN found;
END $$;

-- What else routing wants to know, beside route_call():
--   own     the caller is a number of ours: no stranger calls from there
--   check   a forwarding check may be coming back: the number it is rung from, or the phone it rings
--   owner   the shared number, forwarded by the phone of an owner on trial
CREATE FUNCTION route_more(called text, forwarder text, caller text)
RETURNS TABLE (step text, live_calls bigint, tenant tenants, check_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT 'own', 0::bigint, NULL::tenants, NULL::uuid FROM number_pool p WHERE p.number = caller
    UNION ALL
    SELECT 'check', 0, NULL, c.id FROM forwarding_checks c
        WHERE c.number = called AND c.ended_at IS NULL AND caller IN (c.number, c.phone)
    UNION ALL
    SELECT 'owner', live_talks(t.id), t, NULL
    FROM tenants t
    WHERE t.id = (SELECT CASE count(*) WHEN 1 THEN (array_agg(o.id))[1] END
                  FROM users u JOIN tenants o ON o.id = u.tenant_id
                  WHERE u.phone = forwarder AND u.phone_verified AND u.role = 'owner'
                        AND o.code IS NOT NULL AND (o.code_until IS NULL OR o.code_until > now()))
          AND EXISTS (SELECT FROM number_pool p WHERE p.number = called AND p.state = 'shared');
END $$;

-- The shared number and the tenant's code for it; no row: there is none, or no trial.
CREATE FUNCTION shared_number(OUT number text, OUT code text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT p.number, t.code FROM tenants t,
        LATERAL (SELECT number FROM number_pool WHERE state = 'shared' ORDER BY added_at LIMIT 1) p
    WHERE t.id = karen_tenant() AND t.code IS NOT NULL
          AND (t.code_until IS NULL OR t.code_until > now())
$$;

REVOKE ALL ON FUNCTION keep_tenant_code FROM PUBLIC;
REVOKE ALL ON FUNCTION place_number_order, offered_numbers, place_number_work, claim_number_orders,
    step_number_order, claim_number, finish_number_order, cancel_number_order, cancel_any_number_order,
    release_own_number, change_own_number, note_stray_call, pool_json, own_orders_json, own_order_json,
    pool_orders_json, known_numbers, set_number_papers, papers_json, route_code,
    begin_forwarding_check, return_forwarding_check, enter_forwarding_check, route_more, shared_number
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION place_number_order, offered_numbers, claim_number_orders, step_number_order,
    claim_number, finish_number_order, cancel_number_order, release_own_number, change_own_number,
    note_stray_call, own_orders_json, own_order_json, known_numbers, route_code,
    begin_forwarding_check, return_forwarding_check, enter_forwarding_check, route_more, shared_number
    TO karen_app;
GRANT EXECUTE ON FUNCTION place_number_order, place_number_work, cancel_any_number_order, pool_json,
    pool_orders_json, set_number_papers, papers_json TO karen_operator;
