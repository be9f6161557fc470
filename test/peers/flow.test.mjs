// test/peers/flow.test.mjs: a customer's whole way with nothing but curl and a telephone: signing
// in, settings, a number, a call watched as it happens, found again, exported, its caller erased,
// and the tenant closed and taken back.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { curl, watch } from "./curl.mjs";
import { afterwards, order } from "./sandbox.mjs";
import { call, codeOf, command, eventually, startStack } from "./stack.mjs";

const PHONE = "+420601000001";
const CALLER = "+420602345678";
const STRANGER = "+420602345679";
const SAID = [
  "Dobrý den, tady Jan Novák z firmy Stavby Plus, volám kvůli středeční schůzce.",
  "Ano, zavolejte mi prosím zpátky.",
  "Ano, to je správně.",
  "Ne, děkuji, na shledanou.",
];
const stack = await startStack();
const home = {}; // what the steps before have found: token, tenant, number, call

const api = (method, target, more = {}) =>
  curl(stack, method, target, { token: home.token, ...more });
const ofTenant = (method, target = "", more = {}) =>
  api(method, `/api/tenants/${home.tenant}${target}`, more);

async function good(asked, status = 200) {
  const answer = await asked;
  assert.equal(answer.status, status, answer.text);
  return answer;
}

async function refused(asked, status, code) {
  const answer = await asked;
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers["content-type"], "application/problem+json");
  assert.equal(answer.json.code, code);
  return answer;
}

const find = async (query = "") => (await good(ofTenant("GET", `/calls${query}`))).json.items;
const idsOf = (calls) => calls.map((one) => one.id);

// The files of the tenant's export, by name.
async function exported() {
  const { json: begun } = await good(ofTenant("POST", "/exports"), 201);
  assert.equal(begun.state, "pending");
  const made = await eventually(async () => {
    const { json } = await good(ofTenant("GET", `/exports/${begun.id}`));
    assert.notEqual(json.state, "failed");
    return json.state === "ready" && json;
  });
  const { bytes, headers } = await good(ofTenant("GET", `/exports/${begun.id}/file`));
  assert.equal(headers["content-type"], "application/zip");
  assert.equal(bytes.length, made.bytes);
  const folder = mkdtempSync(path.join(tmpdir(), "karen-export-"));
  afterwards(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "export.zip");
  writeFileSync(file, bytes);
  execFileSync("unzip", ["-q", file, "-d", folder]); // fails unless all checksums are right
  const names = execFileSync("unzip", ["-Z1", file], { encoding: "utf8" }).trim().split("\n");
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name), "utf8")]));
}

// ---- a customer ------------------------------------------------------------------------------------

test("a code comes by text message and signs in", async () => {
  await refused(api("GET", "/api/me"), 401, "unauthorized");
  const sent = await good(curl(stack, "POST", "/auth/send-code", { json: { phone: PHONE } }), 202);
  assert.equal(sent.json.expires_in_seconds, 600);
  const signIn = (code) =>
    curl(stack, "POST", "/auth/verify-code", { json: { phone: PHONE, code, session: "bearer" } });
  const code = await codeOf(stack, PHONE);
  const wrong = code === "000000" ? "000001" : "000000";
  const { json: problem } = await refused(signIn(wrong), 422, "wrong_code");
  assert.deepEqual(
    problem.errors.map((one) => one.field),
    ["/code"],
  );
  const { json: session } = await good(signIn(code));
  assert.equal(session.is_new, true);
  assert.equal(session.user.role, "owner");
  Object.assign(home, { token: session.token, tenant: session.user.tenant_id });
  await refused(signIn(code), 422, "code_expired"); // it is good once
});

test("they are who they are", async () => {
  const { json: me, headers } = await good(api("GET", "/api/me"));
  assert.equal(me.phone, PHONE);
  assert.equal(me.tenant_id, home.tenant);
  assert.equal(me.is_operator, false);
  assert.equal(headers.etag, `"${me.version}"`);
});

