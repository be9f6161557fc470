// test/peers/elevenlabs.test.mjs: ElevenLabs' own client against the stand-in, and its WebSockets
// by a plain one.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { ElevenLabsClient, ElevenLabsError } from "@elevenlabs/elevenlabs-js";
import { order, startSandbox, stats } from "./sandbox.mjs";

const WebSocket = createRequire(import.meta.url)("ws");
const sandbox = await startSandbox();
const client = new ElevenLabsClient({ apiKey: sandbox.elevenlabs_key, baseUrl: sandbox.elevenlabs });
const voice = "21m00Tcm4TlvDq8ikWAM";
const ask = { text: "Hello, this is Karen.", modelId: "eleven_flash_v2_5", languageCode: "en" };
const once = { maxRetries: 0 };

async function collect(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

// Speech has loud and quiet parts; silence and noise have one level.
function loudness(ulaw) {
  const levels = [];
  for (let at = 0; at + 160 <= ulaw.length; at += 160) {
    let sum = 0;
    for (let i = at; i < at + 160; i++) sum += 1 << (((~ulaw[i] & 0x70) >> 4) + 1);
    levels.push(sum / 160);
  }
  return levels;
}

test("a stream is bare mu-law of speech", async () => {
  const audio = await collect(
    await client.textToSpeech.stream(voice, { ...ask, outputFormat: "ulaw_8000" }, once),
  );
  assert.ok(audio.length > 8000, `${audio.length} bytes`);
  assert.notEqual(audio.toString("latin1", 0, 4), "RIFF");
  const levels = loudness(audio);
  assert.ok(Math.max(...levels) > 8 * Math.min(...levels));
});

test("16 kHz PCM is four times the bytes", async () => {
  const ulaw = await collect(
    await client.textToSpeech.convert(voice, { ...ask, outputFormat: "ulaw_8000" }, once),
  );
  const pcm = await collect(
    await client.textToSpeech.convert(voice, { ...ask, outputFormat: "pcm_16000" }, once),
  );
  assert.equal(pcm.length, 4 * ulaw.length);
});

test("times come with the characters", async () => {
  const stream = await client.textToSpeech.streamWithTimestamps(
    voice,
    { ...ask, outputFormat: "ulaw_8000" },
    once,
  );
  let text = "";
  let bytes = 0;
  let last = 0;
  for await (const piece of stream) {
    bytes += Buffer.from(piece.audioBase64, "base64").length;
    text += piece.alignment.characters.join("");
    for (const end of piece.alignment.characterEndTimesSeconds) {
      assert.ok(end >= last);
      last = end;
    }
  }
  assert.equal(text.trim(), ask.text);
  assert.ok(Math.abs(bytes / 8000 - last) < 0.5, `${bytes / 8000} s of audio, ${last} s of times`);
});

test("what it does not speak is refused with reasons", async () => {
  const refused = (promise, status, code) =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof ElevenLabsError, String(error));
      assert.equal(error.statusCode, status);
      assert.equal(error.body.detail.status, code);
      return true;
    });
  await refused(client.textToSpeech.convert(voice, ask, once), 400, "invalid_output_format");
  const format = { outputFormat: "ulaw_8000" };
  await refused(
    client.textToSpeech.convert("nobody", { ...ask, ...format }, once),
    404,
    "voice_not_found",
  );
  await refused(
    client.textToSpeech.convert(voice, { ...ask, ...format, text: "x".repeat(40001) }, once),
    400,
    "max_character_limit_exceeded",
  );
  const wrong = new ElevenLabsClient({ apiKey: "wrong", baseUrl: sandbox.elevenlabs });
  await refused(
    wrong.textToSpeech.convert(voice, { ...ask, ...format }, once),
    401,
    "invalid_api_key",
  );
});

test("a missing text is a list of what is wrong", async () => {
  const reply = await fetch(
    `${sandbox.elevenlabs}/v1/text-to-speech/${voice}?output_format=ulaw_8000`,
    { method: "POST", headers: { "xi-api-key": sandbox.elevenlabs_key }, body: "{}" },
  );
  assert.equal(reply.status, 422);
  assert.deepEqual((await reply.json()).detail[0].loc, ["body", "text"]);
});

test("lists are what the client expects", async () => {
  const models = await client.models.list();
  assert.ok(models.find((one) => one.modelId === "eleven_flash_v2_5").languages.length >= 4);
  const czech = await client.voices.search({ language: "cs", pageSize: 1 });
  assert.equal(czech.voices.length, 1);
  assert.equal(czech.hasMore, true);
  const more = await client.voices.search({ language: "cs", nextPageToken: czech.nextPageToken });
  assert.ok(more.voices.length >= 1 && more.voices[0].voiceId !== czech.voices[0].voiceId);
  assert.equal((await client.voices.get(voice)).name, "Rachel");
  const subscription = await client.user.subscription.get();
  assert.ok(subscription.characterCount > 0);
});

