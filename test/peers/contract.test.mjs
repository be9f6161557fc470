// test/peers/contract.test.mjs: every operation of the contract, found in the file itself, against
// those who may not, and against what nobody may send. A new route is tested by being there.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { Contract, ROLES } from "./contract.mjs";
import { root } from "./sandbox.mjs";
import { ask, makeKey, makeOperator, makePerson, startStack, stored } from "./stack.mjs";

const stack = await startStack({ SIGN_IN_CODES_PER_ADDRESS: "1000000" });
const contract = new Contract((await ask(stack, "GET", "/openapi.json")).json);
const scopes = [...new Set(contract.operations.map((one) => one.scope).filter(Boolean))];

// ---- two tenants, with a row of everything ---------------------------------------------------------

// A row of each table of a tenant, all its ids being the tenant's own.
const samples = readFileSync(path.join(root, "test/data/samples.sql"), "utf8");

async function makeWorld(roles) {
  const id = randomUUID();
  await stack.database.ask(samples.replaceAll("$1", `'${id}'::text`));
  const world = { tenant: id };
  for (const role of roles) world[role] = await makePerson(stack, id, role);
  if (world.owner) world.host = await makeHost(world.owner);
  return world;
}

// Another tenant, which has invited that person.
async function makeHost(person) {
  const id = randomUUID();
  await stack.database.ask(samples.replaceAll("$1", `'${id}'::text`));
  await stack.database.ask(
    "UPDATE invites SET phone = $2, expires_at = now() + interval '1 day' WHERE tenant_id = $1",
    [id, person.phone],
  );
  return id;
}

function numberOf(tenant) {
  const digits = parseInt(createHash("md5").update(tenant).digest("hex").slice(0, 6), 16);
  return `+420${String(digits).padStart(9, "1")}`;
}

// What a name in a path means, in a world. Whatever is not here is the tenant's row of its table.
const meaning = {
  invite_id: (world, operation) =>
    operation.path.startsWith("/api/me/") ? world.host : world.tenant,
  session_id: (world) => world.owner.session,
  phone: (world) => numberOf(world.tenant), // as test/data/samples.sql makes it
};
const ours = await makeWorld(ROLES);
const theirs = await makeWorld(ROLES);
const operator = await makePerson(stack, (await makeWorld([])).tenant, "member");
await makeOperator(stack, operator);
const keyOfAll = await makeKey(stack, ours.tenant, scopes);
const keysWithout = new Map(); // by the scope they lack
for (const scope of scopes)
  keysWithout.set(
    scope,
    await makeKey(
      stack,
      ours.tenant,
      scopes.filter((one) => one !== scope),
    ),
  );

// ---- asking -----------------------------------------------------------------------------------------

const isId = (parameter) => ["uuid", "phone"].includes(contract.at(parameter.schema).format);
const idsOf = (operation) => operation.parameters.filter((one) => one.in === "path" && isId(one));

const pathHasIds = (operation) => idsOf(operation).length > 0;

// The path with the ids of worlds, and what else must be in it; values: others of path or query.
function target(operation, world, { others = {}, values = {} } = {}) {
  const query = new URLSearchParams();
  let text = operation.path;
  for (const parameter of operation.parameters) {
    const { name } = parameter;
    const from = others[name] ?? world;
    const id = meaning[name] ? meaning[name](from, operation) : from.tenant;
    const value = values[name] ?? (isId(parameter) && parameter.in === "path" ? id : undefined);
    if (parameter.in === "path")
      text = text.replace(
        `{${name}}`,
        encodeURIComponent(value ?? contract.sample(parameter.schema)),
      );
    else if (parameter.in === "query" && (value !== undefined || parameter.required))
      query.set(name, value ?? contract.sample(parameter.schema));
  }
  return query.size || [...query].length ? `${text}?${query}` : text;
}

const asJson = (body) => ({ headers: { "Content-Type": "application/json" }, body });
const goodBody = (operation, world = ours) =>
  operation.body && asJson(JSON.stringify(contract.sample(operation.body, world.tenant)));
const namesIds = (operation) =>
  operation.body && goodBody(operation, ours).body !== goodBody(operation, theirs).body;

async function put(operation, person, to, sent = goodBody(operation)) {
  const answer = await ask(stack, operation.method, to, { person, ...sent });
  contract.expectKept(operation, answer);
  return answer;
}

async function expectStatus(status, operation, person, to, why) {
  const answer = await put(operation, person, to);
  assert.equal(answer.status, status, `${operation.id}, ${why}: ${answer.status} ${answer.bytes}`);
}