test("a second tenant is made, and gone to", async () => {
  const json = { name: "Stavby Nová", owner_name: "Jana Nová", language: "cs" };
  const headers = { "Idempotency-Key": "flow-1" };
  const made = await good(api("POST", "/api/tenants", { json, headers }), 201);
  const again = await good(api("POST", "/api/tenants", { json, headers }), 201);
  assert.equal(again.json.id, made.json.id); // a repeated request makes no third
  assert.equal(made.json.status, "active");
  assert.equal(made.json.plan, "trial");
  await refused(api("GET", `/api/tenants/${made.json.id}`), 404, "not_found"); // not there yet
  const { json: session } = await good(
    api("POST", "/auth/switch", { json: { tenant_id: made.json.id } }),
  );
  await refused(api("GET", "/api/me"), 401, "unauthorized"); // the session before is over
  Object.assign(home, { token: session.token, tenant: session.user.tenant_id });
  assert.equal(home.tenant, made.json.id);
  assert.equal((await good(api("GET", "/api/me/tenants"))).json.items.length, 2);
});

test("settings are changed by whoever knows the version", async () => {
  const { json: before, headers } = await good(ofTenant("GET"));
  assert.equal(before.owner_name, "Jana Nová");
  const change = { greeting_text: "Dobrý den, u telefonu Karen.", vip_names: ["Petr Malý"] };
  const { json: after } = await good(
    ofTenant("PATCH", "", { json: change, headers: { "If-Match": headers.etag } }),
  );
  assert.equal(after.greeting_text, change.greeting_text);
  assert.deepEqual(after.vip_names, change.vip_names);
  assert.equal(after.owner_name, before.owner_name);
  assert.ok(after.version > before.version);
  await refused(
    ofTenant("PATCH", "", { json: { name: "X" }, headers: { "If-Match": headers.etag } }),
    412,
    "version_mismatch",
  );
  assert.equal((await good(ofTenant("GET"))).json.name, before.name);
});

test("a number is ordered and bought, once the operator has taken them off trial", async () => {
  const wish = { country: "US", kind: "local" };
  const onTrial = await good(ofTenant("POST", "/number-orders", { json: wish }), 201);
  const settled = (id) =>
    eventually(async () => {
      const { json } = await good(ofTenant("GET", `/number-orders/${id}`));
      return json.ended_at && json;
    });
  assert.equal((await settled(onTrial.json.id)).failed_why, "pool_empty");
  await command(stack, "tenant", "set", home.tenant, "plan=pro");
  const { json: offers } = await good(
    ofTenant("GET", "/available-numbers?country=US&contains=5550&limit=1"),
  );
  const { number } = offers.items[0];
  const ordered = await good(ofTenant("POST", "/number-orders", { json: { ...wish, number } }), 201);
  const bought = await settled(ordered.json.id);
  assert.equal(bought.state, "active", bought.failed_why);
  assert.equal(bought.number, number);
  const { json: theirs } = await good(ofTenant("GET", "/phone-numbers"));
  assert.deepEqual(
    theirs.items.map((one) => [one.number, one.is_primary]),
    [[number, true]],
  );
  home.number = number;
});

// ---- a call ------------------------------------------------------------------------------------------

test("a call is seen while it goes on", async () => {
  await order(stack.sandbox, "scripts", { tag: home.tenant, lines: SAID });
  const live = await watch(stack, home.tenant, home.token);
  const audio = SAID.map(() => "en-11-yes-correct"); // a voice: the words are the script's
  const words = ["--linger", "1500"];
  const talk = call(stack, home.number, { from: CALLER, audio, words });

  const { data: started } = await live.until("call.started");
  assert.equal(started.call.from_number, CALLER);
  assert.equal(started.call.state, "live");
  home.call = started.call.id;
  const isLine = (speaker, text) => (data) =>
    data.call_id === home.call && data.line.speaker === speaker && data.line.text.includes(text);
  const { data: greeting } = await live.until("line.added", isLine("agent", "Jana Nová"));
  assert.equal(greeting.line.seq, 1); // the first words say who speaks for whom
  for (const line of SAID.slice(0, 2)) await live.until("line.added", isLine("caller", line));

  const { json: now } = await good(ofTenant("GET", `/calls/${home.call}`));
  assert.equal(now.status, "in_progress");
  assert.deepEqual(idsOf(await find("?state=live")), [home.call]);

  const summary = (await talk).at(-1);
  assert.equal(summary.normal, true, summary.why);
  const { data: ended } = await live.until("call.ended");
  assert.equal(ended.call.id, home.call);
  const { data: screened } = await live.until("call.screened");
  assert.equal(screened.call.label, "legitimate");
  const names = live.events.map((one) => one.name).filter((name) => name.startsWith("call."));
  assert.deepEqual(names.slice(0, 2), ["call.started", "call.ended"]);
  await live.leave();
});

