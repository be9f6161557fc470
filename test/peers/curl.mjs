// test/peers/curl.mjs: asks Karen by the curl program, as anybody at a shell would, and watches
// what happens live with `curl -N`.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { afterwards } from "./sandbox.mjs";

const SECONDS_MAX = "60";

// {status, headers, bytes, text, json} of an answer; json when it is there.
function read(output) {
  const end = output.indexOf("\r\n\r\n");
  const [line, ...fields] = output.subarray(0, end).toString().split("\r\n");
  const headers = Object.fromEntries(
    fields.map((one) => one.split(/: ?(.*)/s)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const bytes = output.subarray(end + 4);
  const answer = { status: Number(line.split(" ")[1]), headers, bytes, text: bytes.toString() };
  if (/json/.test(headers["content-type"] ?? "")) answer.json = JSON.parse(answer.text);
  return answer;
}

const bearer = (token) => (token ? ["-H", `Authorization: Bearer ${token}`] : []);

export function curl(stack, method, target, { token, json, headers = {} } = {}) {
  const words = ["-sS", "-i", "--max-time", SECONDS_MAX, "-X", method, ...bearer(token)];
  for (const [name, value] of Object.entries(headers)) words.push("-H", `${name}: ${value}`);
  if (json !== undefined)
    words.push("-H", "Content-Type: application/json", "-H", "Expect:", "--data-binary", "@-");
  return new Promise((resolve, reject) => {
    const options = { encoding: "buffer", maxBuffer: 256 * 1024 * 1024 };
    const child = execFile("curl", [...words, stack.url + target], options, (error, output) =>
      error ? reject(error) : resolve(read(output)),
    );
    child.stdin.on("error", () => {}); // refused before all of it was read
    child.stdin.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

// Server-sent events of a readable, as they come.
export class Events extends EventEmitter {
  events = []; // {name, id, data, atMs}
  #rest = "";

  constructor(readable) {
    super();
    readable.setEncoding("utf8").on("data", (text) => this.#take(text));
  }

  #take(text) {
    const frames = (this.#rest + text).split("\n\n");
    this.#rest = frames.pop();
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split("\n").map((line) => line.split(/: ?(.*)/s)));
      if (!fields.event) continue; // a comment, or when to come back
      const { event: name, id, data } = fields;
      this.events.push({ name, id, data: JSON.parse(data), atMs: performance.now() });
      this.emit("event");
    }
  }

  // The first event of that name that fits, once it has come.
  async until(name, fits = () => true) {
    const signal = AbortSignal.timeout(Number(SECONDS_MAX) * 1000);
    for (;;) {
      const found = this.events.find((one, at) => one.name === name && fits(one.data, at));
      if (found) return found;
      await once(this, "event", { signal }).catch(() =>
        assert.fail(`no ${name} came, but ${this.events.map((one) => one.name)}`),
      );
    }
  }
}

// Watches a tenant's calls, from its snapshot on.
export async function watch(stack, tenant, token) {
  const words = ["-sSN", "--max-time", "600", ...bearer(token)];
  const child = spawn("curl", [...words, `${stack.url}/api/tenants/${tenant}/live`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const stream = new Events(child.stdout);
  stream.leave = async () => {
    child.kill();
    await ended;
  };
  afterwards(stream.leave);
  await stream.until("snapshot");
  return stream;
}