// As nothing is written, what was found after one test is what is there before the next.
let known;
async function unchanged(what) {
  const before = known ?? (await stored(stack));
  known = undefined;
  await what();
  known = await stored(stack);
  assert.deepEqual(known, before, "something was written");
}

// A few at a time.
async function each(list, what) {
  const left = [...list];
  const one = async () => {
    while (left.length) await what(left.shift());
  };
  await Promise.all(Array.from({ length: 6 }, one));
}

// ---- the contract itself ------------------------------------------------------------------------------

test("every body that the contract takes is bounded and closed", () => {
  const troubles = [];
  const look = (schema, place, seen) => {
    const json = contract.at(schema);
    const types = [json.type ?? []].flat();
    const bounded =
      json.maxLength ?? json.format ?? json.enum ?? json.const ?? /\$$/.test(json.pattern ?? "");
    if (seen.includes(schema.$ref ?? json)) return;
    const deeper = [...seen, schema.$ref ?? json];
    if (types.includes("string") && !bounded) troubles.push(`${place}: a text without maxLength`);
    if (types.includes("array") && json.maxItems === undefined)
      troubles.push(`${place}: a list without maxItems`);
    if (types.includes("object") && (json.additionalProperties ?? true) === true)
      troubles.push(`${place}: an object that takes any member`);
    for (const part of ["oneOf", "anyOf", "allOf"])
      (json[part] ?? []).forEach((one, i) => look(one, `${place}.${part}.${i}`, deeper));
    if (json.items) look(json.items, `${place}/*`, deeper);
    for (const [name, one] of Object.entries(json.properties ?? {}))
      look(one, `${place}/${name}`, deeper);
  };
  for (const operation of contract.operations)
    if (operation.body) look(operation.body, operation.id, []);
  assert.deepEqual(troubles, []);
});

test("every operation lists what may come of it before its handler is reached", () => {
  const troubles = contract.operations.flatMap((operation) => {
    const { id, method, access, parameters, body } = operation;
    const named = (name) => parameters.some((one) => one.name === name);
    const open = access === "public";
    const due = [429, ...(open ? [] : [401, 403, 503]), ...(parameters.length ? [400] : [])];
    if (pathHasIds(operation)) due.push(404);
    if (body) due.push(400, 413, 415, 422);
    if (named("If-Match")) due.push(412);
    if (named("Idempotency-Key")) due.push(409, 422);
    const missing = [...new Set(due)].filter((status) => !operation.responses[status]);
    return [
      ...missing.map((status) => `${id}: ${status} is not listed`),
      ...(method === "POST" && !open && !named("Idempotency-Key")
        ? [`${id}: no Idempotency-Key`]
        : []),
      ...(open !== (operation.security?.length === 0)
        ? [`${id}: security: [] is for public ones`]
        : []),
    ];
  });
  assert.deepEqual(troubles, []);
});

test("every answer has all its members, in snake_case", () => {
  const troubles = new Set();
  const seen = new Set();
  const look = (schema, place) => {
    const json = contract.at(schema);
    const where = schema.$ref?.split("/").pop() ?? place;
    if (schema.$ref && seen.has(schema.$ref)) return;
    seen.add(schema.$ref);
    for (const [name, one] of Object.entries(json.properties ?? {})) {
      if (!/^[a-z][a-z0-9_]*$/.test(name)) troubles.add(`${where}.${name}: not snake_case`);
      if (!(json.required ?? []).includes(name)) troubles.add(`${where}.${name}: not required`);
      look(one, `${where}.${name}`);
    }
    for (const one of [json.oneOf, json.anyOf, json.allOf].flat().filter(Boolean)) look(one, where);
    if (json.items) look(json.items, `${where}[]`);
    if (typeof json.additionalProperties === "object") look(json.additionalProperties, where);
  };
  for (const { id, responses } of contract.operations)
    for (const [status, response] of Object.entries(responses))
      for (const { schema } of Object.values(contract.at(response).content ?? {}))
        if (status < "300" && schema) look(schema, id);
  assert.deepEqual([...troubles], []);
});

test("every body has an example that fits, its own or one that can be made", () => {
  for (const operation of contract.operations.filter((one) => one.body))
    assert.equal(
      contract.fits(operation.body, contract.sample(operation.body)),
      null,
      `${operation.id}: give its schema examples: ${JSON.stringify(contract.sample(operation.body))}`,
    );
});