test("it is kept with every word, what it was about and what it cost", async () => {
  const { json: kept } = await good(ofTenant("GET", `/calls/${home.call}`));
  assert.equal(kept.status, "completed");
  assert.equal(kept.to_number, home.number);
  assert.equal(kept.label, "legitimate");
  assert.match(kept.name, /Novák/);
  assert.match(kept.company, /Stavby/i);
  const heard = kept.turns.filter((one) => one.speaker === "caller").map((one) => one.text);
  assert.deepEqual(heard, SAID.slice(0, heard.length));
  assert.ok(heard.length >= 2);
  const kinds = kept.usage.map((one) => one.kind);
  for (const kind of ["telephony_ms", "stt_ms", "llm_input_tokens"])
    assert.ok(kinds.includes(kind), kind);
  assert.ok(kept.cost_micro > 0);
});

test("it is found by a word the caller said, with accents and without", async () => {
  const found = async (words) => idsOf(await find(`?q=${encodeURIComponent(words)}`));
  for (const words of ["schůzce", "schuzce", "SCHŮZ", "novak", "středeční schůzce", "602345678"])
    assert.deepEqual(await found(words), [home.call], words);
  assert.deepEqual(await found("ponorka"), []);
});

test("it is resolved and leaves the heap of what is to be done", async () => {
  const { json: before, headers } = await good(ofTenant("GET", `/calls/${home.call}`));
  assert.equal(before.group, "needs_you");
  assert.deepEqual(idsOf(await find("?group=needs_you")), [home.call]);
  const json = { resolved: true, note: "Zavoláno zpět." };
  const { json: after } = await good(
    ofTenant("PATCH", `/calls/${home.call}`, { json, headers: { "If-Match": headers.etag } }),
  );
  assert.equal(after.state, "resolved");
  assert.equal(after.note, json.note);
  assert.equal(after.resolved_by.id, (await good(api("GET", "/api/me"))).json.id);
  assert.deepEqual(await find("?group=needs_you"), []);
  assert.deepEqual(idsOf(await find("?state=resolved")), [home.call]);
});

// ---- out of Karen ------------------------------------------------------------------------------------

test("another caller comes, so that it is seen who is erased", async () => {
  await order(stack.sandbox, "scripts", {
    tag: home.tenant,
    lines: ["Gratulujeme, vyhráli jste hlavní cenu!", "Stiskněte jedničku a získáte výhru."],
  });
  const live = await watch(stack, home.tenant, home.token);
  await call(stack, home.number, { from: STRANGER, audio: ["en-11-yes-correct", "en-11-yes-correct"] });
  const { data } = await live.until("call.screened");
  assert.equal(data.call.label, "spam");
  home.spam = data.call.id;
  assert.deepEqual(idsOf(await find()), [home.spam, home.call]);
  await live.leave();
});

test("calls are a table, as CSV", async () => {
  const { text, headers } = await good(ofTenant("GET", "/calls/export?format=csv"));
  assert.match(headers["content-type"], /^text\/csv/);
  assert.match(headers["content-disposition"], /attachment/);
  const [head, ...rows] = text.trim().split("\r\n");
  assert.ok(head.split(",").includes("from_number"));
  assert.equal(rows.length, 2);
  assert.ok(rows[1].includes(CALLER) && rows[1].includes("Novák"));
  const some = await good(ofTenant("GET", "/calls/export?label=spam"));
  assert.ok(!some.text.includes(CALLER) && some.text.includes(STRANGER));
});

