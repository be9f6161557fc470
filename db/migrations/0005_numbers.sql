-- The installation's numbers and whose they are. Workers read their tenant's own; routing a call,
-- which must look at everybody's, goes through route_call().

CREATE TABLE number_pool (
    number phone_number PRIMARY KEY,
    twilio_sid text UNIQUE CHECK (octet_length(twilio_sid) BETWEEN 1 AND 64),
    state text NOT NULL DEFAULT 'free' CHECK (state IN
        ('free', 'assigned', 'quarantined', 'shared')),
    free_at timestamptz, -- quarantined: until then
    last_tenant_id uuid, -- who may have it back earlier: its forwarding is his
    added_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'quarantined') = (free_at IS NOT NULL))
);

CREATE TABLE tenant_phone_numbers (
    tenant_id uuid NOT NULL REFERENCES tenants ON DELETE RESTRICT,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    twilio_number phone_number NOT NULL UNIQUE REFERENCES number_pool,
    twilio_sid text CHECK (octet_length(twilio_sid) BETWEEN 1 AND 64),
    forwarding_source phone_number UNIQUE, -- two owners of one line would be a guess
    is_primary boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenant_phone_numbers_primary ON tenant_phone_numbers (tenant_id)
    WHERE is_primary;
CALL protect_tenant_table('tenant_phone_numbers');
GRANT SELECT ON tenant_phone_numbers TO karen_app;
