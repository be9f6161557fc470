// test/peers/client.test.mjs: a TypeScript client that is generated from the contract compiles under
// the strictest rules and goes through an app's first day with a real Karen.
import { webcrypto } from "node:crypto";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "./sandbox.mjs";
import { startStack } from "./stack.mjs";

globalThis.crypto ??= webcrypto; // Node 18 has it in the module only, unlike a browser

const api = path.join(root, "api");
const build = path.join(api, "client/build");

// A program of api's npm packages.
function run(program, ...words) {
  try {
    execFileSync(process.execPath, [path.join(api, "node_modules", program), ...words], {
      cwd: api,
      encoding: "utf8",
    });
  } catch (error) {
    assert.fail(error.stdout + error.stderr);
  }
}

test("a client is generated and compiles", () => {
  const types = path.join(build, "contract.d.ts");
  // what has a default need not be sent
  const words = ["--default-non-nullable", "false", "--output", types];
  run("openapi-typescript/bin/cli.js", "openapi.yaml", ...words);
  run("typescript/bin/tsc", "--project", "client", "--noEmitOnError");
});

test("it signs in, works, and signs out", async () => {
  const stack = await startStack();
  const phone = "+420602000121";
  const { flow } = await import(pathToFileURL(path.join(build, "flow.js")).href);
  const went = await flow(stack.url, phone, async () => {
    const seen = await (await fetch(`${stack.sandbox.url}/stats`)).json();
    return seen.twilio.verifications.find((one) => one.to === phone).code;
  });
  assert.equal(went.session.is_new, true);
  assert.equal(went.me.phone, phone);
  assert.equal(went.me.role, "owner");
  assert.equal(went.renamed.name, "Jana Nováková");
  assert.ok(went.renamed.version > went.me.version);
  assert.equal(went.stale.code, "version_mismatch");
  assert.equal(went.changed.greeting_text, "Dobrý den.");
  assert.equal(went.cleared.greeting_text, null);
  assert.deepEqual(went.cleared.vip_names, ["Petr"]);
  assert.deepEqual(
    went.members.map((one) => one.phone),
    [phone],
  );
  assert.deepEqual(went.readByKey, went.members);
  assert.deepEqual(
    went.bad.errors.map((one) => one.field),
    ["/name"],
  );
  assert.equal(went.again.name, "Jana Nováková");
  assert.equal(went.over.code, "unauthorized");
});
