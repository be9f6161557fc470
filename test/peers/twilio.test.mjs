// test/peers/twilio.test.mjs: Twilio's own client and validator against the stand-in.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test, { after } from "node:test";
import twilio from "twilio";
import { order, startSandbox, stats } from "./sandbox.mjs";

const sandbox = await startSandbox();

// The client has no base URL of its own: each request is sent to the sandbox in place of its host.
class ToSandbox extends twilio.RequestClient {
  request(options) {
    const url = new URL(options.uri);
    return super.request({ ...options, uri: sandbox.twilio + url.pathname + url.search });
  }
}
const connect = (token) =>
  twilio(sandbox.twilio_account, token, { httpClient: new ToSandbox(), autoRetry: false });
const client = connect(sandbox.twilio_token);
const own = "+420228883001";

// Where the sandbox's callbacks go.
const received = [];
let twimls = {}; // the documents answered with, by path
let wake = () => {};
const server = createServer((request, reply) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const url = `http://127.0.0.1:${server.address().port}${request.url}`;
    const params = Object.fromEntries(new URLSearchParams(body));
    received.push({ url, params, signature: request.headers["x-twilio-signature"] });
    reply.setHeader("Content-Type", "text/xml");
    reply.end(twimls[request.url] ?? '<Response><Pause length="60"/></Response>');
    wake();
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => server.close());
const base = `http://127.0.0.1:${server.address().port}`;

async function arrives(fits) {
  for (;;) {
    const found = received.find(fits);
    if (found) return found;
    await new Promise((resolve) => (wake = resolve));
  }
}
const refused = (promise, status, code) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.status, status);
    assert.equal(error.code, code);
    return true;
  });

test("a call is placed, goes to its webhook, is redirected and ended", async () => {
  const call = await client.calls.create({
    to: "+420777123456",
    from: own,
    url: `${base}/first?r=eu1&t=a%20b&n=Plze%C5%88`,
    statusCallback: `${base}/status`,
    statusCallbackEvent: ["initiated", "answered", "completed"],
  });
  assert.match(call.sid, /^CA[0-9a-f]{32}$/);
  assert.equal(call.status, "queued");
  const first = await arrives((one) => one.url.includes("/first?"));
  assert.equal(first.params.CallSid, call.sid);
  assert.equal(first.params.Direction, "outbound-api");
  assert.ok(
    twilio.validateRequest(sandbox.twilio_token, first.signature, first.url, first.params),
    "the client's own validator takes the webhook's signature",
  );
  await arrives((one) => one.params.CallStatus === "in-progress" && one.url.endsWith("/status"));
  await client.calls(call.sid).update({ url: `${base}/second`, method: "POST" });
  await arrives((one) => one.url.endsWith("/second"));
  await client.calls(call.sid).update({ twiml: "<Response><Pause length='60'/></Response>" });
  assert.equal((await client.calls(call.sid).fetch()).status, "in-progress");
  const ended = await client.calls(call.sid).update({ status: "completed" });
  assert.equal(ended.status, "completed");
  const told = await arrives((one) => one.params.CallStatus === "completed");
  assert.ok(twilio.validateRequest(sandbox.twilio_token, told.signature, told.url, told.params));
  assert.ok(Number(told.params.CallDuration) >= 0);
  await refused(client.calls(call.sid).update({ url: `${base}/third` }), 400, 21220);
  assert.ok((await client.calls.list({ limit: 5 })).some((one) => one.sid === call.sid));
});

test("TwiML that comes inline is run", async () => {
  const call = await client.calls.create({
    to: "+420777123456",
    from: own,
    twiml: "<Response><Hangup/></Response>",
    statusCallback: `${base}/inline`,
  });
  const told = await arrives((one) => one.url.endsWith("/inline"));
  assert.equal(told.params.CallStatus, "completed");
  assert.equal((await client.calls(call.sid).fetch()).status, "completed");
});

