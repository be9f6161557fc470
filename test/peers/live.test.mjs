// test/peers/live.test.mjs: calls watched and ordered across two workers: whoever watches is served
// by one, the call is carried by the other, and neither is the slower for it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import test from "node:test";
import { Events } from "./curl.mjs";
import { afterwards, order } from "./sandbox.mjs";
import {
  ask,
  call,
  eventually,
  giveNumber,
  makePerson,
  makeTenant,
  startStack,
} from "./stack.mjs";

const NUMBER = "+420228880041";
const SAID = [
  "Dobrý den, tady Jan Novák z firmy Stavby Plus, volám kvůli středeční schůzce.",
  "Ano, zavolejte mi prosím zpátky.",
  "Ano, to je správně.",
];
const SLOW_MS = 3000; // what is measured is printed; this only tells it from what never comes

// ---- the way from the recogniser ---------------------------------------------------------------------

// When words were understood for good: text -> time at which they passed on their way to Karen.
const understoodAt = new Map();

// Frames of a server, after its answer to the upgrade, that are whole texts (RFC 6455 5.2).
function* texts(read) {
  for (;;) {
    const head = yield 2;
    let bytes = head[1] & 127;
    if (bytes === 126) bytes = (yield 2).readUInt16BE();
    else if (bytes === 127) bytes = Number((yield 8).readBigUInt64BE());
    read(yield bytes);
  }
}

function follow(connection) {
  const want = texts((text) => {
    const json = text[0] === 0x7b && JSON.parse(text);
    if (json?.type === "Results" && json.is_final)
      understoodAt.set(json.channel.alternatives[0].transcript, performance.now());
  });
  let upgraded = false;
  let held = Buffer.alloc(0);
  let due = want.next().value;
  connection.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    const end = upgraded ? -1 : held.indexOf("\r\n\r\n");
    if (end >= 0) {
      upgraded = true;
      held = held.subarray(end + 4);
    }
    while (upgraded && held.length >= due) {
      const part = held.subarray(0, due);
      held = held.subarray(due);
      due = want.next(part).value;
    }
  });
}

let recogniser; // where the sandbox has it
const between = net.createServer((karen) => {
  const sandbox = net.connect(recogniser);
  follow(sandbox);
  karen.pipe(sandbox).pipe(karen);
  for (const end of [karen, sandbox]) end.on("error", () => (karen.destroy(), sandbox.destroy()));
});
await new Promise((resolve) => between.listen(0, "127.0.0.1", resolve));
afterwards(() => between.close());

const stack = await startStack({
  WORKERS: "2",
  DEEPGRAM_BASE_URL: `http://127.0.0.1:${between.address().port}/deepgram`,
});
const { hostname: host, port } = new URL(stack.sandbox.env.DEEPGRAM_BASE_URL);
recogniser = { host, port: Number(port) };

// ---- who serves whom ---------------------------------------------------------------------------------

const workers = readFileSync(`/proc/${stack.pid}/task/${stack.pid}/children`, "utf8")
  .trim()
  .split(" ")
  .map(Number);

// The worker with a connection between these two ports, its own first; a port of 0 is any.
function workerWith(own, other) {
  const hex = (number) => number.toString(16).toUpperCase().padStart(4, "0");
  const is = (field, number) => number === 0 || field.endsWith(`:${hex(number)}`);
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  const sockets = rows
    .map((row) => row.trim().split(/ +/))
    .filter((row) => row[3] === "01" && is(row[1], own) && is(row[2], other))
    .map((row) => `socket:[${row[9]}]`);
  const has = (pid) =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false; // closed meanwhile
      }
    });
  return workers.find(has);
}

const served = Number(new URL(stack.url).port);

// An agent whose one connection is to that worker.
async function agentOf(worker) {
  for (let tries = 0; tries < 200; tries++) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const mine = await new Promise((resolve, reject) => {
      const request = http.get(`${stack.url}/healthz`, { agent }, (answer) => {
        const found = workerWith(served, request.socket.localPort);
        answer.resume().on("end", () => resolve(found));
      });
      request.on("error", reject);
    });
    if (mine === worker) {
      afterwards(() => agent.destroy());
      return agent;
    }
    agent.destroy();
  }
  return assert.fail(`no connection came to worker ${worker}`);
}

