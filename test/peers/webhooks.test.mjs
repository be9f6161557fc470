// test/peers/webhooks.test.mjs: Twilio's own helper signs webhooks and judges forgeries beside Karen:
// what one takes the other takes, what one refuses the other refuses.
import assert from "node:assert/strict";
import test from "node:test";
import twilio from "twilio";
import { ask, startStack } from "./stack.mjs";

const stack = await startStack();
const { twilio_account: account, twilio_token: token } = stack.sandbox;
const usual = {
  AccountSid: account,
  ApiVersion: "2010-04-01",
  CallSid: "CA00000000000000000000000000000001",
  CallStatus: "ringing",
  Direction: "inbound",
  From: "+420601000001",
  To: "+420228883001",
};

// Karen's answer to a webhook: its params as a form, its signature if it has one.
async function post(target, params, signature) {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  if (signature !== undefined) headers["X-Twilio-Signature"] = signature;
  return ask(stack, "POST", target, { headers, body: new URLSearchParams(params).toString() });
}
const sign = (target, params, key = token) =>
  twilio.getExpectedTwilioSignature(key, stack.url + target, params);

let calls = 1;
const fresh = (params = {}) => ({
  ...usual,
  CallSid: `CA${String(++calls).padStart(32, "0")}`,
  ...params,
});

// Both judge the same words; how Karen answers then is her own business.
async function alike(target, params, signature, why) {
  const taken = twilio.validateRequest(token, signature ?? "", stack.url + target, params);
  const answer = await post(target, params, signature);
  if (taken)
    assert.ok(answer.status < 300, `${why}: Twilio takes it, Karen answers ${answer.status}`);
  else
    assert.equal(answer.status, 403, `${why}: Twilio refuses it, Karen answers ${answer.status}`);
  return taken;
}

test("a call that Twilio signs is answered with TwiML", async () => {
  const params = fresh();
  const answer = await post("/telephony/inbound", params, sign("/telephony/inbound", params));
  assert.equal(answer.status, 200);
  assert.equal(answer.type, "text/xml");
  assert.match(answer.bytes.toString(), /<Response>/);
});

test("any words that Twilio signs are taken", async () => {
  const odd = [
    { CallerName: "Jan Novák & synové" },
    { CallerName: "a+b=c&d%20e" },
    { CallerName: "😀 \u00a0 \u2028" },
    { CallerName: "", Empty: "" },
    { Z: "1", a: "2", A: "3", "A.b": "4", _: "5" },
    { "Spaces in name": " and around " },
    { Long: "x".repeat(2000) },
    { Quote: "\"'<>\\" },
    { Lines: "one\r\ntwo\nthree\ttab" },
  ];
  for (const more of odd) {
    const params = fresh(more);
    const taken = await alike(
      "/telephony/inbound",
      params,
      sign("/telephony/inbound", params),
      JSON.stringify(more),
    );
    assert.ok(taken, JSON.stringify(more));
  }
});

test("queries are signed, too", async () => {
  for (const query of ["?a=b", "?a=b&c=d%20e", "?x=%C4%8D", "?a"]) {
    const target = `/telephony/status${query}`;
    const params = fresh({ CallStatus: "completed" });
    assert.ok(await alike(target, params, sign(target, params), query));
    assert.equal(await alike("/telephony/status", params, sign(target, params), query), false);
    assert.equal(await alike(target, params, sign("/telephony/status", params), query), false);
  }
});

test("forgeries are refused by both", async () => {
  const target = "/telephony/inbound";
  const params = fresh();
  const good = sign(target, params);
  const cases = [
    ["no signature", params, undefined],
    ["an empty one", params, ""],
    ["words", params, "signature"],
    ["another key's", params, sign(target, params, "another-token")],
    ["of another address", params, sign("/telephony/status", params)],
    [
      "of another scheme",
      params,
      twilio.getExpectedTwilioSignature(token, `https${stack.url.slice(4)}${target}`, params),
    ],
    [
      "of another host",
      params,
      twilio.getExpectedTwilioSignature(token, `http://example.com${target}`, params),
    ],
    ["of other words", { ...params, From: "+420601000002" }, good],
    ["of fewer words", { ...params, Digits: "1" }, good],
    ["of more words", (({ Direction, ...rest }) => rest)(params), good],
    [
      "of names in other letters",
      { ...(({ From, ...rest }) => rest)(params), from: params.From },
      good,
    ],
    ["cut short", params, good.slice(0, -1)],
    ["with more behind", params, `${good}A`],
    ["in lower case", params, good.toLowerCase()],
  ];
  for (const [why, sent, signature] of cases)
    assert.equal(await alike(target, sent, signature, why), false, why);
  assert.equal(await alike(target, params, good, "the good one"), true);
});

test("no webhook is open without a signature", async () => {
  const names = [
    "inbound",
    "resume",
    "transfer",
    "whisper",
    "take",
    "after-transfer",
    "voicemail",
    "status",
  ];
  for (const name of names)
    assert.equal((await post(`/telephony/${name}`, fresh(), undefined)).status, 403, name);
});
