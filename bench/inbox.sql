-- bench/inbox.sql: what the API is measured on: :calls calls of 1,001 tenants, every :share-th of them
-- of one, the big tenant. What was said, the screening and the words to search by are there for the
-- big tenant and for one in fifty of the others. For psql, on a migrated, empty database; written
-- around triggers, checks and indexes, so that it takes minutes and not hours.
\set ON_ERROR_STOP on
SET maintenance_work_mem = '512MB';
SET synchronous_commit = off;
SET client_min_messages = warning;
SET jit = off;

INSERT INTO tenants (id, name, owner_name, language)
SELECT '00000000-0000-4000-8000-0000000b1600', 'Big', 'Jan Novák', 'cs'
UNION ALL
SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Tenant ' || n, 'Eva', 'cs'
FROM generate_series(0, 999) AS n;

-- Who asks; bench/api.c makes the token.
INSERT INTO users (tenant_id, id, phone, phone_verified, role)
SELECT id, id, '+420600000000', true, 'owner' FROM tenants WHERE name = 'Big';
INSERT INTO user_sessions (tenant_id, id, user_id, token_hash, expires_at)
SELECT id, id, id, sha256('bench'), 'infinity' FROM tenants WHERE name = 'Big';

-- 4,000 words; a word is the commoner the lower its number is
CREATE UNLOGGED TABLE bench_words AS
SELECT n, (ARRAY['no','va','lo','me','tra','ki','sto','pe','ru','da','hle','vi','bo','ně','řa','čí'])
              [1 + n % 16]
       || (ARRAY['vák','da','ník','ka','lan','rov','tě','pis','mu','žka','ším','zeň','rol','bec',
                 'hra','jem'])[1 + n / 16 % 16]
       || CASE WHEN n >= 256 THEN (ARRAY['a','em','ová','ách','ům','ice','ost','ní','le','ky','eš',
              'it','ou','ský','ré','us'])[1 + n / 256] ELSE '' END AS word
FROM generate_series(0, 3999) AS n;
CREATE UNIQUE INDEX ON bench_words (n);

-- Texts are drawn from so many, else most of the time would go into making them up.
CREATE UNLOGGED TABLE bench_texts AS
SELECT text.n, string_agg(w.word, ' ') AS text, words_of(string_agg(w.word, ' ')) AS words
FROM (SELECT n / 10 AS n, floor(4000 * power(random(), 3))::integer AS word
      FROM generate_series(0, 199999) AS n) AS text JOIN bench_words w ON w.n = text.word
GROUP BY text.n;
CREATE UNIQUE INDEX ON bench_texts (n);
ANALYZE bench_texts;

-- Indexes, constraints and triggers go and come again: each row through them would take hours.
CREATE TABLE bench_again (place serial, gone text, again text);
INSERT INTO bench_again (gone, again)
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', conrelid::regclass, conname,
              pg_get_constraintdef(n.oid),
              CASE WHEN contype IN ('f', 'c') AND relkind = 'r' THEN ' NOT VALID' END)
FROM pg_constraint n JOIN pg_class r ON r.oid = conrelid
WHERE contype IN ('f', 'c', 'p', 'u') AND conparentid = 0
      AND (conrelid = ANY (ARRAY['calls', 'call_turns', 'call_screenings', 'call_search']::regclass[])
           OR confrelid = 'calls'::regclass)
ORDER BY position(contype IN 'fcup');
INSERT INTO bench_again (gone, again)
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
FROM pg_index
WHERE indrelid = ANY (ARRAY['calls', 'call_turns', 'call_screenings', 'call_search']::regclass[])
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
INSERT INTO bench_again (gone, again)
SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', name),
       format('ALTER TABLE %s ENABLE TRIGGER USER', name)
FROM unnest(ARRAY['calls', 'call_turns', 'call_screenings']) AS name;

-- What is filled in the transaction that emptied it needs no log where wal_level is minimal.
BEGIN;
TRUNCATE calls CASCADE;
SELECT gone FROM bench_again ORDER BY place \gexec

\echo calls
-- Of 150 days: what is older than 180 a server that runs would erase under the measurement.
INSERT INTO calls (tenant_id, id, carrier, call_sid, from_number, to_number, status, ended_reason,
    started_at, ended_at, duration_seconds, counts, reply_ms, viewed_at, resolved_at,
    screened_label, screened_lead, urgency, needs_follow_up)
