// test/peers/stack.mjs: a Karen of its own for one file of tests: database, sandbox, karen serve.
import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { SignJWT } from "jose";
import pg from "pg";
import { afterwards, program, recordingPath, root, start, startSandbox, stats } from "./sandbox.mjs";

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// The cluster of the whole run, or one of our own for the while.
function cluster() {
  if (process.env.KAREN_TEST_DATABASE_URL) return process.env.KAREN_TEST_DATABASE_URL;
  const folder = mkdtempSync(path.join(tmpdir(), "karen-postgres-"));
  const script = path.join(root, "scripts/postgres");
  afterwards(() => {
    execFileSync(script, ["remove", folder]);
    rmSync(folder, { recursive: true });
  });
  return execFileSync(script, ["start", folder, "--test"], { encoding: "utf8" }).trim();
}

// A fresh database; Karen makes the schema when it starts.
async function startDatabase() {
  const url = cluster();
  const name = `karen_peers_${randomBytes(6).toString("hex")}`;
  const connect = async (database) => {
    const text = url.replace(/\/karen\?/, `/${database}?`);
    const client = new pg.Client({ connectionString: text.replace("@/", "@localhost/") });
    await client.connect();
    return { client, url: text };
  };
  const admin = await connect("karen");
  await admin.client.query(`CREATE DATABASE ${name}`);
  const { client, url: own } = await connect(name);
  afterwards(async () => {
    await client.end();
    await admin.client.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.client.end();
  });
  return {
    url: own,
    ask: async (sql, values) => (await client.query(sql, values)).rows,
    // fn with what is told on the channel, from now on
    listen: async (channel, fn) => {
      await client.query(`LISTEN ${channel}`);
      client.on("notification", (told) => told.channel === channel && fn(told.payload));
    },
  };
}

export async function startStack(settings = {}) {
  const sandbox = await startSandbox();
  const database = await startDatabase();
  const cache = mkdtempSync(path.join(tmpdir(), "karen-cache-"));
  afterwards(() => rmSync(cache, { recursive: true }));
  const port = await freePort();
  const secret = randomBytes(32).toString("base64");
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...sandbox.env,
    KAREN_ENV: "development",
    KAREN_SANDBOX_URL: sandbox.url,
    DATABASE_URL: database.url,
    LISTEN: `127.0.0.1:${port}`,
    PUBLIC_URL: url,
    JWT_SECRET: secret,
    WORKERS: "1",
    CACHE_DIR: cache,
    JOURNAL_DIR: `${cache}-journal`,
    PROMPTS_DIR: path.join(root, "prompts"),
    API_REQUESTS_PER_MINUTE: "0",
    ...settings,
  };
  const { log, pid } = await start("src/app/karen", "KAREN_PROGRAM", () => ["serve"], env);
  return { url, sandbox, database, secret, log, pid, env };
}

const run = promisify(execFile);

// The operator's commands: what `karen` with these words prints.
export async function command(stack, ...words) {
  const env = { ...process.env, ...stack.env };
  return (await run(program("src/app/karen", "KAREN_PROGRAM"), words, { env })).stdout;
}

// A number of the installation's own, of one tenant.
export async function giveNumber(stack, tenant, number) {
  await command(stack, "number", "add", number);
  await command(stack, "number", "assign", number, tenant, "--primary");
}

