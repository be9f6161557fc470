-- What callers hear first is spoken ahead of need, so workers must know which voices say what; of a
-- tenant this shows nothing else.

CREATE FUNCTION voices_in_use(most integer)
RETURNS TABLE (voice_id text, language text, owner_name text, greeting_text text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT t.voice_id, t.language, t.owner_name, t.greeting_text
    FROM tenants t
    WHERE t.status = 'active'
      AND EXISTS (SELECT FROM tenant_phone_numbers n WHERE n.tenant_id = t.id)
    ORDER BY t.updated_at DESC
    LIMIT most
$$;

CREATE FUNCTION announce_voices() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM pg_notify('karen_voices', '');
    RETURN NULL;
END $$;

CREATE TRIGGER announce_voices AFTER INSERT OR UPDATE ON tenants
    FOR EACH STATEMENT EXECUTE FUNCTION announce_voices();
CREATE TRIGGER announce_voices AFTER INSERT OR UPDATE ON tenant_phone_numbers
    FOR EACH STATEMENT EXECUTE FUNCTION announce_voices();

REVOKE ALL ON FUNCTION voices_in_use, announce_voices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION voices_in_use TO karen_app;
