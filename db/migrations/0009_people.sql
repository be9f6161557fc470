-- Who may look: people, their sessions, keys and the limits of signing in. A person is a verified
-- phone; what it is to a tenant is a row of users there, so that one phone may be in several.

ALTER TABLE users DROP CONSTRAINT users_phone_key;
ALTER TABLE users ADD UNIQUE (tenant_id, phone);
ALTER TABLE users ADD language text CHECK (language ~ '^[a-z]{2}$'); -- NULL: the tenant's
ALTER TABLE users ADD version bigint NOT NULL DEFAULT 1;
CREATE INDEX users_phone ON users (phone);

-- token_hash is the SHA-256 of the newest refresh token. A refresh token is good once: using one of
-- the session's generation begins the next; one of an older generation that comes again was stolen,
-- from its owner or by him, and ends the session.
ALTER TABLE user_sessions ADD kind text NOT NULL DEFAULT 'bearer'
    CHECK (kind IN ('bearer', 'cookie'));
ALTER TABLE user_sessions ADD device text CHECK (octet_length(device) BETWEEN 1 AND 400);
ALTER TABLE user_sessions ADD last_seen_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE user_sessions ADD generation bigint NOT NULL DEFAULT 1;
ALTER TABLE user_sessions ADD rotated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE user_sessions ADD revoked_why text CHECK (revoked_why ~ '^[a-z_]{1,40}$');
CREATE INDEX user_sessions_oldest ON user_sessions (expires_at);

CREATE TABLE retired_tokens (
    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    generation bigint NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id) REFERENCES user_sessions ON DELETE CASCADE
);
CREATE INDEX retired_tokens_session ON retired_tokens (tenant_id, session_id);
CREATE INDEX retired_tokens_oldest ON retired_tokens (retired_at);
CALL protect_tenant_table('retired_tokens'); -- reached through functions only

CREATE TABLE invites (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    phone phone_number NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'member')),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    invited_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, invited_by) REFERENCES users ON DELETE SET NULL (invited_by)
);
CREATE UNIQUE INDEX invites_open ON invites (tenant_id, phone) WHERE accepted_at IS NULL;
CREATE INDEX invites_phone ON invites (phone) WHERE accepted_at IS NULL;
CALL protect_tenant_table('invites');
GRANT SELECT, INSERT, UPDATE, DELETE ON invites TO karen_app;

CREATE TABLE api_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 400),
    prefix text NOT NULL CHECK (octet_length(prefix) BETWEEN 1 AND 20), -- what people know it by
    key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 32
        AND array_to_string(scopes, ' ') ~ '^[a-z_]{1,20}:[a-z_]{1,20}( [a-z_]{1,20}:[a-z_]{1,20})*$'
        AND octet_length(array_to_string(scopes, ' ')) < 512),
    made_by uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, made_by) REFERENCES users ON DELETE SET NULL (made_by)
);
CALL protect_tenant_table('api_keys');
GRANT SELECT, INSERT ON api_keys TO karen_app;
GRANT UPDATE (revoked_at) ON api_keys TO karen_app;

-- Those who run the installation. Workers may only ask whether a phone is one of them.
CREATE TABLE operators (
    phone phone_number PRIMARY KEY,
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text NOT NULL DEFAULT 'operator' CHECK (octet_length(added_by) BETWEEN 1 AND 200)
);

-- What was answered to a request with an Idempotency-Key. No status: it is being worked on.
CREATE TABLE idempotency_keys (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 100),
    operation text NOT NULL CHECK (octet_length(operation) BETWEEN 1 AND 100),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    claim uuid NOT NULL, -- who works on it; who takes over writes its own
    claimed_at timestamptz NOT NULL DEFAULT now(),
    status integer CHECK (status BETWEEN 200 AND 599),
    content_type text CHECK (octet_length(content_type) <= 100),
    answer bytea CHECK (octet_length(answer) <= 262144),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_oldest ON idempotency_keys (created_at);
CALL protect_tenant_table('idempotency_keys');
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO karen_app;

-- How often something was done: a window begins with its first time. Lost in a crash of the
-- database, which costs nobody more than a window.
CREATE UNLOGGED TABLE limit_counts (
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    subject text NOT NULL CHECK (octet_length(subject) <= 100),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (kind, subject)
) WITH (fillfactor = 50);
CREATE INDEX limit_counts_over ON limit_counts (until);

