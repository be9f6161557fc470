-- What happens now, told to whoever watches, and orders to live calls.

-- What a person wants of a call that goes on. The worker that carries the call takes it, once, and
-- writes how it ended:
--
--   pending -+- done      (why: interrupted, when the caller talked over what was said)
--            +- refused   (why: closing, too_many, no_model, no_number, no_voice, not_reached ...)
--            '- lost      (why: not_live, worker_lost, call_over): nobody was there to do it. Whoever
--                         did it all the same knows better, so this alone may still become another.
CREATE TABLE call_orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    call_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('end', 'transfer', 'say', 'whisper')),
    text text CHECK (octet_length(text) BETWEEN 1 AND 2000),
    to_number phone_number, -- where a transfer goes
    asked_by uuid,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done', 'refused', 'lost')),
    why text CHECK (why ~ '^[a-z_]{1,40}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    taken_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, call_id) REFERENCES calls ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, asked_by) REFERENCES users ON DELETE SET NULL (asked_by),
    CHECK ((kind IN ('say', 'whisper')) = (text IS NOT NULL)),
    CHECK ((kind = 'transfer') = (to_number IS NOT NULL)),
    CHECK ((state = 'pending') = (ended_at IS NULL))
);
CREATE INDEX call_orders_call ON call_orders (tenant_id, call_id, created_at);
CREATE INDEX call_orders_asker ON call_orders (tenant_id, asked_by);
CREATE INDEX call_orders_pending ON call_orders (created_at) WHERE state = 'pending';
CALL protect_tenant_table('call_orders');
GRANT SELECT, INSERT ON call_orders TO karen_app;
GRANT UPDATE (state, why, taken_at, ended_at) ON call_orders TO karen_app;

-- Orders nobody took in time, and those whose worker died with them.
CREATE FUNCTION lose_orders(untaken interval, unended interval) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH lost AS (
        UPDATE call_orders
        SET state = 'lost', ended_at = now(),
            why = CASE WHEN taken_at IS NULL THEN 'not_live' ELSE 'worker_lost' END
        WHERE state = 'pending' AND CASE WHEN taken_at IS NULL THEN created_at < now() - untaken
                                         ELSE taken_at < now() - unended END
        RETURNING 1
    )
    SELECT count(*) FROM lost
$$;
REVOKE ALL ON FUNCTION lose_orders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lose_orders TO karen_app;

-- ---- telling -------------------------------------------------------------------------------------

-- Ids only, never words: every worker hears of every tenant, and reads, as that tenant, what it is
-- asked for. The event's own id is random, so that it tells nothing of how much happens elsewhere.
--   <event id> <kind> <tenant> <call> <line's seq, order's id or ->
-- kind: started, ended, changed, screened, line, amended, order (given), over (an order)
CREATE FUNCTION tell_live(kind text, tenant uuid, call uuid, what text DEFAULT '-') RETURNS void
LANGUAGE sql VOLATILE AS $$
    SELECT pg_notify('karen_live', concat_ws(' ', gen_random_uuid(), kind, tenant, call, what))
$$;

CREATE FUNCTION tell_call() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM tell_live(CASE NEW.status WHEN 'in_progress' THEN 'started' ELSE 'ended' END,
                          NEW.tenant_id, NEW.id);
    ELSIF OLD.status = 'in_progress' AND NEW.status <> 'in_progress' THEN
        PERFORM tell_live('ended', NEW.tenant_id, NEW.id);
        UPDATE call_orders SET state = 'lost', why = 'call_over', ended_at = now()
            WHERE tenant_id = NEW.tenant_id AND call_id = NEW.id AND state = 'pending';
    ELSE
        PERFORM tell_live('changed', NEW.tenant_id, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_call_begun AFTER INSERT ON calls
    FOR EACH ROW EXECUTE FUNCTION tell_call();
CREATE TRIGGER tell_call_ended AFTER UPDATE OF status ON calls
    FOR EACH ROW WHEN (OLD.status = 'in_progress' AND NEW.status <> 'in_progress')
    EXECUTE FUNCTION tell_call();
-- By a person: what the carrier or the screening adds is told elsewhere or no news.
CREATE TRIGGER tell_call_changed AFTER UPDATE ON calls
    FOR EACH ROW WHEN ((OLD.viewed_at, OLD.resolved_at, OLD.deleted_at, OLD.assigned_to,
                        OLD.starred, OLD.note, OLD.label_correction, OLD.lead_correction)
                       IS DISTINCT FROM
                       (NEW.viewed_at, NEW.resolved_at, NEW.deleted_at, NEW.assigned_to,
                        NEW.starred, NEW.note, NEW.label_correction, NEW.lead_correction))
    EXECUTE FUNCTION tell_call();

CREATE FUNCTION tell_turn() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live(CASE TG_OP WHEN 'INSERT' THEN 'line' ELSE 'amended' END,
                      NEW.tenant_id, NEW.call_id, NEW.seq::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_turn_added AFTER INSERT ON call_turns
    FOR EACH ROW EXECUTE FUNCTION tell_turn();
CREATE TRIGGER tell_turn_amended AFTER UPDATE ON call_turns
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION tell_turn();

CREATE FUNCTION tell_screening() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_live('screened', NEW.tenant_id, NEW.call_id);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_screening AFTER INSERT OR UPDATE ON call_screenings
    FOR EACH ROW EXECUTE FUNCTION tell_screening();

-- The order goes to whoever carries the call; watchers see it, too, and how it ended.
CREATE FUNCTION tell_order() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('karen_orders', concat_ws(' ', NEW.tenant_id, NEW.call_id, NEW.id));
    END IF;
    PERFORM tell_live(CASE TG_OP WHEN 'INSERT' THEN 'order' ELSE 'over' END,
                      NEW.tenant_id, NEW.call_id, NEW.id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_order_given AFTER INSERT ON call_orders
    FOR EACH ROW EXECUTE FUNCTION tell_order();
CREATE TRIGGER tell_order_over AFTER UPDATE ON call_orders
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tell_order();