test("everything is a ZIP file", async () => {
  const files = await exported();
  const json = (name) => JSON.parse(files.get(`${name}.json`));
  assert.match(files.get("README.txt"), /Toto je vše/);
  assert.equal(json("tenant")[0].name, "Stavby Nová");
  assert.deepEqual(idsOf(json("calls")).sort(), [home.call, home.spam].sort());
  const words = json("transcripts").map((one) => one.text);
  assert.ok(words.includes(SAID[0]));
  assert.ok(files.get("transcripts.csv").includes(SAID[0].replaceAll('"', '""')));
  assert.ok(json("usage").some((one) => one.call_id === home.call && one.quantity > 0));
  assert.deepEqual(
    json("numbers").map((one) => one.number),
    [home.number],
  );
  const actions = json("audit_log").map((one) => one.action);
  assert.ok(actions.includes("export.add"));
  for (const [name, text] of files) assert.ok(!text.includes(home.token), name);
});

// ---- out of the world ----------------------------------------------------------------------------------

test("a caller is erased, with a receipt", async () => {
  const { json: receipt } = await good(
    ofTenant("POST", "/erasures", { json: { phone: CALLER } }),
    201,
  );
  assert.equal(receipt.live_calls, 0);
  assert.equal(receipt.erased.calls, 1);
  assert.ok(receipt.erased.transcript_lines >= 4);
  assert.equal(receipt.erased.screenings, 1);
  assert.equal(receipt.erased.exports, 1); // it held the caller, too
  assert.ok(receipt.ended_at >= receipt.begun_at);
});

test("nothing of the caller is left, and of others everything", async () => {
  await refused(ofTenant("GET", `/calls/${home.call}`), 404, "not_found");
  assert.deepEqual(idsOf(await find()), [home.spam]);
  for (const words of ["schůzce", "novak", "602345678"])
    assert.deepEqual(await find(`?q=${encodeURIComponent(words)}`), [], words);
  assert.deepEqual((await good(ofTenant("GET", "/exports"))).json.items, []);
  const csv = (await good(ofTenant("GET", "/calls/export"))).text;
  const files = await exported();
  for (const [name, text] of [["calls as CSV", csv], ...files])
    for (const trace of [CALLER, CALLER.slice(4), "Novák", "Stavby Plus", "schůzce"])
      assert.ok(!text.includes(trace), `${trace} is left in ${name}`);
  assert.ok(csv.includes(STRANGER));
  assert.ok(files.get("transcripts.json").includes("hlavní cenu"));
  const log = JSON.parse(files.get("audit_log.json"));
  assert.ok(log.some((one) => one.action === "caller.erase"));
});

test("the tenant is closed, and its callers are told so", async () => {
  const { json: closed } = await good(ofTenant("DELETE"));
  assert.equal(closed.status, "cancelled");
  const days = (new Date(closed.erase_after) - new Date(closed.closed_at)) / 86400000;
  assert.ok(Math.abs(days - 30) < 0.1, `${days} days of grace`);
  await refused(ofTenant("DELETE"), 409, "wrong_status");
  const told = await call(stack, home.number, { from: CALLER, audio: ["en-11-yes-correct"] });
  const summary = told.at(-1);
  assert.equal(summary.why, "no stream was opened");
  assert.equal((await stack.database.ask("SELECT count(*)::int AS n FROM calls"))[0].n, 1);
});

test("it is taken back, as it was", async () => {
  const { json: back } = await good(ofTenant("POST", "/restore"));
  assert.equal(back.status, "active");
  assert.equal(back.erase_after, null);
  assert.equal(back.name, "Stavby Nová");
  await refused(ofTenant("POST", "/restore"), 409, "wrong_status");
  assert.deepEqual(idsOf(await find()), [home.spam]);
  const live = await watch(stack, home.tenant, home.token);
  await order(stack.sandbox, "scripts", { tag: home.tenant, lines: ["Haló?"] });
  await call(stack, home.number, { from: STRANGER, audio: ["en-11-yes-correct"] });
  await live.until("call.ended");
  assert.equal((await find()).length, 2);
});