-- ---- the doors ----------------------------------------------------------------------------------

CREATE FUNCTION is_operator(person_phone text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM operators WHERE phone = person_phone);
END $$;

-- The rest of this transaction runs as the tenant whose key that is; no row: nobody's any more.
CREATE FUNCTION enter_api_key(hash bytea)
RETURNS TABLE (tenant uuid, key uuid, maker uuid, granted text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    known api_keys;
BEGIN
    SELECT * INTO known FROM api_keys
        WHERE key_hash = hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
    IF NOT found THEN
        RETURN;
    END IF;
    PERFORM set_config('karen.tenant_id', known.tenant_id::text, true);
    IF known.last_used_at IS NULL OR known.last_used_at < now() - interval '1 minute' THEN
        UPDATE api_keys k SET last_used_at = now()
            WHERE k.tenant_id = known.tenant_id AND k.id = known.id
              AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute');
    END IF;
    RETURN QUERY SELECT known.tenant_id, known.id, known.made_by,
                        array_to_string(known.scopes, ' ');
END $$;

-- A tenant on trial and its owner, who is verified.
CREATE FUNCTION create_tenant(new_tenant uuid, new_owner uuid, owner_phone text, tenant_name text,
    spoken_name text, spoken text, zone text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO tenants (id, name, owner_name, language, timezone)
        VALUES (new_tenant, tenant_name, spoken_name, spoken, zone);
    INSERT INTO users (tenant_id, id, phone, phone_verified, role, language)
        VALUES (new_tenant, new_owner, owner_phone, true, 'owner', spoken);
    INSERT INTO audit_log (tenant_id, actor, action, subject, change)
        VALUES (new_tenant, 'user:' || new_owner, 'tenant.add', new_tenant::text,
                jsonb_build_object('name', jsonb_build_array(NULL, tenant_name)));
END $$;
REVOKE ALL ON FUNCTION create_tenant FROM PUBLIC;

-- The person joins the tenant of an invite that was found open.
CREATE FUNCTION join_tenant(invite invites) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    joined uuid := gen_random_uuid();
BEGIN
    UPDATE invites i SET accepted_at = now()
        WHERE i.tenant_id = invite.tenant_id AND i.id = invite.id;
    INSERT INTO users (tenant_id, id, phone, phone_verified, role)
        VALUES (invite.tenant_id, joined, invite.phone, true, invite.role)
        ON CONFLICT (tenant_id, phone) DO NOTHING;
    IF found THEN
        INSERT INTO audit_log (tenant_id, actor, action, subject, change)
            VALUES (invite.tenant_id, 'user:' || joined, 'member.join', joined::text,
                    jsonb_build_object('role', jsonb_build_array(NULL, invite.role)));
    END IF;
END $$;
REVOKE ALL ON FUNCTION join_tenant FROM PUBLIC;

-- A session begins; of too many of one person the longest unseen end.
CREATE FUNCTION begin_session(of_tenant uuid, of_user uuid, session uuid, hash bytea,
    session_kind text, session_device text, days integer) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE user_sessions s SET revoked_at = now(), revoked_why = 'too_many'
    FROM (SELECT o.id FROM user_sessions o
          WHERE o.tenant_id = of_tenant AND o.user_id = of_user AND o.revoked_at IS NULL
          ORDER BY o.last_seen_at DESC OFFSET 49) AS old
    WHERE s.tenant_id = of_tenant AND s.id = old.id;
    INSERT INTO user_sessions (tenant_id, id, user_id, token_hash, expires_at, kind, device)
        VALUES (of_tenant, session, of_user, hash, now() + make_interval(days => days),
                session_kind, session_device);
    UPDATE users u SET last_login_at = now(), phone_verified = true
        WHERE u.tenant_id = of_tenant AND u.id = of_user;
    INSERT INTO audit_log (tenant_id, actor, action, subject)
        VALUES (of_tenant, 'user:' || of_user, 'session.add', session::text);
END $$;
REVOKE ALL ON FUNCTION begin_session FROM PUBLIC;

-- A phone was verified: its person gets a tenant where it has none, and a session in the tenant it used
-- last. An invite is accepted only by its link (its token's hash, else NULL): then the session is
-- there. Whoever was invited without opening a link is asked first. The rest of the transaction runs
-- as that tenant.
CREATE FUNCTION sign_in(person_phone text, spoken text, zone text, spoken_name text, session uuid,
    hash bytea, session_kind text, session_device text, days integer, new_tenant uuid,
    new_owner uuid, link bytea, OUT tenant uuid, OUT person uuid, OUT is_new boolean,
    OUT has_joined boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    invite invites;
BEGIN
    -- two devices at once make one tenant
    PERFORM pg_advisory_xact_lock(hashtextextended('karen.person:' || person_phone, 0));
    SELECT * INTO invite FROM invites i WHERE i.token_hash = link AND i.phone = person_phone
        AND i.accepted_at IS NULL AND i.expires_at > now() FOR UPDATE;
    has_joined := found;
    IF has_joined THEN
        PERFORM join_tenant(invite);
    END IF;
    SELECT u.tenant_id, u.id INTO tenant, person
        FROM users u JOIN tenants t ON t.id = u.tenant_id
        WHERE u.phone = person_phone
        ORDER BY u.tenant_id IS DISTINCT FROM invite.tenant_id, t.status = 'cancelled',
                 u.last_login_at DESC NULLS LAST, u.created_at DESC, u.id
        LIMIT 1;
    is_new := NOT found;
    IF is_new THEN
        tenant := new_tenant;
        person := new_owner;
        PERFORM create_tenant(tenant, person, person_phone, person_phone, spoken_name, spoken, zone);
    END IF;
    PERFORM begin_session(tenant, person, session, hash, session_kind, session_device, days);
    PERFORM set_config('karen.tenant_id', tenant::text, true);
END $$;

-- A refresh token is exchanged for a fresh one. outcome: ok (the rest of this transaction runs as
-- its tenant), unknown, over (the session has ended), reused (it was exchanged before: now the
-- session has ended, too). What was exchanged a moment ago is exchanged once more, since two tabs
-- may have asked at once or an answer may have been lost.
CREATE FUNCTION refresh_session(hash bytea, fresh bytea, days integer, grace interval,
    OUT outcome text, OUT tenant uuid, OUT session uuid, OUT person uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held user_sessions;
    given bigint;
BEGIN
    SELECT s.* INTO held FROM user_sessions s WHERE s.token_hash = hash FOR UPDATE;
    IF NOT found THEN -- perhaps only since this moment
        SELECT s.* INTO held FROM retired_tokens r
            JOIN user_sessions s ON s.tenant_id = r.tenant_id AND s.id = r.session_id
            WHERE r.token_hash = hash FOR UPDATE OF s;
        IF NOT found THEN
            outcome := 'unknown';
            RETURN;
        END IF;
    END IF;
    SELECT CASE WHEN held.token_hash = hash THEN held.generation ELSE r.generation END INTO given
        FROM (SELECT) AS one LEFT JOIN retired_tokens r ON r.token_hash = hash;
    tenant := held.tenant_id;
    session := held.id;
    person := held.user_id;
    IF held.revoked_at IS NOT NULL OR held.expires_at <= now() THEN
        outcome := 'over';
    ELSIF given = held.generation
          OR (given = held.generation - 1 AND held.rotated_at > now() - grace) THEN
        outcome := 'ok';
        INSERT INTO retired_tokens (token_hash, tenant_id, session_id, generation)
            VALUES (held.token_hash, tenant, session, held.generation);
        UPDATE user_sessions s
        SET token_hash = fresh, expires_at = now() + make_interval(days => days),
            last_seen_at = now(), generation = given + 1,
            rotated_at = CASE WHEN given = held.generation THEN now() ELSE s.rotated_at END
        WHERE s.tenant_id = tenant AND s.id = session;
        PERFORM set_config('karen.tenant_id', tenant::text, true);
    ELSE
        outcome := 'reused';
        UPDATE user_sessions s SET revoked_at = now(), revoked_why = 'reused'
            WHERE s.tenant_id = tenant AND s.id = session;
        INSERT INTO audit_log (tenant_id, actor, action, subject)
            VALUES (tenant, 'user:' || person, 'session.reuse', session::text);
    END IF;
END $$;

-- The session of a refresh token, the newest or one before, ends. NULL: there was none.
CREATE FUNCTION end_session(hash bytea) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    ended user_sessions;
BEGIN
    UPDATE user_sessions s SET revoked_at = now(), revoked_why = 'signed_out'
    FROM (SELECT o.tenant_id, o.id FROM user_sessions o WHERE o.token_hash = hash
          UNION ALL
          SELECT r.tenant_id, r.session_id FROM retired_tokens r WHERE r.token_hash = hash) AS known
    WHERE s.tenant_id = known.tenant_id AND s.id = known.id AND s.revoked_at IS NULL
    RETURNING s.* INTO ended;
    IF found THEN
        INSERT INTO audit_log (tenant_id, actor, action, subject)
            VALUES (ended.tenant_id, 'user:' || ended.user_id, 'session.end', ended.id::text);
    END IF;
    RETURN ended.id;
END $$;

-- The same person goes on in another tenant of theirs, on the same device. No row: it is not one of
-- theirs. The rest of this transaction runs as that tenant.
CREATE FUNCTION switch_tenant(session uuid, target uuid, new_session uuid, hash bytea, days integer)
RETURNS TABLE (person uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    held user_sessions;
    there users;
BEGIN
    SELECT s.* INTO held FROM user_sessions s
        WHERE s.tenant_id = karen_tenant() AND s.id = session AND s.revoked_at IS NULL
          AND s.expires_at > now() FOR UPDATE;
    SELECT o.* INTO there FROM users u JOIN users o ON o.phone = u.phone AND o.tenant_id = target
        WHERE u.tenant_id = held.tenant_id AND u.id = held.user_id
          AND u.phone_verified AND o.phone_verified;
    IF there.id IS NULL THEN
        RETURN;
    END IF;
    UPDATE user_sessions s SET revoked_at = now(), revoked_why = 'switched'
        WHERE s.tenant_id = held.tenant_id AND s.id = held.id;
    PERFORM begin_session(there.tenant_id, there.id, new_session, hash, held.kind, held.device, days);
    PERFORM set_config('karen.tenant_id', there.tenant_id::text, true);
    RETURN QUERY SELECT there.id;
END $$;

-- Where else a person of this transaction's tenant is, by the verified phone.
CREATE FUNCTION tenants_of_person(person uuid)
RETURNS TABLE (tenant uuid, name text, role text, plan text, status text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT t.id, t.name, o.role, t.plan, t.status
    FROM users u JOIN users o ON o.phone = u.phone AND o.phone_verified
         JOIN tenants t ON t.id = o.tenant_id
    WHERE u.tenant_id = karen_tenant() AND u.id = person AND u.phone_verified;
END $$;

-- An invite as whoever holds its link may see it: before signing in, too.
CREATE FUNCTION invite_shown(hash bytea)
RETURNS TABLE (tenant uuid, tenant_name text, inviter text, invited text, as_role text,
    ends_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT t.id, t.name, u.name, i.phone::text, i.role, i.expires_at
    FROM invites i JOIN tenants t ON t.id = i.tenant_id
         LEFT JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.invited_by
    WHERE i.token_hash = hash AND i.accepted_at IS NULL AND i.expires_at > now();
END $$;

-- The verified phone of a person of this transaction's tenant; NULL: it is none of theirs.
CREATE FUNCTION phone_of_person(person uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT u.phone FROM users u
    WHERE u.tenant_id = karen_tenant() AND u.id = person AND u.phone_verified
$$;
REVOKE ALL ON FUNCTION phone_of_person FROM PUBLIC;

-- Who waits for an answer of a person of this transaction's tenant.
CREATE FUNCTION invites_of_person(person uuid)
RETURNS TABLE (id uuid, tenant_name text, inviter text, as_role text, ends_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT i.id, t.name, u.name, i.role, i.expires_at
    FROM invites i JOIN tenants t ON t.id = i.tenant_id
         LEFT JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.invited_by
    WHERE i.phone = phone_of_person(person) AND i.accepted_at IS NULL AND i.expires_at > now()
    ORDER BY i.created_at DESC;
END $$;

-- A person of this transaction's tenant accepts. outcome: ok, unknown (or over), not_yours.
CREATE FUNCTION accept_invite(hash bytea, person uuid, OUT outcome text, OUT tenant uuid)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    invite invites;
BEGIN
    SELECT i.* INTO invite FROM invites i WHERE i.token_hash = hash AND i.accepted_at IS NULL
        AND i.expires_at > now() FOR UPDATE;
    IF NOT found THEN
        outcome := 'unknown';
    ELSIF invite.phone IS DISTINCT FROM phone_of_person(person) THEN
        outcome := 'not_yours';
    ELSE
        PERFORM join_tenant(invite);
        outcome := 'ok';
        tenant := invite.tenant_id;
    END IF;
END $$;

-- The same without its link, as it is shown to whom it is for; or no, thank you. NULL: there is none.
CREATE FUNCTION answer_invite(of_invite uuid, person uuid, accepted boolean) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    invite invites;
BEGIN
    SELECT i.* INTO invite FROM invites i WHERE i.id = of_invite AND i.phone = phone_of_person(person)
        AND i.accepted_at IS NULL AND i.expires_at > now() FOR UPDATE;
    IF found AND accepted THEN
        PERFORM join_tenant(invite);
    ELSIF found THEN
        DELETE FROM invites i WHERE i.tenant_id = invite.tenant_id AND i.id = invite.id;
        INSERT INTO audit_log (tenant_id, actor, action, subject)
            VALUES (invite.tenant_id, 'invited', 'invite.decline', invite.id::text);
    END IF;
    RETURN invite.tenant_id;
END $$;

-- Counts one more of each, or, when one of them is at its end, of none: then which, and for how
-- many seconds. asked: [{"kind", "subject", "seconds", "most"}]. spare: how many more times before
-- the next refusal.
CREATE FUNCTION take_limits(asked jsonb, OUT refused text, OUT wait_seconds bigint,
    OUT spare bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    FOR pass IN 1..2 LOOP -- a refusal is found without writing; what is let through, under locks
        SELECT l.kind, greatest(1, ceil(extract(epoch FROM l.until - moment)))::bigint
        INTO refused, wait_seconds
        FROM jsonb_to_recordset(asked) AS a (kind text, subject text, most bigint)
             JOIN limit_counts l USING (kind, subject)
        WHERE l.until > moment AND l.count >= a.most
        ORDER BY l.until DESC LIMIT 1;
        IF found THEN
            spare := 0;
            RETURN;
        END IF;
        EXIT WHEN pass = 2;
        INSERT INTO limit_counts AS l (kind, subject, since, until, count)
        SELECT a.kind, a.subject, moment, moment + make_interval(secs => a.seconds), 0
        FROM jsonb_to_recordset(asked) AS a (kind text, subject text, seconds bigint)
        ORDER BY a.kind, a.subject -- whoever locks the same ones does so in the same order
        ON CONFLICT (kind, subject) DO UPDATE
        SET count = CASE WHEN l.until <= moment THEN 0 ELSE l.count END,
            since = CASE WHEN l.until <= moment THEN excluded.since ELSE l.since END,
            until = CASE WHEN l.until <= moment THEN excluded.until ELSE l.until END;
    END LOOP;
    WITH counted AS (
        UPDATE limit_counts l SET count = l.count + 1
        FROM jsonb_to_recordset(asked) AS a (kind text, subject text, most bigint)
        WHERE l.kind = a.kind AND l.subject = a.subject
        RETURNING a.most - l.count AS left_over
    )
    SELECT min(left_over) INTO spare FROM counted;
END $$;

-- What was counted no longer counts: it went well.
CREATE FUNCTION forget_limit(of_kind text, of_subject text) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM limit_counts WHERE kind = of_kind AND subject = of_subject
$$;

-- Forgets what nobody can need any more.
CREATE FUNCTION sweep_people() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM limit_counts WHERE until < now();
    DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day';
    DELETE FROM retired_tokens WHERE retired_at < now() - interval '30 days';
    DELETE FROM user_sessions WHERE expires_at < now() - interval '30 days'
        OR revoked_at < now() - interval '30 days';
    DELETE FROM invites WHERE accepted_at IS NULL AND expires_at < now() - interval '30 days';
$$;

REVOKE ALL ON FUNCTION is_operator, enter_api_key, sign_in, refresh_session, end_session, switch_tenant,
    tenants_of_person, invite_shown, invites_of_person, accept_invite, answer_invite, take_limits,
    forget_limit, sweep_people
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_operator, enter_api_key, sign_in, refresh_session, end_session, switch_tenant,
    tenants_of_person, invite_shown, invites_of_person, accept_invite, answer_invite, take_limits,
    forget_limit, sweep_people
    TO karen_app;
