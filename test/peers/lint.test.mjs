// test/peers/lint.test.mjs: the contract by the rules of others: Redocly's, of api/redocly.yaml.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import test from "node:test";
import { root } from "./sandbox.mjs";

test("the contract breaks no rule of OpenAPI, and none of ours", () => {
  const cli = path.join(root, "api/node_modules/@redocly/cli/bin/cli.js");
  const words = ["lint", "--config", "redocly.yaml", "--format", "stylish", "openapi.yaml"];
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const run = spawnSync(process.execPath, [cli, ...words], {
    cwd: path.join(root, "api"),
    env,
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});