const tenant = await makeTenant(stack, "Watched");
const person = await makePerson(stack, tenant, "owner");
await giveNumber(stack, tenant, NUMBER);
const authorization = { Authorization: `Bearer ${person.token}` };

// What happens, as that worker tells it.
async function watch(worker) {
  const agent = await agentOf(worker);
  const events = await new Promise((resolve, reject) => {
    const options = { agent, headers: authorization };
    http
      .get(`${stack.url}/api/tenants/${tenant}/live`, options, (answer) => {
        answer.on("error", () => {}); // left
        resolve(new Events(answer));
      })
      .on("error", reject);
  });
  await events.until("snapshot");
  return events;
}

// {status, json, ms} of an order given by a connection.
function give(agent, callId, what) {
  const target = `${stack.url}/api/tenants/${tenant}/calls/${callId}/orders`;
  const headers = { ...authorization, "Content-Type": "application/json" };
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(target, { agent, method: "POST", headers }, async (answer) => {
      const json = JSON.parse(Buffer.concat(await answer.toArray()));
      resolve({ status: answer.statusCode, json, ms: performance.now() - began });
    });
    request.on("error", reject);
    request.end(JSON.stringify(what));
  });
}

// A call, and which worker carries it.
async function ring(readers, audio, words = []) {
  await order(stack.sandbox, "scripts", { tag: tenant, lines: SAID });
  const began = readers[0].events.length;
  const talk = call(stack, NUMBER, { from: "+420602345678", audio, words });
  const started = await readers[0].until("call.started", (_, at) => at >= began);
  const id = started.data.call.id;
  await readers[0].until("line.added", (data) => data.call_id === id);
  const carrier = workerWith(0, between.address().port);
  assert.ok(workers.includes(carrier), "a worker carries it");
  return { id, talk, carrier, other: workers.find((one) => one !== carrier) };
}

const ms = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return `median ${median.toFixed(1)} ms, worst ${sorted.at(-1).toFixed(1)} ms of ${list.length}`;
};

assert.equal(workers.length, 2);
const toldAt = new Map(); // "kind subject" -> when PostgreSQL told of it, to us as to the workers
await stack.database.listen("karen_live", (payload) => {
  const [, kind, , callId, what] = payload.split(" ");
  const key = kind === "line" ? `line ${callId} ${what}` : `${kind} ${what}`;
  toldAt.set(key, toldAt.get(key) ?? performance.now());
});
const readers = [await watch(workers[0]), await watch(workers[1])];

// ---- sentences ---------------------------------------------------------------------------------------

test("words are shown by both workers, whichever carries the call", async (t) => {
  const times = { said: [], same: [], other: [] };
  const audio = SAID.map(() => "en-11-yes-correct");
  const one = await ring(readers, audio, ["--linger", "1000"]);
  await one.talk;
  for (const reader of readers) await reader.until("call.ended", (data) => data.call.id === one.id);
  readers.forEach((reader, i) => {
    const lines = reader.events.filter(
      ({ name, data }) => name === "line.added" && data.call_id === one.id,
    );
    const heard = lines.filter(({ data }) => data.line.speaker === "caller");
    assert.ok(heard.length >= 2, "what the caller said came");
    for (const { data, atMs } of heard) {
      const where = workers[i] === one.carrier ? "same" : "other";
      times[where].push(atMs - toldAt.get(`line ${one.id} ${data.line.seq}`));
      if (where === "other" && understoodAt.has(data.line.text))
        times.said.push(atMs - understoodAt.get(data.line.text));
    }
  });
  // what was understood is a line when the caller's turn is over, which Karen may wait for
  t.diagnostic(`understood by the recogniser to event, other worker: ${ms(times.said)}`);
  t.diagnostic(`stored to event, same worker: ${ms(times.same)}`);
  t.diagnostic(`stored to event, other worker: ${ms(times.other)}`);
  assert.ok(times.said.length >= 2 && times.other.length >= 2);
  for (const took of Object.values(times).flat()) assert.ok(took < SLOW_MS, `${took} ms`);
});

