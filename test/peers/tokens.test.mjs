// test/peers/tokens.test.mjs: tokens as jose reads and makes them: Karen's own verify there, and of
// those made there only the ones that keep to Karen's every rule open anything.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import test from "node:test";
import { CompactSign, SignJWT, UnsecuredJWT, jwtVerify } from "jose";
import { ask, kid, makePerson, makeTenant, signToken, startStack } from "./stack.mjs";

const stack = await startStack();
const tenant = await makeTenant(stack, "Novak");
const person = await makePerson(stack, tenant, "owner");
const seconds = () => Math.floor(Date.now() / 1000);

const opens = async (token) => (await ask(stack, "GET", "/api/me", { person: { token } })).status;
async function isRefused(token, why) {
  const answer = await ask(stack, "GET", "/api/me", { person: { token } });
  assert.equal(answer.status, 401, why);
  assert.equal(answer.json.code, "unauthorized", why);
  assert.match(answer.headers.get("www-authenticate"), /^Bearer/, why);
}

async function signIn(phone) {
  const json = (body) => ({
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal((await ask(stack, "POST", "/auth/send-code", json({ phone }))).status, 202);
  const seen = await (await fetch(`${stack.sandbox.url}/stats`)).json();
  const { code } = seen.twilio.verifications.find((one) => one.to === phone);
  const answer = await ask(
    stack,
    "POST",
    "/auth/verify-code",
    json({ phone, code, session: "bearer" }),
  );
  assert.equal(answer.status, 200);
  return answer.json;
}

test("a token of Karen's verifies with jose and says who it is for", async () => {
  const session = await signIn("+420602000111");
  const { payload, protectedHeader } = await jwtVerify(
    session.token,
    new TextEncoder().encode(stack.secret),
    { issuer: stack.url, audience: "karen", algorithms: ["HS256"], maxTokenAge: 60 },
  );
  assert.equal(protectedHeader.kid, kid(stack.secret));
  assert.equal(payload.sub, session.user.id);
  assert.equal(payload.tenant_id, session.user.tenant_id);
  assert.equal(payload.phone, "+420602000111");
  assert.equal(payload.exp - payload.iat, 900);
  assert.match(payload.jti, /^[A-Za-z0-9_-]{20,}$/);
  assert.match(payload.sid, /^[0-9a-f-]{36}$/);
});

test("a token that jose makes by Karen's rules opens", async () => {
  assert.equal(await opens(await signToken(stack, person)), 200);
});

test("forgeries of the signature are refused", async () => {
  const other = "another-secret-of-the-same-length-as-ours-000";
  await isRefused(await signToken(stack, person, { secret: other }), "another key");
  await isRefused(
    await signToken(stack, person, { header: { kid: kid(other) }, secret: other }),
    "its own kid",
  );
  await isRefused(await signToken(stack, person, { header: { kid: "00000000" } }), "a wrong kid");
  await isRefused(await signToken(stack, person, { header: { kid: undefined } }), "no kid");
  const good = await signToken(stack, person);
  const [head, payload, signature] = good.split(".");
  await isRefused(`${head}.${payload}.`, "no signature");
  await isRefused(`${head}.${payload}`, "no third part");
  await isRefused(`${head}.${payload}.${signature}.${signature}`, "a fourth part");
  await isRefused(`${head}.${payload}.${signature.slice(0, -1)}`, "a cut signature");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  const owner = Buffer.from(JSON.stringify({ ...claims, tenant_id: claims.sub })).toString(
    "base64url",
  );
  await isRefused(`${head}.${owner}.${signature}`, "claims that were changed afterwards");
});

test("other algorithms are refused, none first of all", async () => {
  const claims = JSON.parse(
    Buffer.from((await signToken(stack, person)).split(".")[1], "base64url").toString(),
  );
  await isRefused(new UnsecuredJWT(claims).encode(), "none, as jose writes it");
  const key = new TextEncoder().encode(stack.secret);
  for (const alg of ["none", "None", "NONE", "nOnE", ""]) {
    const head = Buffer.from(JSON.stringify({ alg, typ: "JWT", kid: kid(stack.secret) })).toString(
      "base64url",
    );
    const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
    const mac = createHmac("sha256", stack.secret).update(`${head}.${body}`).digest("base64url");
    await isRefused(`${head}.${body}.`, `alg ${alg} without a signature`);
    await isRefused(`${head}.${body}.${mac}`, `alg ${alg} with our own signature`);
  }
  for (const alg of ["HS384", "HS512"])
    await isRefused(
      await new SignJWT(claims).setProtectedHeader({ alg, kid: kid(stack.secret) }).sign(key),
      alg,
    );
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await isRefused(
    await new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: kid(stack.secret) })
      .sign(privateKey),
    "RS256",
  );
});

test("claims that are not whole, not ours or not of now are refused", async () => {
  const cases = [
    ["of another audience", { aud: "other" }],
    ["of several audiences", { aud: ["karen", "other"] }],
    ["of no audience", { aud: undefined }],
    ["of another issuer", { iss: "https://example.com" }],
    ["of no issuer", { iss: undefined }],
    ["expired", { iat: seconds() - 1000, exp: seconds() - 100 }],
    ["without an end", { exp: undefined }],
    ["with an end that is no number", { exp: String(seconds() + 900) }],
    ["not begun yet", { iat: seconds() + 3600, exp: seconds() + 7200 }],
    ["without a person", { sub: undefined }],
    ["without a session", { sid: undefined }],
    ["of a person that is no id", { sub: "1 OR 1=1" }],
    ["of another tenant", { tenant_id: await makeTenant(stack, "Other") }],
    ["of a session that never was", { sid: "0190b5a0-7b6c-7f00-8000-000000000001" }],
  ];
  for (const [why, claims] of cases)
    await isRefused(await signToken(stack, person, { claims }), why);
});

test("claims are not believed about the person", async () => {
  const token = await signToken(stack, person, {
    claims: { phone: "+420777777777", role: "operator" },
  });
  const answer = await ask(stack, "GET", "/api/me", { person: { token } });
  assert.equal(answer.status, 200);
  assert.equal(answer.json.phone, person.phone);
  assert.equal(answer.json.is_operator, false);
});

test("what is no token at all is refused", async () => {
  const huge = await new CompactSign(Buffer.alloc(8000, "x"))
    .setProtectedHeader({ alg: "HS256", kid: kid(stack.secret) })
    .sign(new TextEncoder().encode(stack.secret));
  for (const token of [
    "",
    ".",
    "..",
    "x",
    "a.b.c",
    "krn_",
    "krn_x",
    huge,
    `${await signToken(stack, person)}=`,
  ])
    await isRefused(token, JSON.stringify(token.slice(0, 40)));
});

test("a token dies with its session", async () => {
  const session = await signIn("+420602000112");
  assert.equal(await opens(session.token), 200);
  const out = await ask(stack, "POST", "/auth/logout", { person: session });
  assert.equal(out.status, 204);
  await isRefused(session.token, "after logout");
});
