-- The role workers act as, and the wall between tenants. Tables belong to the user of DATABASE_URL,
-- whom row level security does not bind: that is how functions made for crossing tenants
-- (SECURITY DEFINER) and the operator's commands work. Everybody else is karen_app.

DO $$
BEGIN
    CREATE ROLE karen_app NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL; -- roles are shared by a cluster's databases
    WHEN insufficient_privilege THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'karen_app') THEN
            RAISE EXCEPTION 'the database user % may not create roles: have an administrator run '
                'CREATE ROLE karen_app NOLOGIN; GRANT karen_app TO %;', current_user, current_user
                USING ERRCODE = 'insufficient_privilege';
        END IF;
END $$;

DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'karen_app', 'MEMBER') THEN
        EXECUTE format('GRANT karen_app TO %I', current_user);
    END IF;
EXCEPTION
    WHEN unique_violation THEN NULL; -- another database's migration did it this moment
END $$;

GRANT USAGE ON SCHEMA public TO karen_app;
GRANT SELECT ON schema_migrations TO karen_app; -- is the schema what this program knows?

-- The tenant a transaction runs as; NULL, which no row equals, where none was set.
CREATE FUNCTION karen_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('karen.tenant_id', true), '')::uuid $$;

-- For a table with a tenant_id: its rows are that tenant's alone.
CREATE PROCEDURE protect_tenant_table(protected regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('CREATE POLICY tenant_rows ON %s USING (tenant_id = karen_tenant()) '
                   'WITH CHECK (tenant_id = karen_tenant())', protected);
END $$;
REVOKE ALL ON PROCEDURE protect_tenant_table FROM PUBLIC;

CREATE DOMAIN phone_number AS text CHECK (value ~ '^\+[1-9][0-9]{6,14}$'); -- E.164