test("calls that cannot be are refused by number", async () => {
  const url = `${base}/first`;
  await refused(client.calls.create({ to: "nobody", from: own, url }), 400, 21211);
  await refused(client.calls.create({ to: "+420777123456", from: "+420111111111", url }), 400, 21210);
  await refused(client.calls(`CA${"0".repeat(32)}`).fetch(), 404, 20404);
  await refused(connect("wrong").calls.list({ limit: 1 }), 401, 20003);
});

// What becomes of a call to a phone whose owner does that.
async function outcome(number, phone, more = {}) {
  if (phone) await order(sandbox, "phones", { number, ...phone });
  const call = await client.calls.create({
    to: number,
    from: own,
    twiml: "<Response><Hangup/></Response>",
    statusCallback: `${base}/outcome`,
    ...more,
  });
  const told = await arrives((one) => one.url.endsWith("/outcome") && one.params.CallSid === call.sid);
  assert.equal((await client.calls(call.sid).fetch()).status, told.params.CallStatus);
  return told.params.CallStatus;
}

test("a phone that rings is answered, busy, or left ringing", async () => {
  assert.equal(await outcome("+420777000010"), "completed");
  assert.equal(await outcome("+420777000011", { act: "answer", after_ms: 50 }), "completed");
  assert.equal(await outcome("+420777000012", { act: "busy", after_ms: 50 }), "busy");
  assert.equal(await outcome("+420777000013", { act: "fail" }), "failed");
  assert.equal(await outcome("+420777000014", { act: "no_answer" }, { timeout: 1 }), "no-answer");
  const late = { act: "answer", after_ms: 60000 };
  assert.equal(await outcome("+420777000015", late, { timeout: 1 }), "no-answer");
});

test("a call that rings is not redirected, but can be ended", async () => {
  await order(sandbox, "phones", { number: "+420777000016", act: "no_answer" });
  const url = `${base}/first`;
  const call = await client.calls.create({ to: "+420777000016", from: own, url });
  await refused(client.calls(call.sid).update({ url }), 400, 21220);
  assert.equal((await client.calls(call.sid).update({ status: "canceled" })).status, "canceled");
});

test("a phone that forwards brings the call back as a new one", async () => {
  const owner = "+420777000020";
  const [karen] = await client.incomingPhoneNumbers.list({ phoneNumber: own });
  await client.incomingPhoneNumbers(karen.sid).update({
    voiceUrl: `${base}/back`,
    statusCallback: `${base}/back-status`,
  });
  await order(sandbox, "phones", { number: owner, act: "forward", after_ms: 100, to: own });
  const call = await client.calls.create({ to: owner, from: own, url: `${base}/first?forwarded` });
  const back = await arrives((one) => one.url.endsWith("/back"));
  assert.notEqual(back.params.CallSid, call.sid);
  assert.equal(back.params.Direction, "inbound");
  assert.equal(back.params.From, own);
  assert.equal(back.params.To, own);
  assert.equal(back.params.ForwardedFrom, owner);
  assert.ok(twilio.validateRequest(sandbox.twilio_token, back.signature, back.url, back.params));
  assert.equal((await client.calls(back.params.CallSid).fetch()).forwardedFrom, owner);
  assert.equal((await client.calls(call.sid).fetch()).status, "ringing");
  await client.calls(call.sid).update({ status: "completed" });
  const over = await arrives(
    (one) => one.url.endsWith("/back-status") && one.params.CallSid === back.params.CallSid,
  );
  assert.equal(over.params.CallStatus, "canceled");
});

test("both halves of a forwarded call are answered and ended together", async () => {
  const owner = "+420777000021";
  const answers = { "/says": "<Response><Say>Hello.</Say><Pause length='60'/></Response>" };
  twimls = answers;
  const [karen] = await client.incomingPhoneNumbers.list({ phoneNumber: own });
  await client.incomingPhoneNumbers(karen.sid).update({ voiceUrl: `${base}/says` });
  await order(sandbox, "phones", { number: owner, act: "forward", to: own, hides: true });
  const call = await client.calls.create({ to: owner, from: own, url: `${base}/origin` });
  const back = await arrives((one) => one.url.endsWith("/says"));
  assert.equal(back.params.ForwardedFrom, undefined);
  await arrives((one) => one.url.endsWith("/origin") && one.params.CallSid === call.sid);
  assert.equal((await client.calls(call.sid).fetch()).status, "in-progress");
  assert.equal((await client.calls(back.params.CallSid).fetch()).status, "in-progress");
  await client.calls(back.params.CallSid).update({ status: "completed" });
  assert.equal((await client.calls(call.sid).fetch()).status, "completed");
});