// Calls by karen-phone; what it printed, the summary last: one JSON object a line. audio: names of
// recordings. It does not matter how the call went.
export async function call(stack, to, { from, audio = [], words = [] } = {}) {
  const all = ["call", "--json", "--to", to, ...(from ? ["--from", from] : [])];
  for (const name of audio) all.push("--audio", recordingPath(name));
  const env = { ...process.env, ...stack.env };
  const phone = run(program("phone/karen-phone"), [...all, ...words], { env });
  const { stdout } = await phone.catch((error) => error);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

// All that is stored, but for when somebody was last seen, how often somebody has asked, and when
// Karen looks after whom next.
export async function stored(stack) {
  const tables = await stack.database.ask(
    `SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
       AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname NOT IN ('schema_migrations', 'limit_counts', 'upkeep') ORDER BY 1`,
  );
  const parts = tables.map(
    ({ name }) => `SELECT '${name}' AS name, count(*)::int AS count, md5(coalesce(string_agg(
      (to_jsonb(t) - '{last_seen_at,last_used_at}'::text[])::text, E'\\n' ORDER BY to_jsonb(t)::text), ''))
      AS sum FROM public.${name} t`,
  );
  const rows = await stack.database.ask(parts.join(" UNION ALL "));
  return Object.fromEntries(rows.map(({ name, count, sum }) => [name, `${count} rows, ${sum}`]));
}

// A sample of /metrics, 0 when it is not there.
export async function metric(stack, sample) {
  const page = await (await fetch(`${stack.url}/metrics`)).text();
  const line = page.split("\n").find((one) => one.startsWith(`${sample} `));
  return line ? Number(line.slice(sample.length)) : 0;
}

// The code that the sandbox has sent to a phone last.
export async function codeOf(stack, phone) {
  const { verifications } = await stats(stack.sandbox, "twilio");
  return verifications.findLast((one) => one.to === phone).code;
}

// Asks again until it is so; for what nobody tells.
export async function eventually(what, ms = 30000) {
  for (const until = Date.now() + ms; ; await new Promise((done) => setTimeout(done, 50))) {
    const found = await what();
    if (found) return found;
    if (Date.now() > until) throw new Error(`it never came: ${what}`);
  }
}

export const kid = (secret) => createHash("sha256").update(secret).digest("hex").slice(0, 8);

// Claims as Karen makes them, signed as told: good ones unless something is changed.
export function signToken(stack, person, { claims = {}, header = {}, secret = stack.secret } = {}) {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: stack.url,
    aud: "karen",
    sub: person.user,
    tenant_id: person.tenant,
    sid: person.session,
    phone: person.phone,
    jti: randomBytes(16).toString("base64url"),
    iat: now,
    exp: now + 900,
    ...claims,
  })
    .setProtectedHeader({ alg: "HS256", typ: "JWT", kid: kid(stack.secret), ...header })
    .sign(new TextEncoder().encode(secret));
}

export async function makeTenant(stack, name) {
  const id = randomUUID();
  const sql = "INSERT INTO tenants (id, name, owner_name, language) VALUES ($1, $2, 'Owner', 'cs')";
  await stack.database.ask(sql, [id, name]);
  return id;
}

let phones = 0;
export const nextPhone = () => `+420601${String(++phones).padStart(6, "0")}`;

// Somebody who is signed in.
export async function makePerson(stack, tenant, role, { phone = nextPhone() } = {}) {
  const person = { tenant, phone, user: randomUUID(), session: randomUUID() };
  await stack.database.ask(
    `INSERT INTO users (tenant_id, id, phone, phone_verified, role, name)
     VALUES ($1, $2, $3, true, $4, 'Test')`,
    [tenant, person.user, phone, role],
  );
  await stack.database.ask(
    `INSERT INTO user_sessions (tenant_id, id, user_id, token_hash, expires_at)
     VALUES ($1, $2, $3, $4, now() + interval '1 day')`,
    [tenant, person.session, person.user, randomBytes(32)],
  );
  return { ...person, token: await signToken(stack, person) };
}

export async function makeOperator(stack, person) {
  await stack.database.ask("INSERT INTO operators (phone) VALUES ($1)", [person.phone]);
}

export async function makeKey(stack, tenant, scopes) {
  const secret = `krn_${randomBytes(32).toString("base64url")}`;
  await stack.database.ask(
    `INSERT INTO api_keys (tenant_id, id, name, prefix, key_hash, scopes)
     VALUES ($1, $2, 'Test', $3, $4, $5)`,
    [
      tenant,
      randomUUID(),
      secret.slice(0, 12),
      createHash("sha256").update(secret).digest(),
      scopes,
    ],
  );
  return { tenant, token: secret };
}

// Asks Karen; answer.json is there when the body is JSON. A stream has no end, so it is left at once.
export async function ask(stack, method, target, { person, headers = {}, body } = {}) {
  const answer = await fetch(stack.url + target, {
    method,
    headers: { ...(person && { Authorization: `Bearer ${person.token}` }), ...headers },
    body,
    redirect: "manual",
  });
  const type = (answer.headers.get("content-type") ?? "").split(";")[0];
  const isStream = type === "text/event-stream";
  if (isStream) await answer.body.cancel();
  const bytes = isStream ? Buffer.alloc(0) : Buffer.from(await answer.arrayBuffer());
  const json = /^application\/(.*\+)?json$/.test(type) ? JSON.parse(bytes.toString()) : undefined;
  return { status: answer.status, headers: answer.headers, type, bytes, json };
}
