-- What people do with calls: seen, done, whose, corrected, thrown away; and finding one again by
-- what was said.

-- Ends a statement, and with it the whole transaction, with a reason of our own: KSTAL (it has
-- another version), KBUSY (it does not fit what is there), KFULL (there are as many as there may be).
CREATE FUNCTION refuse(reason text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE 'refused' USING ERRCODE = reason;
END $$;

-- ---- words to find by ----------------------------------------------------------------------

CREATE EXTENSION IF NOT EXISTS unaccent; -- trusted: the owner of the database may

-- Words as they are, without accents. What is written with signs (addresses, dates, hyphens) comes
-- here taken apart, so that a part is found, too; see words_of().
CREATE TEXT SEARCH CONFIGURATION karen (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION karen ALTER MAPPING FOR asciiword, word, numword
    WITH unaccent, simple;

-- Without positions, since nothing is ranked. What is too much for a tsvector is left out: the end
-- of a very long text, and of a very long word.
CREATE FUNCTION words_of(said text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT strip(to_tsvector('public.karen', translate(
        CASE WHEN said ~ '[^[:space:]]{200}'
             THEN regexp_replace(left(said, 100000), '([^[:space:]]{100})[^[:space:]]+', '\1', 'g')
             ELSE left(said, 100000) END,
        '-+@/._:<>&~=%?#', repeat(' ', 15))))
$$;

-- Telephone numbers by each of their ends: a prefix of one of those is any run of digits.
CREATE FUNCTION number_words(numbers text[]) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce((
        SELECT array_to_tsvector(array_agg(substr(digits, first)))
        FROM (SELECT left(regexp_replace(number, '[^0-9]', '', 'g'), 20)
              FROM unnest(numbers) AS number) AS plain (digits),
             generate_series(1, length(digits) - 2) AS first), '');
END $$;

-- A word of one tenant and nobody else's, so that one index serves all and a search costs what its
-- own tenant has. Four characters are enough: the tenant itself is compared besides.
CREATE FUNCTION tenant_mark(tenant uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(substr(uuid_send(tenant), 14), 'base64')
$$;
CREATE FUNCTION tenant_words(tenant uuid, words tsvector) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_to_tsvector(string_to_array(tenant_mark(tenant) || nullif(array_to_string(
        tsvector_to_array(words), E'\x01' || tenant_mark(tenant)), ''), E'\x01')), '')
$$;

-- ---- people ----------------------------------------------------------------------------------

-- As people look for it: without accents and capitals. Immutable in truth, though unaccent() is not
-- declared so because its rules could be exchanged.
CREATE FUNCTION plain_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(public.unaccent('public.unaccent', written))
$$;

ALTER TABLE contacts
    DROP CONSTRAINT contacts_name_check,
    ADD CHECK (octet_length(name) BETWEEN 1 AND 800),
    DROP CONSTRAINT contacts_notes_check,
    ADD CHECK (octet_length(notes) BETWEEN 1 AND 8000),
    ADD company text CHECK (octet_length(company) BETWEEN 1 AND 800),
    ADD language text CHECK (language ~ '^[a-z]{2}$'), -- NULL: the tenant's
    ADD version bigint NOT NULL DEFAULT 1,
    -- Where it stands in the list: by the beginning of its name, the nameless at the end.
    ADD sort_name text NOT NULL GENERATED ALWAYS AS
        (left(coalesce(plain_text(name), '~' || phone), 20)) STORED,
    ADD words tsvector NOT NULL GENERATED ALWAYS AS (tenant_words(tenant_id,
        words_of(coalesce(name, '') || ' ' || coalesce(company, '') || ' ' || coalesce(notes, ''))
        || number_words(ARRAY[phone::text]))) STORED;
CREATE INDEX contacts_sorted ON contacts (tenant_id, sort_name, id);
CREATE INDEX contacts_words ON contacts USING gin (words) WITH (fastupdate = off);
CREATE FUNCTION raise_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER raise_version BEFORE UPDATE ON contacts
    FOR EACH ROW EXECUTE FUNCTION raise_version();
CREATE VIEW tenant_contact_words AS -- see tenant_call_words
    SELECT id, phone, words FROM contacts WHERE tenant_id IS NOT DISTINCT FROM karen_tenant();
GRANT SELECT ON tenant_contact_words TO karen_app;

-- ---- calls ---------------------------------------------------------------------------------

ALTER TABLE calls
    ADD version bigint NOT NULL DEFAULT 1,
    ADD viewed_at timestamptz,
    ADD viewed_by uuid,
    ADD resolved_at timestamptz,
    ADD resolved_by uuid,
    ADD assigned_to uuid,
    ADD starred boolean NOT NULL DEFAULT false,
    ADD note text CHECK (octet_length(note) BETWEEN 1 AND 16000),
    -- what call_screenings says, and what a person says instead
    ADD screened_label text,
    ADD screened_lead text,
    ADD urgency text,
    ADD needs_follow_up boolean NOT NULL DEFAULT false,
    ADD asked_for_person boolean NOT NULL DEFAULT false,
    ADD label_correction text CHECK (label_correction IN
        ('legitimate', 'marketing', 'spam', 'fraud', 'unknown')),
    ADD lead_correction text CHECK (lead_correction IN
        ('hot_lead', 'urgent', 'follow_up', 'informational', 'none')),
    ADD corrected_at timestamptz,
    ADD corrected_by uuid,
    ADD deleted_at timestamptz, -- thrown away: can be taken back until erase_deleted_calls()
    ADD deleted_by uuid,
    ADD FOREIGN KEY (tenant_id, assigned_to) REFERENCES users ON DELETE SET NULL (assigned_to);

ALTER TABLE calls
    ADD label text GENERATED ALWAYS AS (coalesce(label_correction, screened_label)) STORED,
    ADD lead text GENERATED ALWAYS AS (coalesce(lead_correction, screened_lead)) STORED,
    -- Which heap of the inbox it lies on. Not screened is not forgotten: it needs somebody.
    ADD inbox_group text GENERATED ALWAYS AS (CASE
        WHEN status = 'in_progress' THEN 'now'
        WHEN coalesce(label_correction, screened_label) IN ('marketing', 'spam', 'fraud')
            THEN 'filtered'
        WHEN coalesce(label_correction, screened_label) IS NULL
             AND ended_reason IN ('blocked', 'ruled_out')
            THEN 'filtered'
        WHEN resolved_at IS NOT NULL THEN 'information'
        WHEN lead_correction IN ('hot_lead', 'urgent', 'follow_up') THEN 'needs_you'
        WHEN lead_correction IS NOT NULL THEN 'information'
        WHEN screened_lead IN ('hot_lead', 'urgent', 'follow_up') OR urgency = 'high'
             OR needs_follow_up OR coalesce(label_correction, screened_label) IS NULL
            THEN 'needs_you'
        ELSE 'information' END) STORED;

-- The inbox in one index: whatever people filter by is looked at in it, without its rows.
DROP INDEX calls_newest;
CREATE INDEX calls_newest ON calls (tenant_id, started_at DESC, id DESC)
    INCLUDE (inbox_group, label, lead, urgency, viewed_at, resolved_at, assigned_to, starred,
        deleted_at);
DROP INDEX calls_from;
CREATE INDEX calls_from ON calls (tenant_id, from_number, started_at DESC, id DESC);
CREATE INDEX calls_assigned ON calls (tenant_id, assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX calls_deleted ON calls (deleted_at) WHERE deleted_at IS NOT NULL;
DROP INDEX call_screenings_label; -- its columns are in calls, too
CREATE INDEX usage_ledger_call ON usage_ledger (tenant_id, call_id);

CREATE TRIGGER raise_version BEFORE UPDATE ON calls
    FOR EACH ROW EXECUTE FUNCTION raise_version();

CREATE FUNCTION json_time(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

CREATE FUNCTION json_person(id uuid, name text) RETURNS json
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN id IS NOT NULL THEN json_build_object('id', id, 'name', name) END
$$;

-- A call as the inbox shows it, for whoever asks (so under row level security): who, why, how
-- urgent, what next. A call that goes on changes with every word: it has no version to hold on to.
CREATE VIEW inbox_rows WITH (security_invoker = true) AS
SELECT c.tenant_id, c.id, CASE WHEN c.status <> 'in_progress' THEN c.version END AS version,
       CASE WHEN c.deleted_at IS NOT NULL THEN 'deleted' WHEN c.status = 'in_progress' THEN 'live'
            WHEN c.resolved_at IS NOT NULL THEN 'resolved' WHEN c.viewed_at IS NOT NULL THEN 'open'
            ELSE 'new' END AS state,
       c.inbox_group AS "group", json_time(c.started_at) AS started_at, c.duration_seconds,
       c.from_number, coalesce(k.name, s.caller_name, m.caller_name) AS name,
       coalesce(k.company, s.company, m.company) AS company,
       CASE WHEN k.id IS NOT NULL
            THEN json_build_object('id', k.id, 'name', k.name, 'kind', k.kind) END AS contact,
       coalesce(s.intent, m.reason, s.summary) AS reason, s.summary, c.label, s.confidence, c.lead,
       coalesce(c.label_correction, c.lead_correction) IS NOT NULL AS corrected, c.urgency,
       coalesce(m.callback_number, s.callback_number) AS callback_number, c.needs_follow_up,
       m.call_id IS NOT NULL AS has_message, c.viewed_at IS NOT NULL AS viewed, c.starred,
       json_person(u.id, u.name) AS assigned_to, u.name AS assigned_name, c.note, json_time(c.deleted_at) AS deleted_at
FROM calls c
     LEFT JOIN call_screenings s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
     LEFT JOIN contacts k ON k.tenant_id = c.tenant_id AND k.phone = c.from_number
     LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c.assigned_to
     LEFT JOIN LATERAL (SELECT * FROM call_messages
                        WHERE tenant_id = c.tenant_id AND call_id = c.id
                        ORDER BY taken_at DESC LIMIT 1) m ON true;
GRANT SELECT ON inbox_rows TO karen_app;

-- What a call opened shows besides its row and its lists. Who did something may be gone.
CREATE VIEW inbox_details WITH (security_invoker = true) AS
SELECT c.tenant_id, c.id, c.status, c.ended_reason, c.carrier, c.call_sid, c.to_number,
       c.forwarded_from, json_time(c.ended_at) AS ended_at,
       json_time(c.viewed_at) AS viewed_at, json_person(c.viewed_by, viewer.name) AS viewed_by,
       json_time(c.resolved_at) AS resolved_at,
       json_person(c.resolved_by, resolver.name) AS resolved_by,
       json_person(c.deleted_by, deleter.name) AS deleted_by,
       json_time(c.deleted_at + interval '30 days') AS erased_at,
       CASE WHEN s.call_id IS NOT NULL THEN json_build_object('label', s.legitimacy,
           'lead', s.lead, 'urgency', s.urgency, 'intent', s.intent, 'caller_name', s.caller_name,
           'company', s.company, 'callback_number', s.callback_number, 'summary', s.summary,
           'needs_follow_up', s.needs_follow_up, 'asked_for_person', s.asked_for_person,
           'confidence', s.confidence, 'model', s.model,
           'screened_at', json_time(s.screened_at)) END AS screening,
       CASE WHEN c.corrected_at IS NOT NULL THEN json_build_object('label', c.label_correction,
           'lead', c.lead_correction, 'corrected_at', json_time(c.corrected_at),
           'corrected_by', json_person(c.corrected_by, corrector.name)) END AS correction,
       (SELECT coalesce(sum(cost_micro), 0) FROM usage_ledger
        WHERE tenant_id = c.tenant_id AND call_id = c.id) AS cost_micro
FROM calls c
     LEFT JOIN call_screenings s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
     LEFT JOIN users viewer ON viewer.tenant_id = c.tenant_id AND viewer.id = c.viewed_by
     LEFT JOIN users resolver ON resolver.tenant_id = c.tenant_id AND resolver.id = c.resolved_by
     LEFT JOIN users deleter ON deleter.tenant_id = c.tenant_id AND deleter.id = c.deleted_by
     LEFT JOIN users corrector ON corrector.tenant_id = c.tenant_id
                                  AND corrector.id = c.corrected_by;
GRANT SELECT ON inbox_details TO karen_app;

-- Whether a call is in a state that is asked for: live, new, open (which new ones are, too),
-- resolved, deleted; NULL: any but deleted.
CREATE FUNCTION is_in_state(wanted text, heap text, viewed timestamptz, resolved timestamptz,
    deleted timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN deleted IS NOT NULL OR wanted = 'deleted'
                    THEN deleted IS NOT NULL AND wanted IS NOT DISTINCT FROM 'deleted'
                WHEN wanted IS NULL THEN true
                WHEN wanted = 'live' OR heap = 'now' THEN wanted = 'live' AND heap = 'now'
                WHEN wanted = 'resolved' THEN resolved IS NOT NULL
                ELSE resolved IS NULL AND (wanted = 'open' OR viewed IS NULL) END
$$;

-- What people do to calls of their tenant, all or none: change has any of the members viewed,
-- resolved, deleted, starred (true, false), note, assigned_to, label, lead (null clears). What is so
-- already is left alone. KBUSY: thrown away while it goes on; 22023: assigned to nobody of the
-- tenant.
CREATE FUNCTION change_calls(tenant uuid, ids uuid[], change jsonb, if_version bigint, person uuid,
    person_name text, OUT changed integer, OUT missing uuid[])
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    old calls;
    new calls;
BEGIN
    changed := 0;
    missing := ids;
    IF change->>'assigned_to' IS NOT NULL AND NOT EXISTS
            (SELECT FROM users u WHERE u.tenant_id = tenant
                                       AND u.id = (change->>'assigned_to')::uuid) THEN
        PERFORM refuse('22023'); -- invalid_parameter_value
    END IF;
    FOR old IN SELECT c.* FROM calls c WHERE c.tenant_id = tenant AND c.id = ANY (ids)
               ORDER BY c.id FOR UPDATE LOOP
        missing := array_remove(missing, old.id);
        IF if_version >= 0 AND if_version <> old.version THEN
            PERFORM refuse('KSTAL');
        END IF;
        IF old.status = 'in_progress' AND (change->>'deleted')::boolean THEN
            PERFORM refuse('KBUSY');
        END IF;
        new := old;
        new.viewed_at := CASE (change->>'viewed')::boolean WHEN true THEN coalesce(old.viewed_at, now())
                              WHEN false THEN NULL ELSE old.viewed_at END;
        new.resolved_at := CASE (change->>'resolved')::boolean WHEN true THEN coalesce(old.resolved_at, now())
                              WHEN false THEN NULL ELSE old.resolved_at END;
        new.deleted_at := CASE (change->>'deleted')::boolean WHEN true THEN coalesce(old.deleted_at, now())
                              WHEN false THEN NULL ELSE old.deleted_at END;
        new.viewed_by := CASE WHEN new.viewed_at IS NULL THEN NULL
                              WHEN old.viewed_at IS NULL THEN person ELSE old.viewed_by END;
        new.resolved_by := CASE WHEN new.resolved_at IS NULL THEN NULL
                              WHEN old.resolved_at IS NULL THEN person ELSE old.resolved_by END;
        new.deleted_by := CASE WHEN new.deleted_at IS NULL THEN NULL
                              WHEN old.deleted_at IS NULL THEN person ELSE old.deleted_by END;
        IF change ? 'starred' THEN
            new.starred := change->>'starred';
        END IF;
        IF change ? 'note' THEN
            new.note := change->>'note';
        END IF;
        IF change ? 'assigned_to' THEN
            new.assigned_to := change->>'assigned_to';
        END IF;
        IF change ? 'label' THEN
            new.label_correction := change->>'label';
        END IF;
        IF change ? 'lead' THEN
            new.lead_correction := change->>'lead';
        END IF;
        IF (new.label_correction, new.lead_correction)
           IS DISTINCT FROM (old.label_correction, old.lead_correction) THEN
            new.corrected_at := CASE WHEN coalesce(new.label_correction, new.lead_correction)
                                          IS NOT NULL THEN now() END;
            new.corrected_by := CASE WHEN new.corrected_at IS NOT NULL THEN person END;
        END IF;
        CONTINUE WHEN new IS NOT DISTINCT FROM old;
        changed := changed + 1;
        UPDATE calls c
        SET viewed_at = new.viewed_at, viewed_by = new.viewed_by, resolved_at = new.resolved_at,
            resolved_by = new.resolved_by, deleted_at = new.deleted_at, deleted_by = new.deleted_by,
            starred = new.starred, note = new.note, assigned_to = new.assigned_to,
            label_correction = new.label_correction, lead_correction = new.lead_correction,
            corrected_at = new.corrected_at, corrected_by = new.corrected_by
        WHERE c.tenant_id = tenant AND c.id = old.id;
        INSERT INTO audit_log (tenant_id, actor, action, subject, change)
        SELECT tenant, person_name, 'call.change', old.id::text, jsonb_object_agg(key,
                   CASE WHEN key = 'note' THEN -- that it was written is known, not what
                       jsonb_build_array(o.value <> 'null', n.value <> 'null')
                   ELSE jsonb_build_array(o.value, n.value) END)
        FROM jsonb_each(to_jsonb(old)) o JOIN jsonb_each(to_jsonb(new)) n USING (key)
        WHERE o.value <> n.value AND key NOT LIKE '%\_by' AND key <> 'corrected_at';
    END LOOP;
END $$;

-- ---- calls by their words --------------------------------------------------------------------

-- What an ended call is found by. Workers write through the triggers below and read through the
-- view: row level security would keep the index from being used, since @@ is not leakproof to
-- PostgreSQL, so the view is the wall here; its owner sees all, and it shows the tenant's alone.
CREATE TABLE call_search (
    tenant_id uuid NOT NULL,
    call_id uuid NOT NULL,
    started_at timestamptz NOT NULL,
    words tsvector NOT NULL, -- tenant_words()
    PRIMARY KEY (tenant_id, call_id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE
);
CREATE INDEX call_search_newest ON call_search (tenant_id, started_at DESC, call_id DESC);
CREATE INDEX call_search_words ON call_search USING gin (words) WITH (fastupdate = off);
CALL protect_tenant_table('call_search');
GRANT SELECT, INSERT, UPDATE, DELETE ON call_search TO karen_app;
CREATE VIEW tenant_call_search AS
    SELECT tenant_id, call_id, started_at, words FROM call_search WHERE tenant_id = karen_tenant();
GRANT SELECT ON tenant_call_search TO karen_app;
-- The same, of no use for any index but that of the words: the planner knows no bounds of a word's
-- rarity and would rather walk through all that the tenant has.
CREATE VIEW tenant_call_words AS
    SELECT call_id, started_at, words FROM call_search
    WHERE tenant_id IS NOT DISTINCT FROM karen_tenant();
GRANT SELECT ON tenant_call_words TO karen_app;

CREATE FUNCTION index_call(tenant uuid, call uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO call_search (tenant_id, call_id, started_at, words)
    SELECT c.tenant_id, c.id, c.started_at, tenant_words(c.tenant_id,
        words_of(concat_ws(' ', c.note, s.caller_name, s.company, s.intent, s.summary, m.words,
                           t.words))
        || number_words(ARRAY[c.from_number, s.callback_number] || m.numbers))
    FROM calls c
         LEFT JOIN call_screenings s ON s.tenant_id = c.tenant_id AND s.call_id = c.id
         CROSS JOIN LATERAL (
             SELECT string_agg(concat_ws(' ', caller_name, company, reason), ' ') AS words,
                    array_agg(callback_number) AS numbers
             FROM call_messages WHERE tenant_id = c.tenant_id AND call_id = c.id) m
         CROSS JOIN LATERAL (
             SELECT string_agg(text, ' ' ORDER BY seq) AS words FROM call_turns
             WHERE tenant_id = c.tenant_id AND call_id = c.id AND kind = 'said') t
    WHERE c.tenant_id = tenant AND c.id = call AND c.status <> 'in_progress'
    ON CONFLICT (tenant_id, call_id) DO UPDATE SET words = excluded.words
        WHERE call_search.words <> excluded.words;
END $$;

CREATE FUNCTION index_this_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_call(NEW.tenant_id, NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER index_call AFTER INSERT ON calls
    FOR EACH ROW WHEN (NEW.status <> 'in_progress') EXECUTE FUNCTION index_this_call();
CREATE TRIGGER index_changed_call AFTER UPDATE OF status, note ON calls
    FOR EACH ROW WHEN (NEW.status <> 'in_progress'
        AND (NEW.status, NEW.ended_reason, NEW.note)
            IS DISTINCT FROM (OLD.status, OLD.ended_reason, OLD.note))
    EXECUTE FUNCTION index_this_call();

CREATE FUNCTION index_its_call() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_call(NEW.tenant_id, NEW.call_id);
    RETURN NULL;
END $$;
CREATE TRIGGER index_call AFTER INSERT OR UPDATE ON call_messages
    FOR EACH ROW EXECUTE FUNCTION index_its_call();

-- Words that are erased are not found any more.
CREATE FUNCTION index_calls_of_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM index_call(tenant_id, call_id)
    FROM (SELECT DISTINCT tenant_id, call_id FROM gone) AS changed;
    RETURN NULL;
END $$;
CREATE TRIGGER index_call AFTER DELETE ON call_turns REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION index_calls_of_gone();
CREATE TRIGGER index_call_of_gone AFTER DELETE ON call_messages REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION index_calls_of_gone();

-- What the screening says, where the inbox can look at it.
CREATE FUNCTION take_screening() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    screened call_screenings := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    UPDATE calls
    SET screened_label = NEW.legitimacy, screened_lead = NEW.lead, urgency = NEW.urgency,
        needs_follow_up = coalesce(NEW.needs_follow_up, false),
        asked_for_person = coalesce(NEW.asked_for_person, false)
    WHERE tenant_id = screened.tenant_id AND id = screened.call_id;
    PERFORM index_call(screened.tenant_id, screened.call_id);
    RETURN NULL;
END $$;
CREATE TRIGGER take_screening AFTER INSERT OR UPDATE OR DELETE ON call_screenings
    FOR EACH ROW EXECUTE FUNCTION take_screening();

-- ---- finding ---------------------------------------------------------------------------------

-- One word of a question, as words of tenant_words() are: as a beginning where that is asked for.
CREATE FUNCTION search_word(tenant uuid, word text, is_beginning boolean) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT '''' || replace(replace(tenant_mark(tenant) || left(word, 100), '\', '\\'), '''', '''''') || ''''
           || CASE WHEN is_beginning THEN ':*' ELSE '' END
$$;

-- What somebody typed, as a question to words: all of them must be there, the last one and those of
-- digits alone as a beginning. With people, a word also stands for the numbers of the contacts that
-- have it. At most 16 words count, and 100 people for each.
CREATE FUNCTION search_words(tenant uuid, typed text, people boolean) RETURNS tsquery
LANGUAGE plpgsql STABLE AS $$
DECLARE
    word record;
    part text;
    numbers text;
    whole text;
BEGIN
    FOR word IN
        SELECT lexeme, positions[cardinality(positions)] = max(positions[cardinality(positions)])
                   OVER () OR lexeme ~ '^[0-9]{3,}$' AS is_beginning
        FROM unnest(to_tsvector('public.karen',
                 translate(typed, '-+@/._:<>&~=%?#', repeat(' ', 15))))
        LIMIT 16
    LOOP
        part := search_word(tenant, word.lexeme, word.is_beginning);
        IF people AND word.lexeme !~ '^[0-9]+$' THEN -- a number speaks for itself
            SELECT ' | ' || string_agg(search_word(tenant, substr(phone, 2), false), ' | ')
            INTO numbers
            FROM (SELECT s.phone FROM tenant_contact_words s
                  WHERE s.words @@ part::tsquery LIMIT 100) AS found;
        END IF;
        whole := concat(whole || ' & ', '(', part, numbers, ')');
    END LOOP;
    RETURN whole::tsquery;
END $$;

-- A number typed in groups of digits is one, too.
CREATE FUNCTION search_query(tenant uuid, typed text, people boolean) RETURNS tsquery
LANGUAGE plpgsql STABLE AS $$
DECLARE
    joined text := regexp_replace(typed, '(?<=[0-9])[ ()./-]+(?=[0-9])', '', 'g');
    words tsquery := search_words(tenant, typed, people);
BEGIN
    IF joined = typed THEN
        RETURN words;
    END IF;
    RETURN words || search_words(tenant, joined, people);
END $$;

-- ---- the end ---------------------------------------------------------------------------------

-- Erases what was thrown away so long ago that it cannot be taken back any more (erased_at of
-- the inbox), of all tenants; again while it finds any.
CREATE FUNCTION erase_deleted_calls(most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH due AS (
        SELECT tenant_id, id FROM calls WHERE deleted_at < now() - interval '30 days'
        ORDER BY deleted_at LIMIT most FOR UPDATE SKIP LOCKED
    ), erased AS (
        DELETE FROM calls c USING due WHERE c.tenant_id = due.tenant_id AND c.id = due.id
        RETURNING c.id
    )
    SELECT count(*) FROM erased
$$;
REVOKE ALL ON FUNCTION erase_deleted_calls FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_deleted_calls TO karen_app;