test("a forwarded call that is refused as busy was busy", async () => {
  const owner = "+420777000022";
  twimls = { "/busy": "<Response><Reject reason='busy'/></Response>" };
  const [karen] = await client.incomingPhoneNumbers.list({ phoneNumber: own });
  await client.incomingPhoneNumbers(karen.sid).update({ voiceUrl: `${base}/busy` });
  assert.equal(await outcome(owner, { act: "forward", to: own }), "busy");
});

test("a number is found, bought, changed and released", async () => {
  const [offer] = await client.availablePhoneNumbers("US").local.list({ limit: 3 });
  assert.equal(offer.capabilities.voice, true);
  const bought = await client.incomingPhoneNumbers.create({
    phoneNumber: offer.phoneNumber,
    voiceUrl: "https://voice.karen.example/telephony/inbound",
    statusCallback: "https://voice.karen.example/telephony/status",
  });
  assert.equal(bought.voiceUrl, "https://voice.karen.example/telephony/inbound");
  await refused(client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber }), 400, 21422);
  const changed = await client.incomingPhoneNumbers(bought.sid).update({ voiceUrl: "https://b.example/" });
  assert.equal(changed.voiceUrl, "https://b.example/");
  const [found] = await client.incomingPhoneNumbers.list({ phoneNumber: offer.phoneNumber });
  assert.equal(found.sid, bought.sid);
  assert.equal(await client.incomingPhoneNumbers(bought.sid).remove(), true);
  await refused(client.incomingPhoneNumbers(bought.sid).fetch(), 404, 20404);
  await refused(client.availablePhoneNumbers("XX").local.list(), 404, 20404);
});

test("what numbers cost is listed by country", async () => {
  const prices = await client.pricing.v1.phoneNumbers.countries("US").fetch();
  assert.equal(prices.priceUnit, "USD");
  assert.deepEqual(
    prices.phoneNumberPrices.map((one) => one.numberType),
    ["local", "toll free"],
  );
  assert.equal(Number(prices.phoneNumberPrices[0].currentPrice), 1.15);
});

test("a Czech number wants papers, and approved ones", async () => {
  const bundles = client.numbers.v2.regulatoryCompliance.bundles;
  const wanted = { status: "twilio-approved", isoCountry: "CZ", numberType: "local" };
  const [bundle, ...others] = await bundles.list(wanted);
  assert.equal(others.length, 0);
  assert.equal(bundle.status, "twilio-approved");
  const [offer] = await client.availablePhoneNumbers("CZ").local.list({ limit: 1 });
  const buy = (bundleSid) =>
    client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber, bundleSid });
  await refused(buy(), 400, 21631);
  await refused(buy(`BU${"1".repeat(32)}`), 400, 21649);
  for (const status of ["draft", "pending-review", "in-review", "twilio-rejected"]) {
    await order(sandbox, "bundles", { sid: bundle.sid, status });
    assert.equal((await bundles(bundle.sid).fetch()).status, status);
    assert.deepEqual(await bundles.list(wanted), []);
    await refused(buy(bundle.sid), 400, 21649);
  }
  await order(sandbox, "bundles", { sid: bundle.sid, status: "twilio-approved" });
  assert.equal((await buy(bundle.sid)).bundleSid, bundle.sid);
  await refused(bundles(`BU${"2".repeat(32)}`).fetch(), 404, 20404);
});