test("orders given to the worker that does not carry the call are carried out", async (t) => {
  const one = await ring(readers, ["en-11-yes-correct"], ["--linger", "60000"]);
  const there = await agentOf(one.other);
  const answers = [];
  const ids = [];
  for (let i = 0; i < 8; i++) {
    const answer = await give(there, one.id, { kind: "whisper", text: `Ask for more, ${i}.` });
    assert.equal(answer.status, 201, JSON.stringify(answer.json));
    assert.equal(answer.json.state, "done");
    answers.push(answer.ms);
    ids.push(answer.json.id);
  }
  await eventually(() => ids.every((id) => toldAt.has(`over ${id}`)));
  const taken = ids.map((id) => toldAt.get(`over ${id}`) - toldAt.get(`order ${id}`));
  t.diagnostic(`order, posted to done at the other worker: ${ms(taken)}`);
  t.diagnostic(`order, asked to answered: ${ms(answers)}`);
  for (const took of taken) assert.ok(took < SLOW_MS, `${took} ms`);

  const ended = await give(there, one.id, { kind: "end" });
  assert.ok([201, 202].includes(ended.status), JSON.stringify(ended.json));
  for (const reader of readers) await reader.until("call.ended", (data) => data.call.id === one.id);
  const summary = (await one.talk).at(-1);
  assert.equal(summary.ended_by, "karen");
  const late = await give(there, one.id, { kind: "end" });
  assert.equal(late.status, 409);
});

test("who picks up and does not press 1 has not taken the call: the caller is back", async () => {
  await stack.database.ask("UPDATE tenants SET forward_number = '+420777123456' WHERE id = $1", [
    tenant,
  ]);
  const words = ["--dial", "declined", "--linger", "60000"];
  const one = await ring(readers, ["en-11-yes-correct"], words);
  await readers[0].until(
    "line.added",
    ({ call_id, line }) => call_id === one.id && line.speaker === "caller",
  );
  const there = await agentOf(one.other);
  const given = await give(there, one.id, { kind: "transfer" });
  assert.ok([201, 202].includes(given.status), JSON.stringify(given.json));
  await readers[1].until(
    "line.added",
    ({ call_id, line }) => call_id === one.id && line.phrase === "not_reached",
  );
  const ended = await give(there, one.id, { kind: "end" });
  assert.ok([201, 202].includes(ended.status), JSON.stringify(ended.json));
  await readers[1].until("call.ended", (data) => data.call.id === one.id);
  await one.talk;
  const [kept] = await stack.database.ask(
    "SELECT transfer, ended_reason, taken_at FROM calls WHERE id = $1",
    [one.id],
  );
  assert.equal(kept.transfer, "failed");
  assert.notEqual(kept.ended_reason, "transferred");
  assert.equal(kept.taken_at, null);
});

test("a call that was put through is booked with what Karen had used until then", async () => {
  await stack.database.ask("UPDATE tenants SET forward_number = '+420777123456' WHERE id = $1", [
    tenant,
  ]);
  const words = ["--dial", "answered", "--linger", "60000"];
  const one = await ring(readers, ["en-11-yes-correct"], words);
  await readers[0].until(
    "line.added",
    ({ call_id, line }) => call_id === one.id && line.speaker === "caller",
  );
  const there = await agentOf(one.other);
  const given = await give(there, one.id, { kind: "transfer" });
  assert.ok([201, 202].includes(given.status), JSON.stringify(given.json));
  await readers[1].until("call.ended", (data) => data.call.id === one.id);
  await one.talk;
  const kept = await ask(stack, "GET", `/api/tenants/${tenant}/calls/${one.id}`, { person });
  assert.equal(kept.json.ended_reason, "transferred");
  const used = new Map(kept.json.usage.map((row) => [row.kind, row.quantity]));
  for (const kind of ["telephony_ms", "stt_ms"]) assert.ok(used.get(kind) > 0, kind);
  assert.ok(kept.json.cost_micro > 0);
});