test("whatever may be sent is sent wrongly, too", () => {
  const troubles = contract.operations.flatMap((operation) => {
    const { id, body, parameters } = operation;
    const bad = body ? [...contract.badBodies(operation)] : [];
    const tried = new Set(bad.map((one) => one.field));
    const members = body ? [...contract.membersOf(body)] : [];
    const texts = parameters.filter((one) => one.name !== "tenant_id");
    return [
      ...members.filter((one) => !tried.has(one)).map((one) => `${id}: nothing bad for ${one}`),
      ...bad.filter((one) => contract.fits(body, one.body) === null).map((one) =>
        `${id}: ${one.field} ${one.why} is good after all`,
      ),
      ...texts.filter((one) => !contract.badTexts(one).length).map((one) =>
        `${id}: nothing bad for ${one.name}`,
      ),
    ];
  });
  assert.deepEqual(troubles, []);
  assert.ok(contract.operations.length > 100, "the contract was read");
});

// ---- who may ------------------------------------------------------------------------------------------

for (const operation of contract.operations.filter((one) => one.access !== "public")) {
  const { id, access, pathNames } = operation;
  const ofTenant = pathNames.includes("tenant_id") && access !== "operator";
  const owner = access === "operator" ? operator : ours.owner;

  test(`${id}: nobody, and whoever may less`, async () => {
    await unchanged(async () => {
      await expectStatus(401, operation, undefined, target(operation, ours), "nobody");
      const lesser = access === "operator" ? ROLES : ROLES.slice(0, ROLES.indexOf(access));
      for (const role of lesser)
        await expectStatus(403, operation, ours[role], target(operation, ours), role);
      const key = operation.scope ? keysWithout.get(operation.scope) : keyOfAll;
      await expectStatus(403, operation, key, target(operation, ours), "a key without its scope");
    });
  });

  if (ofTenant)
    test(`${id}: another tenant, whoever asks`, async () => {
      await unchanged(async () => {
        for (const role of ROLES)
          await expectStatus(
            404,
            operation,
            theirs[role],
            target(operation, ours),
            `their ${role}`,
          );
        await expectStatus(
          404,
          operation,
          operator,
          target(operation, ours),
          "an operator elsewhere",
        );
        if (operation.scope)
          await expectStatus(
            404,
            operation,
            keyOfAll,
            target(operation, theirs),
            "a key of another tenant",
          );
      });
    });

  if (namesIds(operation))
    test(`${id}: ids of another tenant in its body`, async () => {
      await unchanged(async () => {
        const answer = await put(
          operation,
          owner,
          target(operation, ours),
          goodBody(operation, theirs),
        );
        // an operation on many says which of them are not there
        const missed = answer.status === 200 && answer.json.not_found?.includes(theirs.tenant);
        assert.ok(
          missed || [403, 404, 422].includes(answer.status),
          `${id}: ${answer.status} ${answer.bytes}`,
        );
      });
    });

  const asked = operation.parameters.filter(
    (one) => one.in === "query" && contract.at(one.schema).format === "uuid",
  );
  if (asked.length && access !== "operator")
    test(`${id}: ids of another tenant in its query`, async () => {
      for (const { name } of asked) {
        const to = target(operation, ours, { values: { [name]: theirs.tenant } });
        const answer = await put(operation, owner, to);
        assert.ok(answer.status < 500, `${id}: ${answer.status}`);
        assert.ok(!answer.bytes.includes(theirs.tenant), `${id} tells of ${name}`);
      }
    });

  const own = idsOf(operation).filter((one) => one.name !== "tenant_id");
  if (own.length && access !== "operator")
    test(`${id}: ids of another tenant`, async () => {
      await unchanged(async () => {
        for (const { name } of own)
          await expectStatus(
            404,
            operation,
            owner,
            target(operation, ours, { others: { [name]: theirs } }),
            name,
          );
      });
    });
}

// ---- what nobody may send ------------------------------------------------------------------------------

const person = (operation) =>
  ({ public: undefined, operator })[operation.access] ??
  (operation.access === "public" ? undefined : ours.owner);

async function refused(operation, to, sent, field, why) {
  const answer = await put(operation, person(operation), to, sent);
  const said = `${operation.id}, ${why} (${field}): ${answer.status} ${answer.bytes}`;
  assert.ok([400, 413, 415, 422].includes(answer.status), said);
  assert.equal(answer.type, "application/problem+json", said);
  if (field === undefined) return;
  const fields = (answer.json.errors ?? []).map((one) => one.field);
  assert.ok(fields.includes(field), said);
}

const depth = (levels) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const rawBodies = [
  ["broken", "{", ""],
  ["a comma too many", '{"a":1,}', ""],
  ["another value behind", "{}{}", ""],
  ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), ""],
  ["a key twice", '{"twice":1,"twice":2}', "/twice"],
  ["U+0000", '{"zero":"\\u0000"}', "/zero"],
  ["half a character", '{"half":"\\ud800"}', "/half"],
  ["too deep", depth(17), `${"/a".repeat(16)}`],
  ["very deep", depth(5000), `${"/a".repeat(16)}`],
  ["a huge number", '{"huge":1e999}', "/huge"],
];

