// test/peers/sandbox.mjs: starts a karen-sandbox for one file of tests and ends it after them.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { after } from "node:test";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const START_MS_MAX = 30000;

function program() {
  const candidates = [
    process.env.KAREN_SANDBOX,
    path.join(root, "build-test/sandbox/karen-sandbox"),
    path.join(root, "build/sandbox/karen-sandbox"),
  ];
  const found = candidates.find((one) => one && existsSync(one));
  if (!found) throw new Error("karen-sandbox is not built; or name it in KAREN_SANDBOX");
  return found;
}

// The file is moved into place whole, so seeing it is enough.
function appears(folder, file) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("karen-sandbox did not start")), START_MS_MAX);
    const watcher = watch(folder, look);
    function look() {
      if (!existsSync(file)) return;
      clearTimeout(timer);
      watcher.close();
      resolve(JSON.parse(readFileSync(file, "utf8")));
    }
    look();
  });
}

export async function startSandbox() {
  const folder = mkdtempSync(path.join(tmpdir(), "karen-sandbox-"));
  const file = path.join(folder, "ready.json");
  const args = ["--listen", "127.0.0.1:0", "--ready-file", file, "--pace", "none", "--quiet"];
  const child = spawn(program(), args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  after(async () => {
    child.kill("SIGTERM");
    const code = await ended;
    rmSync(folder, { recursive: true });
    if (code !== 0) throw new Error(`karen-sandbox ended with ${code}`);
  });
  return appears(folder, file);
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
