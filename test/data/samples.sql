-- A row of each table of a tenant, $1, all its ids being the tenant's own, in the order in which they
-- refer to each other. Each table that has a tenant needs one here: test_rls finds tables in the
-- catalogue and fails for those that are missing; peers_contract asks every route about these rows.

-- tenants
INSERT INTO tenants (id, name, owner_name, language) VALUES ($1::uuid, 'T', 'O', 'cs');

-- tenant_notes
INSERT INTO tenant_notes (tenant_id, notes) VALUES ($1::uuid, 'x');

-- users
INSERT INTO users (tenant_id, id, phone) VALUES ($1::uuid, $1::uuid, '+420' || lpad((('x' ||
    substr(md5($1::text), 1, 6))::bit(24)::int)::text, 9, '1'));

-- user_sessions
INSERT INTO user_sessions (tenant_id, id, user_id, token_hash, expires_at) VALUES ($1::uuid, $1::uuid,
    $1::uuid, sha256($1::text::bytea), now());

-- retired_tokens
INSERT INTO retired_tokens (token_hash, tenant_id, session_id, generation) VALUES
    (sha256($1::text::bytea), $1::uuid, $1::uuid, 1);

-- invites
INSERT INTO invites (tenant_id, id, phone, role, token_hash, expires_at) VALUES ($1::uuid, $1::uuid,
    '+420' || lpad((('x' || substr(md5($1::text), 1, 6))::bit(24)::int)::text, 9, '1'), 'member',
    sha256($1::text::bytea), now());

-- api_keys
INSERT INTO api_keys (tenant_id, id, name, prefix, key_hash, scopes) VALUES ($1::uuid, $1::uuid, 'K',
    'krn_', sha256($1::text::bytea), '{calls:read}');

-- idempotency_keys
INSERT INTO idempotency_keys (tenant_id, key, operation, request_hash, claim) VALUES ($1::uuid, 'k', 'o',
    sha256($1::text::bytea), $1::uuid);

-- audit_log
INSERT INTO audit_log (tenant_id, id, actor, action) VALUES ($1::uuid, $1::uuid, 'test', 'test');

-- calls
INSERT INTO calls (tenant_id, id, carrier, call_sid, started_at) VALUES ($1::uuid, $1::uuid, 'twilio',
    $1::text, now());

-- call_sids
INSERT INTO call_sids (call_sid, tenant_id, call_id) VALUES ($1::text, $1::uuid, $1::uuid);

-- call_turns
INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text) VALUES ($1::uuid,
    $1::uuid, 1, 'caller', 'said', 0, 1, 'x');

-- call_snapshots
INSERT INTO call_snapshots (tenant_id, call_id, snapshot) VALUES ($1::uuid, $1::uuid, 'x');

-- call_messages
INSERT INTO call_messages (tenant_id, call_id, tool_call_id, reason) VALUES ($1::uuid, $1::uuid, 't',
    'x');

-- call_screenings
INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency, needs_follow_up, confidence,
    model) VALUES ($1::uuid, $1::uuid, 'spam', 'none', 'low', false, 1, 'm');

-- stream_tokens
INSERT INTO stream_tokens (token_hash, tenant_id, call_id, call_sid, resumed, expires_at) VALUES
    (sha256($1::text::bytea), $1::uuid, $1::uuid, $1::text, false, now());

-- call_orders
INSERT INTO call_orders (tenant_id, id, call_id, kind, state, ended_at) VALUES ($1::uuid, $1::uuid,
    $1::uuid, 'end', 'done', now());

-- call_events
INSERT INTO call_events (tenant_id, call_id, at, id, kind) VALUES ($1::uuid, $1::uuid, now(), $1::uuid,
    'test');

-- counted_calls
INSERT INTO counted_calls (tenant_id, call_id, started_at) VALUES ($1::uuid, $1::uuid, now());

-- contacts
INSERT INTO contacts (tenant_id, id, phone) VALUES ($1::uuid, $1::uuid, '+420' || lpad((('x' ||
    substr(md5($1::text), 1, 6))::bit(24)::int)::text, 9, '1'));

-- tenant_phone_numbers
WITH pool AS (INSERT INTO number_pool (number) VALUES ('+420' || lpad((('x' || substr(md5($1::text), 1,
    6))::bit(24)::int)::text, 9, '1')) RETURNING number) INSERT INTO tenant_phone_numbers (tenant_id, id,
    twilio_number) SELECT $1::uuid, $1::uuid, number FROM pool;

-- number_orders
INSERT INTO number_orders (id, tenant_id, work, country, kind, state, actor, ended_at) VALUES
    ($1::uuid, $1::uuid, 'buy', 'CZ', 'local', 'cancelled', 'test', now());

-- forwarding_checks
INSERT INTO forwarding_checks (tenant_id, id, phone, number, actor) VALUES ($1::uuid, $1::uuid, '+420' ||
    lpad((('x' || substr(md5($1::text), 1, 6))::bit(24)::int)::text, 9, '1'), '+420' || lpad((('x' ||
    substr(md5($1::text), 1, 6))::bit(24)::int)::text, 9, '1'), 'test');

-- outbox
INSERT INTO outbox (tenant_id, id, kind, key) VALUES ($1::uuid, $1::uuid, 'test', 'x');

-- call_search
INSERT INTO call_search (tenant_id, call_id, started_at, words) VALUES ($1::uuid, $1::uuid, now(), '');

-- usage_ledger
INSERT INTO usage_ledger (tenant_id, key, kind, provider, quantity, cost_micro) VALUES ($1::uuid, 'x',
    'test', 'p', 1, 1);

-- rule_settings
INSERT INTO rule_settings (tenant_id) VALUES ($1::uuid);

-- rules
INSERT INTO rules (tenant_id, id, position, body) VALUES ($1::uuid, $1::uuid, 1,
    '{"who":{"kind":"anyone","numbers":[],"countries":[],"names":[]},"when":{"days":[],"times":[],
    "dates":[],"holidays":"too","since":null,"until":null,"modes":[]},"then":{"action":"message",
    "ring_seconds":15,"say":null,"urgent_words":[]}}');

-- tenant_text_versions
INSERT INTO tenant_text_versions (tenant_id, kind, version, made_by) VALUES ($1::uuid, 'language', 1,
    'test') ON CONFLICT DO NOTHING;

-- rehearsals
INSERT INTO rehearsals (tenant_id, id, language, made_by, scenarios) VALUES ($1::uuid, $1::uuid, 'cs',
    'test', '{delivery}');

-- rehearsal_results
INSERT INTO rehearsal_results (tenant_id, rehearsal_id, scenario, status, checks, transcript, took_ms)
    VALUES ($1::uuid, $1::uuid, 'delivery', 'passed', '[]', '[]', 0);

-- upkeep
INSERT INTO upkeep (tenant_id) VALUES ($1::uuid) ON CONFLICT (tenant_id) DO UPDATE SET due_at = now();

-- exports
INSERT INTO exports (tenant_id, id, state, run, made_by, bytes, ended_at) VALUES ($1::uuid, $1::uuid,
    'ready', $1::uuid, 'test', 1, now());

-- export_chunks
INSERT INTO export_chunks (tenant_id, export_id, run, seq, data) VALUES ($1::uuid, $1::uuid, $1::uuid, 0,
    'x');
