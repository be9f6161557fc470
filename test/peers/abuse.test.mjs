// test/peers/abuse.test.mjs: whoever wants more than he may, against all of Karen with two workers:
// what costs money is bounded for both together, what is refused is said and counted, and whoever
// behaves goes on.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import http from "node:http";
import test from "node:test";
import { promisify } from "node:util";
import { order, program, recordingPath, stats } from "./sandbox.mjs";
import {
  ask,
  call,
  codeOf,
  eventually,
  giveNumber,
  makePerson,
  makeTenant,
  metric,
  startStack,
  stored,
} from "./stack.mjs";

const MANY = 10000;
const AT_ONCE = 64;
const LINES_MAX = 5; // of one tenant in each worker
const stack = await startStack({
  WORKERS: "2",
  TRUSTED_PROXIES: "127.0.0.1",
  CALLS_PER_TENANT_MAX: String(LINES_MAX),
});

const json = (body) => ({
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

// ---- codes -------------------------------------------------------------------------------------------

const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });

// {status, retryAfter, code} of a request for a code, as from that address.
function askCode(phone, address) {
  const body = JSON.stringify({ phone });
  const headers = { "Content-Type": "application/json", "X-Forwarded-For": address };
  return new Promise((resolve, reject) => {
    const request = http.request(`${stack.url}/auth/send-code`, { agent, method: "POST", headers });
    request.on("error", reject);
    request.on("response", async (answer) => {
      const said = JSON.parse(Buffer.concat(await answer.toArray()));
      const retryAfter = Number(answer.headers["retry-after"]);
      resolve({ status: answer.statusCode, retryAfter, code: said.code });
    });
    request.end(body);
  });
}

// Codes that Twilio would have charged for.
async function codesSent() {
  const seen = await stats(stack.sandbox, "twilio");
  return seen.endpoints.start_verification?.requests ?? 0;
}

