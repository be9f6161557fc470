-- People a tenant knows, by number.

CREATE TABLE contacts (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id uuid NOT NULL,
    phone phone_number NOT NULL,
    name text CHECK (octet_length(name) <= 200),
    kind text NOT NULL DEFAULT 'normal' CHECK (kind IN ('normal', 'vip', 'blocked')),
    notes text CHECK (octet_length(notes) <= 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, phone)
);
CALL protect_tenant_table('contacts');
GRANT SELECT, INSERT, UPDATE, DELETE ON contacts TO karen_app;