SELECT CASE WHEN n % :share = 0 THEN '00000000-0000-4000-8000-0000000b1600'
            ELSE '00000000-0000-4000-8000-' || lpad(to_hex(n * 7919 % 1000), 12, '0') END::uuid,
       (lpad(to_hex((extract(epoch FROM started_at) * 1000)::bigint), 12, '0') || '7000'
        || 'a' || lpad(to_hex(n), 15, '0'))::uuid,
       'twilio', 'CA' || n, '+4206' || lpad((dice % 1000 * 99991)::text, 8, '0'), '+420800123456',
       'completed', 'gone', started_at, started_at + interval '1 s' * (20 + dice % 100),
       20 + dice % 100, '{"turns":4}',
       ARRAY[600 + dice % 700, 700 + dice / 7 % 500, 650 + dice / 11 % 900],
       CASE WHEN dice % 10 > 0 THEN started_at + interval '1 hour' END,
       CASE WHEN dice % 3 = 0 THEN started_at + interval '2 hours' END, label,
       CASE WHEN label = 'legitimate' THEN ('{follow_up,informational,none,hot_lead,none}'::text[])
           [1 + dice / 70 % 5] ELSE 'none' END,
       ('{low,normal,normal,normal,high}'::text[])[1 + dice / 350 % 5], dice % 7 = 0
FROM (SELECT n, (hashint8extended(n, 1) & 268435455)::integer AS dice,
             date_trunc('milliseconds', now() - (:calls - n) * (interval '150 days' / :calls)) AS started_at
      FROM generate_series(1, :calls::bigint) AS n) AS made,
     LATERAL (SELECT ('{legitimate,legitimate,legitimate,legitimate,marketing,marketing,spam,spam,
         unknown,fraud}'::text[])[1 + dice / 7 % 10]) AS l (label);

CREATE TABLE bench_calls AS
SELECT c.*, abs(hashint8(place)) % 20000 AS text
FROM (SELECT tenant_id, id, from_number, started_at, screened_label, screened_lead, urgency,
             needs_follow_up, row_number() OVER () AS place
      FROM calls WHERE tenant_id = '00000000-0000-4000-8000-0000000b1600'
                       OR hashtext(call_sid) % 50 = 0) AS c;

\echo screenings
INSERT INTO call_screenings (tenant_id, call_id, legitimacy, lead, urgency, intent, caller_name,
    summary, needs_follow_up, confidence, model)
SELECT b.tenant_id, b.id, screened_label, screened_lead, urgency, left(t.text, 40),
       split_part(t.text, ' ', 1), t.text, needs_follow_up, 0.9, 'bench'
FROM bench_calls b JOIN bench_texts t ON t.n = b.text;

\echo turns
INSERT INTO call_turns (tenant_id, call_id, seq, speaker, kind, start_ms, end_ms, text)
SELECT b.tenant_id, b.id, seq, CASE WHEN seq % 2 = 0 THEN 'caller' ELSE 'agent' END, 'said',
       seq * 5000, seq * 5000 + 4000, t.text
FROM bench_calls b, generate_series(1, 8) AS seq, bench_texts t
WHERE t.n = (b.text + seq * 4001) % 20000;

\echo words
INSERT INTO call_search (tenant_id, call_id, started_at, words)
SELECT b.tenant_id, b.id, b.started_at,
       tenant_words(b.tenant_id, t.words || said.words || number_words(ARRAY[b.from_number]))
FROM bench_calls b JOIN bench_texts t ON t.n = b.text
     JOIN bench_texts said ON said.n = (b.text + 4001) % 20000;

\echo indexes
SELECT again FROM bench_again ORDER BY place DESC \gexec
COMMIT;

INSERT INTO contacts (tenant_id, id, phone, name, kind)
SELECT '00000000-0000-4000-8000-0000000b1600', gen_random_uuid(),
       '+4206' || lpad((n * 99991)::text, 8, '0'), initcap(w.word) || ' ' || n, 'normal'
FROM generate_series(0, 999) AS n JOIN bench_words w USING (n);
CREATE TABLE bench_asked AS -- a word that is common, and one that is rare, to be searched for
SELECT CASE n WHEN 13 THEN 'common' ELSE 'rare' END AS kind, word FROM bench_words WHERE n IN (13, 3999);
DROP TABLE bench_calls, bench_texts, bench_words, bench_again;
\echo statistics
VACUUM ANALYZE tenants, users, calls, call_turns, call_screenings, call_search, contacts;
