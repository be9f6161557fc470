// test/peers/sandbox.mjs: starts programs of the build for one file of tests and ends them after it:
// the sandbox here, Karen in stack.mjs.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const START_MS_MAX = 60000;

// What is to be done after the tests of the file, newest first.
const undo = [];
export const afterwards = (step) => undo.push(step);
after(async () => {
  while (undo.length) await undo.pop()();
});

// A program of the build, "sandbox/karen-sandbox"; or named by its variable.
export function program(name, variable = "") {
  const candidates = [
    process.env[variable],
    ...(process.env.KAREN_BUILD ? [path.join(process.env.KAREN_BUILD, name)] : []),
    path.join(root, "build-test", name),
    path.join(root, "build", name),
  ];
  const found = candidates.find((one) => one && existsSync(one));
  if (!found) throw new Error(`${name} is not built; or name it in ${variable}`);
  return found;
}

// The file is moved into place whole, so seeing it is enough.
function appears(folder, file, child) {
  return new Promise((resolve, reject) => {
    const give = (error) => {
      clearTimeout(timer);
      watcher.close();
      if (error) reject(error);
      else resolve(readFileSync(file, "utf8"));
    };
    const timer = setTimeout(() => give(new Error(`${file}: not in time`)), START_MS_MAX);
    const watcher = watch(folder, look);
    child.once("exit", (code) => give(new Error(`${file}: its program ended with ${code}`)));
    function look() {
      if (existsSync(file)) give();
    }
    look();
  });
}

// Starts a program, waits for its ready file and ends it after the tests; what it prints is shown
// when it does not end well.
export async function start(name, variable, args, env = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), "karen-peers-"));
  const file = path.join(folder, "ready");
  const log = path.join(folder, "log");
  const output = openSync(log, "w");
  const child = spawn(program(name, variable), [...args(folder), "--ready-file", file], {
    stdio: ["ignore", output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  afterwards(async () => {
    child.kill("SIGTERM");
    const code = await ended;
    if (code !== 0) console.error(readFileSync(log, "utf8").slice(-6000));
    rmSync(folder, { recursive: true });
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
  });
  return { ready: await appears(folder, file, child), folder, log, pid: child.pid };
}

export async function startSandbox() {
  const args = (folder) => [
    ...["--listen", "127.0.0.1:0", "--env-file", path.join(folder, "env")],
    ...["--pace", "none", "--quiet"],
  ];
  const { ready, folder } = await start("sandbox/karen-sandbox", "KAREN_SANDBOX", args);
  const lines = readFileSync(path.join(folder, "env"), "utf8").trim().split("\n");
  const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return { ...JSON.parse(ready), env }; // env: what karen serve needs to know of it
}

export async function order(sandbox, what, body) {
  const reply = await fetch(`${sandbox.control}/${what}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  if (reply.status !== 204) throw new Error(`${what}: ${reply.status} ${await reply.text()}`);
}

export async function stats(sandbox, party) {
  const reply = await fetch(`${sandbox.url}/stats?party=${party}`);
  return (await reply.json())[party];
}

// The samples of a WAVE file, found by its chunks.
export function recording(name) {
  const file = readFileSync(path.join(root, "test/audio", name));
  for (let at = 12; at + 8 <= file.length; ) {
    const bytes = file.readUInt32LE(at + 4);
    if (file.toString("latin1", at, at + 4) === "data") return file.subarray(at + 8, at + 8 + bytes);
    at += 8 + bytes + (bytes % 2);
  }
  throw new Error(`${name} has no data`);
}

export function recordingFile(name) {
  return readFileSync(path.join(root, "test/audio", name));
}

// Where a recording is, one of ours or one that the build makes.
export function recordingPath(name) {
  const own = path.join(root, "test/audio", `${name}.wav`);
  return existsSync(own) ? own : program(`test/audio/${name}.wav`);
}
