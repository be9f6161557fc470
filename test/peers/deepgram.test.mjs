// test/peers/deepgram.test.mjs: Deepgram's own client against the stand-in.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { clientOf, hearAll, silence, socketBase as baseOf, voice } from "./deepgram.mjs";
import { order, recording, recordingFile, startSandbox, stats } from "./sandbox.mjs";

const WebSocket = createRequire(import.meta.url)("ws");
const sandbox = await startSandbox();
const socketBase = baseOf(sandbox);
const client = clientOf(sandbox);
const phone = {
  model: "nova-3",
  language: "en",
  encoding: "mulaw",
  sample_rate: 8000,
  channels: 1,
  interim_results: "true",
  endpointing: 300,
  utterance_end_ms: 1000,
  vad_events: "true",
  punctuate: "true",
};

async function listen(query, audio, after) {
  const socket = await client.listen.v1.connect({ ...phone, ...query, reconnectAttempts: 0 });
  return hearAll(socket, audio, 480, { after });
}

const finals = (messages) => messages.filter((one) => one.type === "Results" && one.is_final);
const textOf = (messages) =>
  finals(messages)
    .map((one) => one.channel.alternatives[0].transcript)
    .filter(Boolean)
    .join(" ");

test("a recording is understood, with partial results on the way", async () => {
  const audio = Buffer.concat([recording("en-01-message-callback.wav"), silence(1500)]);
  const { messages, code } = await listen({}, audio);
  assert.equal(code, 1000);
  const text = textOf(messages).toLowerCase();
  for (const word of ["novak", "meeting", "wednesday"]) assert.match(text, new RegExp(word));
  assert.ok(messages.some((one) => one.type === "Results" && !one.is_final));
  assert.ok(messages.some((one) => one.type === "SpeechStarted"));
  assert.ok(messages.some((one) => one.type === "UtteranceEnd" && one.last_word_end > 1));
  assert.ok(finals(messages).some((one) => one.speech_final));
  assert.equal(messages.at(-1).type, "Metadata");
  const word = finals(messages).find((one) => one.channel.alternatives[0].words.length).channel
    .alternatives[0].words[0];
  assert.ok(word.end > word.start && word.confidence > 0 && word.punctuated_word);
});

test("a whole recording is transcribed", async () => {
  const answer = await client.listen.v1.media.transcribeFile(
    recordingFile("en-01-message-callback.wav"),
    { model: "nova-3", language: "en" },
  );
  assert.match(answer.results.channels[0].alternatives[0].transcript, /novak/i);
  assert.ok(answer.metadata.duration > 5);
});

test("a script gives its exact words, each utterance a line", async () => {
  await order(sandbox, "scripts", {
    tag: "exact",
    lines: ["Dobrý den, tady Novák.", { text: "Zavolejte mi na 777.", confidence: 0.61 }],
  });
  const audio = Buffer.concat([voice(1500), silence(1200), voice(1200), silence(1200)]);
  const { messages } = await listen({ tag: "exact", language: "cs" }, audio);
  const said = finals(messages).filter((one) => one.channel.alternatives[0].transcript);
  assert.deepEqual(
    said.map((one) => one.channel.alternatives[0].transcript),
    ["Dobrý den, tady Novák.", "Zavolejte mi na 777."],
  );
  assert.ok(said.every((one) => one.speech_final && !one.from_finalize));
  assert.equal(said[1].channel.alternatives[0].confidence, 0.61);
  assert.deepEqual(said[0].channel.alternatives[0].words[0].word, "dobrý");
});

test("Finalize answers at once and marks what it gives", async () => {
  await order(sandbox, "scripts", { tag: "finalize", lines: ["Yes."] });
  const { messages } = await listen({ tag: "finalize" }, voice(600), (socket) =>
    socket.sendFinalize({ type: "Finalize" }),
  );
  const given = finals(messages).find((one) => one.channel.alternatives[0].transcript);
  assert.equal(given.channel.alternatives[0].transcript, "Yes.");
  assert.equal(given.from_finalize, true);
  assert.equal(given.speech_final, false);
});

function handshake(query, key) {
  const socket = new WebSocket(`${socketBase}/v1/listen?${query}`, {
    headers: { Authorization: `Token ${key}` },
  });
  return new Promise((resolve) => {
    let headers;
    socket.on("upgrade", (reply) => (headers = reply.headers));
    socket.on("open", () => resolve({ status: 101, headers, socket }));
    socket.on("error", () => {});
    socket.on("unexpected-response", (_, reply) => {
      let body = "";
      reply.on("data", (piece) => (body += piece));
      reply.on("end", () => resolve({ status: reply.statusCode, headers: reply.headers, body }));
    });
  });
}

const raw = "encoding=mulaw&sample_rate=8000";

test("a handshake is refused in its own words", async () => {
  const model = await handshake(`model=nova-9&${raw}`, sandbox.deepgram_key);
  assert.equal(model.status, 400);
  assert.match(model.headers["dg-error"], /model\/language\/tier/);
  assert.equal((await handshake(`model=nova-3&language=xx&${raw}`, sandbox.deepgram_key)).status, 400);
  assert.equal((await handshake(`model=nova-3&nonsense=1&${raw}`, sandbox.deepgram_key)).status, 400);
  const key = await handshake(`model=nova-3&${raw}`, "wrong");
  assert.equal(key.status, 401);
  assert.equal(JSON.parse(key.body).err_code, "INVALID_AUTH");
});

test("a handshake names the request, and an empty frame ends the stream", async () => {
  const { status, headers, socket } = await handshake(`model=nova-3&${raw}`, sandbox.deepgram_key);
  assert.equal(status, 101);
  assert.match(headers["dg-request-id"], /^[0-9a-f-]{36}$/);
  const messages = [];
  socket.on("message", (data) => messages.push(JSON.parse(data)));
  socket.send(Buffer.alloc(0));
  const code = await new Promise((resolve) => socket.on("close", resolve));
  assert.equal(code, 1000);
  assert.equal(messages.at(-1).type, "Metadata");
});

test("a dropped stream is a broken connection", async () => {
  await order(sandbox, "faults", { party: "deepgram", act: "drop", after: 0, times: 1 });
  await order(sandbox, "scripts", { tag: "dropped", lines: ["Hello."] });
  const { code, messages } = await listen({ tag: "dropped" }, voice(500));
  assert.equal(code, 1006);
  assert.equal(messages.length, 0);
});

test("a party that refuses connections is not there", async () => {
  await order(sandbox, "faults", { party: "deepgram", act: "refuse" });
  await assert.rejects(fetch(`${sandbox.deepgram}/v1/listen`), (error) => error.cause?.code === "ECONNREFUSED");
  await order(sandbox, "reset", {});
  assert.equal((await fetch(`${sandbox.deepgram}/v1/listen`)).status, 401);
});

test("what a stream was sent is shown", async () => {
  await order(sandbox, "scripts", { tag: "shown", lines: ["Hello."] });
  await listen({ tag: "shown", keyterm: "Svoboda" }, voice(600), (socket) =>
    socket.sendKeepAlive({ type: "KeepAlive" }),
  );
  const seen = await stats(sandbox, "deepgram");
  const stream = seen.streams.find((one) => one.tag === "shown");
  assert.equal(stream.audio_bytes, 4800);
  assert.equal(stream.keep_alives, 1);
  assert.deepEqual(stream.keyterms, ["Svoboda"]);
  assert.equal(seen.endpoints.listen.live, 0);
});