for (const operation of contract.operations.filter((one) => one.body))
  test(`${operation.id}: bad bodies`, async () => {
    const to = target(operation, ours);
    await unchanged(async () => {
      await each(contract.badBodies(operation), ({ body, field, why }) =>
        refused(operation, to, asJson(JSON.stringify(body)), field, why),
      );
      await each(rawBodies, ([why, text, field]) =>
        refused(operation, to, asJson(text), field, why),
      );
      const good = JSON.stringify(contract.sample(operation.body));
      await refused(
        operation,
        to,
        { headers: { "Content-Type": "text/plain" }, body: good },
        undefined,
        "as text",
      );
      await refused(operation, to, { body: Buffer.from(good) }, undefined, "of no type");
      const large = `{"a":"${"x".repeat(operation.bodyBytesMax)}"}`;
      const answer = await put(operation, person(operation), to, asJson(large));
      assert.equal(answer.status, 413);
      if (operation.bodyRequired) await refused(operation, to, asJson(""), undefined, "no body");
    });
  });

for (const operation of contract.operations.filter((one) => one.parameters.length))
  test(`${operation.id}: bad parameters`, async () => {
    await unchanged(async () => {
      for (const parameter of operation.parameters.filter((one) => one.name !== "tenant_id"))
        for (const text of contract.badTexts(parameter)) {
          const { name } = parameter;
          const sent = goodBody(operation) ?? { headers: {} };
          const inHeader = parameter.in === "header" && name !== "If-Match";
          if (parameter.in === "header") sent.headers = { ...sent.headers, [name]: text };
          const values = parameter.in === "header" ? {} : { [name]: text };
          const field = parameter.in !== "header" || inHeader ? name : undefined;
          await refused(
            operation,
            target(operation, ours, { values }),
            sent,
            field,
            `${name}=${text}`,
          );
        }
      for (const { name, in: place } of operation.parameters)
        if (place === "query") {
          const to = target(operation, ours, { values: { [name]: "odd" } });
          const odd = to.replace(`${name}=odd`, `${name}=%FF`);
          await refused(operation, odd, goodBody(operation), name, "invalid UTF-8");
        }
    });
  });

test("a tenant's id that is none is nobody's", async () => {
  await unchanged(async () => {
    for (const operation of contract.operations.filter((one) => one.pathNames.includes("tenant_id")))
      for (const text of ["nonsense", "0", "%00", "%FF", "x".repeat(300), `${ours.tenant}0`]) {
        const to = target(operation, ours).replace(ours.tenant, text);
        const answer = await put(operation, person(operation), to);
        const said = `${operation.id} of ${text.slice(0, 40)}: ${answer.status} ${answer.bytes}`;
        assert.ok([400, 404].includes(answer.status), said);
      }
  });
});

for (const operation of contract.operations.filter((one) => one.body && one.access !== "public"))
  test(`${operation.id}: texts of as many bytes as there may be`, async () => {
    known = undefined; // what is taken is written
    for (const { body, field } of contract.wideBodies(operation, ours.tenant)) {
      const before = await stored(stack);
      const sent = asJson(JSON.stringify(body));
      const answer = await put(operation, person(operation), target(operation, ours), sent);
      const said = `${operation.id} with a wide ${field}: ${answer.status} ${answer.bytes}`;
      assert.ok(answer.status < 500 && answer.status !== 400, said);
      if (answer.status === 422)
        assert.ok(answer.json.errors?.length, said); // the field, or the list it is in
      if (answer.status >= 300) assert.deepEqual(await stored(stack), before, said);
    }
  });

// ---- and those who may ----------------------------------------------------------------------------------

for (const operation of contract.operations.filter((one) => one.access !== "public"))
  test(`${operation.id}: whoever may, about what is there`, async () => {
    known = undefined; // this may write
    const world = await makeWorld(["owner"]);
    const asker = operation.access === "operator" ? operator : world.owner;
    const answer = await put(
      operation,
      asker,
      target(operation, world),
      goodBody(operation, world),
    );
    const said = `${operation.id}: ${answer.status} ${answer.bytes}`;
    const strange = operation.body && !pathHasIds(operation) ? [] : [404]; // what a body names
    assert.ok(![400, 401, 403, ...strange].includes(answer.status) && answer.status < 500, said);
    if (operation.method === "GET") assert.ok(answer.status < 300, said);
  });
