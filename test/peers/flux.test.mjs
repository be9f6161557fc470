// test/peers/flux.test.mjs: Deepgram's own client against the stand-in's Flux.
import assert from "node:assert/strict";
import test from "node:test";
import { clientOf, hearAll, silence, voice } from "./deepgram.mjs";
import { order, recording, startSandbox, stats } from "./sandbox.mjs";

const sandbox = await startSandbox();
const client = clientOf(sandbox);
const phone = {
  model: "flux-general-en",
  encoding: "mulaw",
  sample_rate: 8000,
  eot_threshold: 0.7,
  eager_eot_threshold: 0.4,
  eot_timeout_ms: 3000,
  reconnectAttempts: 0,
};

async function listen(query, audio, before) {
  const socket = await client.listen.v2.connect({ ...phone, ...query });
  return hearAll(socket, audio, 640, { before });
}

const turns = (messages) => messages.filter((one) => one.type === "TurnInfo");
// What happened, without what was only said again.
const story = (messages) =>
  turns(messages)
    .filter((one) => one.event !== "Update")
    .map((one) => `${one.event} ${one.turn_index}`);
const ends = (messages) => turns(messages).filter((one) => one.event === "EndOfTurn");

test("a recording is understood turn by turn", async () => {
  const audio = Buffer.concat([recording("en-01-message-callback.wav"), silence(1500)]);
  const { messages, code } = await listen({}, audio);
  assert.equal(code, 1000);
  assert.equal(messages[0].type, "Connected");
  assert.deepEqual(
    messages.map((one) => one.sequence_id),
    messages.map((_, at) => at),
  );
  const text = ends(messages)
    .map((one) => one.transcript)
    .join(" ")
    .toLowerCase();
  for (const word of ["novak", "meeting", "wednesday"]) assert.match(text, new RegExp(word));
  for (const end of ends(messages)) {
    assert.equal(end.trigger, "model");
    assert.ok(end.end_of_turn_confidence >= 0.7);
    assert.ok(end.words.every((one) => one.word && one.confidence > 0 && one.end >= one.start));
    assert.ok(end.audio_window_end > end.audio_window_start);
  }
});

test("a short pause may be an end, a longer one is", async () => {
  await order(sandbox, "scripts", { tag: "pauses", lines: ["I want to speak.", "Thank you."] });
  const audio = [voice(1200), silence(300), voice(600), silence(900), voice(600), silence(900)];
  const { messages } = await listen({ tag: "pauses" }, Buffer.concat(audio));
  assert.deepEqual(story(messages), [
    "StartOfTurn 0",
    "EagerEndOfTurn 0",
    "TurnResumed 0",
    "EagerEndOfTurn 0",
    "EndOfTurn 0",
    "StartOfTurn 1",
    "EagerEndOfTurn 1",
    "EndOfTurn 1",
  ]);
  assert.deepEqual(
    ends(messages).map((one) => one.transcript),
    ["I want to speak.", "Thank you."],
  );
  const eager = turns(messages).filter((one) => one.event === "EagerEndOfTurn");
  assert.equal(eager[1].transcript, ends(messages)[0].transcript);
});

test("without a threshold for it no turn may be over", async () => {
  await order(sandbox, "scripts", { tag: "plain", lines: ["Hello."] });
  const query = { tag: "plain", eager_eot_threshold: undefined };
  const { messages } = await listen(query, Buffer.concat([voice(600), silence(900)]));
  assert.deepEqual(story(messages), ["StartOfTurn 0", "EndOfTurn 0"]);
});

test("a turn that nobody is sure of ends by the clock", async () => {
  await order(sandbox, "scripts", { tag: "clock", lines: ["Hello."] });
  const query = { tag: "clock", eot_threshold: 1, eot_timeout_ms: 1000 };
  const { messages } = await listen(query, Buffer.concat([voice(600), silence(1300)]));
  assert.equal(ends(messages)[0].trigger, "timeout");
});

test("Configure changes the thresholds, or says that it does not", async () => {
  await order(sandbox, "scripts", { tag: "configured", lines: ["Hello."] });
  const audio = Buffer.concat([voice(600), silence(900)]);
  const { messages } = await listen({ tag: "configured" }, audio, (socket) => {
    socket.sendConfigure({ type: "Configure", thresholds: { eot_threshold: 0.9 } });
    socket.sendConfigure({ type: "Configure", thresholds: { eot_threshold: 7 } });
  });
  const taken = messages.find((one) => one.type === "ConfigureSuccess");
  assert.equal(taken.thresholds.eot_threshold, 0.9);
  assert.ok(messages.some((one) => one.type === "ConfigureFailure"));
  assert.equal(ends(messages).length, 0);
});

test("what it does not know ends the stream with an error", async () => {
  const { messages, code } = await listen({}, silence(100), (socket) =>
    socket.sendForceEndTurn({ type: "ForceEndTurn" }),
  );
  const error = messages.find((one) => one.type === "Error");
  assert.equal(error.code, "UNPARSABLE_CLIENT_MESSAGE");
  assert.equal(code, 1008);
});

test("a hint belongs to the model for many languages", async () => {
  await order(sandbox, "scripts", { tag: "hinted", language: "de", lines: ["Guten Tag."] });
  const query = { tag: "hinted", model: "flux-general-multi", language_hint: "de" };
  const { messages } = await listen(query, Buffer.concat([voice(600), silence(900)]));
  assert.equal(ends(messages)[0].transcript, "Guten Tag.");
  assert.deepEqual(ends(messages)[0].languages, ["de"]);
});

test("a handshake is refused in its own words", async () => {
  const status = async (query) => {
    const reply = await fetch(`${sandbox.deepgram}/v2/listen?${query}`, {
      headers: { Authorization: `Token ${sandbox.deepgram_key}` },
    });
    return [reply.status, (await reply.json()).err_msg];
  };
  const raw = "encoding=mulaw&sample_rate=8000";
  for (const [query, names] of [
    [`model=nova-3&${raw}`, /model/],
    [raw, /model/],
    [`model=flux-general-en&language_hint=de&${raw}`, /language_hint/],
    [`model=flux-general-multi&language_hint=&${raw}`, /language_hint/],
    [`model=flux-general-en&eot_threshold=0.2&${raw}`, /eot_threshold/],
    [`model=flux-general-en&eot_timeout_ms=100&${raw}`, /eot_timeout_ms/],
    [`model=flux-general-en&interim_results=true&${raw}`, /interim_results/],
    ["model=flux-general-en&encoding=mulaw", /sample_rate/],
  ]) {
    const [code, message] = await status(query);
    assert.equal(code, 400, query);
    assert.match(message, names);
  }
});

test("a dropped stream is a broken connection, and all of it is counted", async () => {
  const fault = { party: "deepgram", endpoint: "flux", act: "drop", after: 1, times: 1 };
  await order(sandbox, "faults", fault);
  assert.equal((await listen({ tag: "dropped" }, voice(500))).code, 1006);
  assert.equal((await listen({}, voice(500))).code, 1000);
  const seen = await stats(sandbox, "deepgram");
  const stream = seen.streams.find((one) => one.tag === "dropped");
  assert.equal(stream.model, "flux-general-en");
});