test("too many at once and a broken stream reach the client", async () => {
  await order(sandbox, "settings", { elevenlabs_streams_max: 0 });
  await assert.rejects(
    client.textToSpeech.convert(voice, { ...ask, outputFormat: "ulaw_8000" }, once),
    (error) => error.statusCode === 429,
  );
  await order(sandbox, "settings", { elevenlabs_streams_max: 100 });
  await order(sandbox, "faults", { party: "elevenlabs", act: "drop", after: 2048, times: 1 });
  await assert.rejects(async () =>
    collect(await client.textToSpeech.stream(voice, { ...ask, outputFormat: "ulaw_8000" }, once)),
  );
});

function talk(path, texts) {
  const url = sandbox.elevenlabs.replace("http", "ws") + path;
  const socket = new WebSocket(url, { headers: { "xi-api-key": sandbox.elevenlabs_key } });
  const messages = [];
  socket.on("open", () => texts.forEach((text) => socket.send(JSON.stringify(text))));
  socket.on("message", (data) => messages.push(JSON.parse(data)));
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code) => resolve({ code, messages }));
  });
}

const query = "model_id=eleven_flash_v2_5&language_code=en&output_format=ulaw_8000";

test("text sent in pieces over a WebSocket comes back as audio", async () => {
  const { code, messages } = await talk(`/v1/text-to-speech/${voice}/stream-input?${query}`, [
    { text: " ", voice_settings: { stability: 0.5 } },
    { text: "Hello, " },
    { text: "this is Karen. " },
    { text: "" },
  ]);
  assert.equal(code, 1000);
  const audio = messages.filter((one) => one.audio).map((one) => Buffer.from(one.audio, "base64"));
  assert.ok(Buffer.concat(audio).length > 8000);
  assert.equal(messages.at(-1).isFinal, true);
  const spoken = messages.filter((one) => one.alignment).flatMap((one) => one.alignment.chars);
  assert.equal(spoken.join("").trim(), "Hello, this is Karen.");
});

test("contexts of one WebSocket keep apart, and a closed one says no more", async () => {
  const { messages } = await talk(
    `/v1/text-to-speech/${voice}/multi-stream-input?${query}&auto_mode=true`,
    [
      { text: " ", context_id: "a" },
      { text: "First. ", context_id: "a" },
      { text: "Second. ".repeat(40), context_id: "b", flush: true },
      { context_id: "b", close_context: true },
      { close_socket: true },
    ],
  );
  assert.ok(messages.some((one) => one.contextId === "a" && one.audio));
  const closed = messages.findIndex((one) => one.contextId === "b" && one.isFinal);
  const later = messages.slice(closed + 1);
  assert.ok(closed >= 0 && !later.some((one) => one.contextId === "b"));
  assert.equal(messages.filter((one) => one.isFinal === true).length, 2);
});

test("a closed context says what was flushed, and nothing else", async () => {
  const { messages } = await talk(`/v1/text-to-speech/${voice}/multi-stream-input?${query}`, [
    { text: " ", context_id: "keep" },
    { text: "Flushed. ", context_id: "keep", flush: true },
    { context_id: "keep", close_context: true },
    { text: "Never flushed. ", context_id: "drop" },
    { context_id: "drop", close_context: true },
    { context_id: "never there", close_context: true },
    { text: "", context_id: "keep" },
    { close_socket: true },
  ]);
  const of = (id) => messages.filter((one) => one.contextId === id);
  assert.equal(of("keep").flatMap((one) => one.alignment?.chars ?? []).join("").trim(), "Flushed.");
  assert.equal(of("keep").at(-1).isFinal, true);
  assert.deepEqual(of("drop").map((one) => one.isFinal), [true]);
  assert.equal(of("never there").length, 0);
});

test("no more than five contexts are open at once", async () => {
  const { code, messages } = await talk(
    `/v1/text-to-speech/${voice}/multi-stream-input?${query}`,
    ["1", "2", "3", "4", "5", "6"].map((id) => ({ text: " ", context_id: id })),
  );
  assert.equal(code, 1008);
  assert.equal(messages.at(-1).error, "max_active_conversations");
});

test("a first message with a wrong key is turned away", async () => {
  const url = `${sandbox.elevenlabs.replace("http", "ws")}/v1/text-to-speech/${voice}/stream-input?${query}`;
  const socket = new WebSocket(url);
  const code = await new Promise((resolve, reject) => {
    socket.on("open", () => socket.send(JSON.stringify({ text: " ", xi_api_key: "wrong" })));
    socket.on("error", reject);
    socket.on("close", resolve);
  });
  assert.equal(code, 1008);
});

test("what was sent is counted", async () => {
  const seen = await stats(sandbox, "elevenlabs");
  assert.ok(seen.endpoints.stream.requests >= 2);
  assert.ok(seen.streams.some((one) => one.endpoint === "multi_input"));
  assert.equal(seen.endpoints.stream_input.live, 0);
});
