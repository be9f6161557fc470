-- Whom Karen answers for, the people who may look, and what was changed by whom.

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 200),
    owner_name text NOT NULL CHECK (octet_length(owner_name) BETWEEN 1 AND 200),
    system_prompt text CHECK (octet_length(system_prompt) BETWEEN 1 AND 16000),
    greeting_text text CHECK (octet_length(greeting_text) BETWEEN 1 AND 600),
    voice_id text CHECK (voice_id ~ '^[A-Za-z0-9_-]{1,64}$'),
    language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    vip_names text[] NOT NULL DEFAULT '{}' CHECK (cardinality(vip_names) <= 50),
    marketing_email text CHECK (octet_length(marketing_email) BETWEEN 3 AND 254),
    forward_number phone_number,
    timezone text NOT NULL DEFAULT 'Europe/Prague'
        CHECK (timestamp '2026-01-01' AT TIME ZONE timezone IS NOT NULL), -- an unknown one raises
    call_seconds_max integer NOT NULL DEFAULT 180 CHECK (call_seconds_max BETWEEN 30 AND 1800),
    plan text NOT NULL DEFAULT 'trial' CHECK (plan IN ('trial', 'basic', 'pro')),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON tenants USING (id = karen_tenant()) WITH CHECK (id = karen_tenant());
GRANT SELECT ON tenants TO karen_app;
-- What a tenant may change itself: not the plan, not the status.
GRANT UPDATE (name, owner_name, system_prompt, greeting_text, voice_id, language, vip_names,
    marketing_email, forward_number, timezone, call_seconds_max, updated_at)
    ON tenants TO karen_app;

CREATE TABLE users (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    phone phone_number NOT NULL UNIQUE,
    phone_verified boolean NOT NULL DEFAULT false,
    name text CHECK (octet_length(name) <= 200),
    role text NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member')),
    last_login_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CALL protect_tenant_table('users');
GRANT SELECT, INSERT, UPDATE, DELETE ON users TO karen_app;

CREATE TABLE user_sessions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX user_sessions_user ON user_sessions (tenant_id, user_id);
CALL protect_tenant_table('user_sessions');
GRANT SELECT, INSERT, UPDATE, DELETE ON user_sessions TO karen_app;

-- Written once, never changed: workers may add and read.
CREATE TABLE audit_log (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL CHECK (octet_length(actor) BETWEEN 1 AND 200),
    action text NOT NULL CHECK (action ~ '^[a-z_.]{1,60}$'),
    subject text CHECK (octet_length(subject) <= 200),
    change jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_log_newest ON audit_log (tenant_id, at DESC, id);
CALL protect_tenant_table('audit_log');
GRANT SELECT, INSERT ON audit_log TO karen_app;