test("what a purchase said is kept", async () => {
  const [offer] = await client.availablePhoneNumbers("US").tollFree.list({ limit: 1 });
  const said = {
    friendlyName: "karen-1",
    voiceUrl: "https://voice.karen.example/telephony/inbound",
    voiceMethod: "POST",
    voiceFallbackUrl: "https://voice.karen.example/telephony/fallback",
    voiceFallbackMethod: "GET",
    statusCallback: "https://voice.karen.example/telephony/status",
    statusCallbackMethod: "POST",
  };
  const bought = await client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber, ...said });
  const kept = await client.incomingPhoneNumbers(bought.sid).fetch();
  for (const [name, value] of Object.entries(said)) assert.equal(kept[name], value, name);
});

test("a purchase whose answer was lost was made all the same", async () => {
  const [offer] = await client.availablePhoneNumbers("US").local.list({ limit: 1 });
  const buy = () => client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber });
  await order(sandbox, "faults", { party: "twilio", endpoint: "buy_number", act: "lose", times: 1 });
  await assert.rejects(buy());
  assert.equal((await client.incomingPhoneNumbers.list({ phoneNumber: offer.phoneNumber })).length, 1);
  await refused(buy(), 400, 21422);
});

test("pages of a list go on to the end", async () => {
  const offers = await client.availablePhoneNumbers("US").local.list({ limit: 5 });
  for (const offer of offers)
    await client.incomingPhoneNumbers.create({ phoneNumber: offer.phoneNumber });
  const all = await client.incomingPhoneNumbers.list({ pageSize: 2 });
  assert.ok(all.length >= 6);
  assert.equal(new Set(all.map((one) => one.sid)).size, all.length);
});

test("a text message is taken and its delivery told", async () => {
  const message = await client.messages.create({
    to: "+420777123456",
    from: own,
    body: "Volal Jan Dvořák.",
    statusCallback: `${base}/message`,
  });
  assert.equal(message.status, "queued");
  assert.equal(message.numSegments, "1");
  const told = await arrives((one) => one.params.MessageStatus === "delivered");
  assert.equal(told.params.MessageSid, message.sid);
  assert.equal((await client.messages(message.sid).fetch()).status, "delivered");
  await refused(client.messages.create({ to: "+15005550004", from: own, body: "x" }), 400, 21610);
});

const verify = client.verify.v2.services(sandbox.twilio_verify_service);
const codeFor = async (to) =>
  (await stats(sandbox, "twilio")).verifications.find((one) => one.to === to).code;

test("a code is sent, mistyped, accepted, and then gone", async () => {
  const to = "+420777000001";
  const started = await verify.verifications.create({ to, channel: "sms", locale: "cs" });
  assert.equal(started.status, "pending");
  const code = await codeFor(to);
  const wrong = code === "111111" ? "222222" : "111111";
  const check = (given) => verify.verificationChecks.create({ to, code: given });
  assert.equal((await check(wrong)).status, "pending");
  const right = await check(code);
  assert.deepEqual([right.status, right.valid], ["approved", true]);
  await refused(check(code), 404, 20404);
});

test("a landline is called, not written to", async () => {
  const to = "+420228883007";
  await refused(verify.verifications.create({ to, channel: "sms" }), 403, 60205);
  assert.equal((await verify.verifications.create({ to, channel: "call", locale: "cs" })).status, "pending");
  const { verifications } = await stats(sandbox, "twilio");
  assert.equal(verifications.find((one) => one.to === to).locale, "cs");
});

test("guessing and sending codes have their limits", async () => {
  const to = "+420777000002";
  await verify.verifications.create({ to, channel: "sms" });
  const code = await codeFor(to);
  const wrong = code === "111111" ? "222222" : "111111";
  for (let i = 0; i < 5; i++) await verify.verificationChecks.create({ to, code: wrong });
  await refused(verify.verificationChecks.create({ to, code }), 429, 60202);
  const often = "+420777000003";
  for (let i = 0; i < 5; i++) await verify.verifications.create({ to: often, channel: "sms" });
  await refused(verify.verifications.create({ to: often, channel: "sms" }), 429, 60203);
  await refused(verify.verifications.create({ to: "nobody", channel: "sms" }), 400, 60200);
});

test("faults come as Twilio's errors", async () => {
  await order(sandbox, "faults", { party: "twilio", act: "error", status: 429, times: 1 });
  await refused(client.calls.list({ limit: 1 }), 429, 20429);
});