// Asks MANY times, AT_ONCE at a time; how many codes were sent. Each refusal says for how long.
async function storm(phone, address) {
  const before = await codesSent();
  let next = 0;
  let through = 0;
  const one = async () => {
    while (next < MANY) {
      const i = next++;
      const answer = await askCode(phone(i), address(i));
      if (answer.status === 202) {
        through++;
        continue;
      }
      assert.equal(answer.status, 429);
      assert.equal(answer.code, "too_many_codes");
      assert.ok(answer.retryAfter >= 1, `Retry-After: ${answer.retryAfter}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  assert.equal((await codesSent()) - before, through);
  return through;
}

const counted = (outcome) => metric(stack, `karen_codes_total{outcome="${outcome}"}`);
const addressOf = (i) => `198.${18 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`;
const phoneAnywhere = (i) => `+4207${String((i * 9973) % 100000000).padStart(8, "0")}`;

test("ten thousand codes for one phone, from everywhere, are one", async () => {
  const began = performance.now();
  const sent = await storm(() => "+420603000001", addressOf);
  // one more every 30 seconds, on a machine that is busy elsewhere
  assert.ok(sent >= 1 && sent <= 1 + (performance.now() - began) / 30000, `${sent} codes`);
  await eventually(async () => (await counted("limited_phone")) === MANY - sent);
});

test("ten thousand codes for all sorts of phones, from one address, are twenty", async () => {
  assert.equal(await storm(phoneAnywhere, () => "203.0.113.1"), 20);
  await eventually(async () => (await counted("limited_address")) === MANY - 20);
});

test("ten thousand codes for phones that begin alike are two hundred", async () => {
  const phone = (i) => `+4206041${String(i).padStart(5, "0")}`;
  assert.equal(await storm(phone, addressOf), 200);
  await eventually(async () => (await counted("limited_prefix")) === MANY - 200);
});

// ---- sessions ----------------------------------------------------------------------------------------

test("a session whose refresh token was used twice is over, all of it", async () => {
  const phone = "+420605000001";
  assert.equal((await ask(stack, "POST", "/auth/send-code", json({ phone }))).status, 202);
  const code = await codeOf(stack, phone);
  const signIn = json({ phone, code, session: "bearer" });
  const { json: first } = await ask(stack, "POST", "/auth/verify-code", signIn);
  const renew = (token) => ask(stack, "POST", "/auth/refresh", json({ token }));
  const { json: second } = await renew(first.refresh_token);
  const { json: third } = await renew(second.refresh_token);
  const me = (person) => ask(stack, "GET", "/api/me", { person });
  assert.equal((await me(third)).status, 200);
  const stolen = await renew(first.refresh_token); // no lost answer explains it
  assert.equal(stolen.status, 401);
  assert.equal(stolen.json.code, "token_reused");
  for (const { refresh_token } of [second, third])
    assert.equal((await renew(refresh_token)).status, 401);
  for (const session of [first, second, third]) assert.equal((await me(session)).status, 401);
  await eventually(
    async () => (await metric(stack, 'karen_session_renewals_total{outcome="reused"}')) === 1,
  );
});

test("a token that was signed out opens nothing on any worker, and is counted", async () => {
  const person = await makePerson(stack, await makeTenant(stack, "Signed out"), "owner");
  assert.equal((await ask(stack, "POST", "/auth/logout", { person })).status, 204);
  const refusals = () => metric(stack, 'karen_http_requests_total{status="4xx"}');
  const before = await refusals();
  const tries = Array.from({ length: 20 }, () => ask(stack, "GET", "/api/me", { person }));
  for (const answer of await Promise.all(tries)) assert.equal(answer.status, 401);
  await eventually(async () => (await refusals()) >= before + 20);
});

// ---- large and forged ----------------------------------------------------------------------------------

test("a prompt of a megabyte is refused unread, one that is too long by its name", async () => {
  const tenant = await makeTenant(stack, "Wordy");
  const person = await makePerson(stack, tenant, "owner");
  const change = (text) =>
    ask(stack, "PATCH", `/api/tenants/${tenant}`, { person, ...json({ system_prompt: text }) });
  const before = await stored(stack);
  const huge = await change("x".repeat(1024 * 1024));
  assert.equal(huge.status, 413);
  assert.equal(huge.type, "application/problem+json");
  for (const text of ["x".repeat(16001), "č".repeat(16001)]) {
    const long = await change(text);
    assert.equal(long.status, 422);
    assert.deepEqual(
      long.json.errors.map((one) => one.field),
      ["/system_prompt"],
    );
  }
  assert.deepEqual(await stored(stack), before);
  assert.equal((await change("x".repeat(16000))).status, 200); // the longest there may be
});

test("webhooks that nobody signed are refused and counted", async () => {
  const before = await metric(stack, 'karen_webhooks_total{outcome="forged"}');
  const what = await stored(stack);
  const body = "CallSid=CA00000000000000000000000000000001&From=%2B420601000001&CallStatus=ringing";
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  for (const signature of [undefined, "", "nonsense", Buffer.alloc(20).toString("base64")]) {
    const signed = signature === undefined ? {} : { "X-Twilio-Signature": signature };
    const headers = { ...form, ...signed };
    const answer = await ask(stack, "POST", "/telephony/inbound", { headers, body });
    assert.equal(answer.status, 403);
  }
  assert.deepEqual(await stored(stack), what);
  await eventually(
    async () => (await metric(stack, 'karen_webhooks_total{outcome="forged"}')) === before + 4,
  );
});

// ---- calls -------------------------------------------------------------------------------------------

test("of two hundred calls at once some are talked with, the others leave a message", async () => {
  const number = "+420228880031";
  const tenant = await makeTenant(stack, "Besieged");
  await giveNumber(stack, tenant, number);
  await order(stack.sandbox, "scripts", {
    tag: tenant,
    lines: ["Dobrý den, tady Jan Novák."],
    repeats: true,
    streams: 1000000,
  });
  const words = ["call", "--json", "--quiet", "--to", number, "--load", "200", "--ramp", "200"];
  const audio = ["--audio", recordingPath("en-11-yes-correct"), "--for", "15"];
  const env = { ...process.env, ...stack.env };
  const run = promisify(execFile)(program("phone/karen-phone"), [...words, ...audio], { env });
  const siege = run.catch((error) => error); // it fails, as not all are talked with
  let most = 0;
  let over = false;
  const watching = (async () => {
    while (!over) most = Math.max(most, await metric(stack, "karen_calls_live"));
  })();
  const { stdout } = await siege;
  over = true;
  await watching;
  const load = JSON.parse(stdout.trim().split("\n").at(-1));
  const talks = load.greeting_ms.count;
  const outcome = (name) => metric(stack, `karen_webhooks_total{outcome="${name}"}`);
  assert.ok(load.webhook_ms.count >= 200, "all were answered");
  assert.ok(most >= LINES_MAX && most <= 2 * LINES_MAX, `${most} talks at once`);
  assert.ok(talks >= LINES_MAX && talks === load.first_audio_ms.count, `${talks} greeted`);
  assert.ok(load.reply_ms.count > 0, "and talked with");
  // a message is taken at once, or when the last place was taken between webhook and stream
  const atOnce = load.failures["no stream was opened"] ?? 0;
  const then = load.failures["Karen said nothing"] ?? 0;
  assert.equal(atOnce + then + load.good, load.ended, JSON.stringify(load.failures));
  assert.ok((await outcome("voicemail")) >= atOnce);
  assert.ok((await outcome("stream_refused")) >= then);
  assert.equal(await outcome("stream_opened"), talks);
  assert.equal(await outcome("database_away"), 0);

  // and nobody stays behind
  await eventually(async () => (await metric(stack, "karen_calls_live")) === 0);
  const summary = (await call(stack, number, { audio: ["en-11-yes-correct"] })).at(-1);
  assert.equal(summary.normal, true, summary.why);
});
