-- Work to be done because of what was stored, and what was used up.

CREATE TABLE outbox (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 200), -- one job for one thing
    call_id uuid,
    payload jsonb NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'done', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    run_at timestamptz NOT NULL DEFAULT now(), -- claimed: when the lease is over
    lease uuid,
    last_error text CHECK (octet_length(last_error) <= 500),
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, kind, key),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CREATE INDEX outbox_due ON outbox (kind, run_at) WHERE status = 'pending';
CREATE INDEX outbox_dead ON outbox (created_at) WHERE status = 'dead';
CREATE INDEX outbox_call ON outbox (tenant_id, call_id);
CALL protect_tenant_table('outbox');
GRANT SELECT, INSERT, UPDATE ON outbox TO karen_app;

-- Micro-units as the providers report them. A key is written once, so that a repeated finish of a
-- call does not bill it twice; what is counted of a call only grows.
CREATE TABLE usage_ledger (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    key text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 200),
    call_id uuid, -- outlives the call, which the tenant may delete
    kind text NOT NULL CHECK (kind ~ '^[a-z_]{1,40}$'),
    provider text NOT NULL CHECK (octet_length(provider) BETWEEN 1 AND 40),
    model text CHECK (octet_length(model) <= 100),
    quantity bigint NOT NULL CHECK (quantity >= 0),
    cost_micro bigint NOT NULL CHECK (cost_micro >= 0),
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX usage_ledger_newest ON usage_ledger (tenant_id, at);
CALL protect_tenant_table('usage_ledger');
GRANT SELECT, INSERT, UPDATE (quantity, cost_micro) ON usage_ledger TO karen_app;

-- Writes what a call has used so far.
CREATE FUNCTION book_usage(tenant uuid, call uuid, items jsonb) RETURNS void LANGUAGE sql VOLATILE AS
$$
    INSERT INTO usage_ledger AS l (tenant_id, key, call_id, kind, provider, model, quantity, cost_micro)
    SELECT tenant, concat_ws(':', 'call', call, kind, provider, coalesce(model, '')), call, kind,
           provider, model, quantity, cost_micro
    FROM jsonb_to_recordset(items)
         AS item (kind text, provider text, model text, quantity bigint, cost_micro bigint)
    ON CONFLICT (tenant_id, key) DO UPDATE
    SET quantity = excluded.quantity, cost_micro = excluded.cost_micro
    WHERE l.quantity < excluded.quantity
$$;
