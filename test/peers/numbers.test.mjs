// test/peers/numbers.test.mjs: a number from nothing to its first call, with karen serve and the sandbox
// alone: ordered over the API, bought at the carrier, forwarded to, rung.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import test from "node:test";
import { order, program, root } from "./sandbox.mjs";
import { ask, makePerson, makeTenant, startStack } from "./stack.mjs";

const WAIT_MS_MAX = 60000;

const stack = await startStack();
const tenant = await makeTenant(stack, "Novák Ltd");
await stack.database.ask("UPDATE tenants SET plan = 'pro', language = 'en'");
const owner = await makePerson(stack, tenant, "owner");
const here = `/api/tenants/${tenant}`;

async function done(method, target, body) {
  const headers = body && { "Content-Type": "application/json" };
  const answer = await ask(stack, method, here + target, {
    person: owner,
    headers,
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.status < 300, `${method} ${target}: ${answer.status} ${answer.bytes}`);
  return answer.json;
}

async function ended(target) {
  const giveUp = Date.now() + WAIT_MS_MAX;
  for (;;) {
    const json = await done("GET", target);
    if (json.ended_at) return json;
    assert.ok(Date.now() < giveUp, `${target} does not end: ${JSON.stringify(json)}`);
  }
}

let number;

test("an ordered number is bought", async () => {
  const { items } = await done("GET", "/available-numbers?country=US&contains=5550&limit=1");
  assert.equal(items.length, 1);
  const wish = { country: "US", kind: "local", number: items[0].number };
  const placed = await done("POST", "/number-orders", wish);
  const active = await ended(`/number-orders/${placed.id}`);
  assert.equal(active.state, "active", JSON.stringify(active));
  number = active.number;
  assert.equal(number, items[0].number);
  assert.equal((await done("GET", "/phone-numbers")).items[0].number, number);
});

test("the carrier takes its calls to Karen: a phone that forwards there is proved", async () => {
  // the call that rings speaks longer than the greeting, as it does for real
  await order(stack.sandbox, "settings", { twilio_say_ms_per_char: 20 });
  await order(stack.sandbox, "phones", { number: owner.phone, act: "forward", to: number });
  const begun = await done("POST", "/forwarding-checks", { phone: owner.phone });
  const check = await ended(`/forwarding-checks/${begun.id}`);
  assert.equal(check.number, number);
  assert.equal(check.state, "proved", JSON.stringify(check));
});

test("whoever rings it talks with Karen", async () => {
  const words = [
    ...["call", "--url", stack.url, "--to", number, "--linger", "500", "--longest", "60000"],
    ...["--token", stack.sandbox.env.TWILIO_AUTH_TOKEN],
    ...["--account", stack.sandbox.env.TWILIO_ACCOUNT_SID],
    ...["--audio", path.join(root, "test/audio/en-02-prize-spam.wav"), "--quiet"],
  ];
  const phone = spawn(program("phone/karen-phone"), words, { stdio: "inherit" });
  const status = await new Promise((resolve) => phone.once("exit", resolve));
  assert.equal(status, 0);
  const [call] = await stack.database.ask(
    "SELECT tenant_id, service FROM calls WHERE to_number = $1",
    [number],
  );
  assert.deepEqual(call, { tenant_id: tenant, service: "full" });
});
