// test/peers/schema.test.mjs: Karen's reading of JSON Schema beside Ajv's: over a table of every
// keyword, and over good and spoilt values of all schemas of the contract.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Contract } from "./contract.mjs";
import { program } from "./sandbox.mjs";

const contract = new Contract(JSON.parse(readFileSync(program("src/api/openapi.json"), "utf8")));

// What Karen says of each [schema, value]: true, false, or why it refuses the schema.
function karen(pairs) {
  const lines = pairs.map(
    ([schema, value]) => `${JSON.stringify(schema)}\t${JSON.stringify(value)}\n`,
  );
  const run = spawnSync(program("test/karen-schema"), {
    input: lines.join(""),
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  assert.equal(run.status, 0, run.stderr);
  const said = { 1: true, 0: false };
  return run.stdout
    .trim()
    .split("\n")
    .map((line) => said[line] ?? line);
}

function compare(pairs) {
  const verdicts = karen(pairs);
  const differ = pairs.flatMap(([schema, value], i) => {
    const why = contract.fits(schema, value);
    return verdicts[i] === (why === null)
      ? []
      : [{ schema, value, karen: verdicts[i], ajv: why ?? true }];
  });
  assert.equal(verdicts.length, pairs.length);
  assert.deepEqual(differ, []);
}

const texts = ["", "a", "ab", "abc", "abcd", "čřž", "😀😀😀", "a-b", "A1", " ", "\n"];
const numbers = [0, -0, 1, -1, 0.5, 2, 2.5, 3, 7, 10, 1e15, 1e-7];
const lists = [
  [],
  [1],
  [1, 1],
  [1, 2],
  [1, "1"],
  [[1], [1]],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [null, null, 0],
];
const objects = [
  {},
  { a: 1 },
  { b: 1 },
  { a: 1, b: 2 },
  { a: "1" },
  { "a/b": 1 },
  { a: { a: 1 } },
  { kind: "x" },
];
const values = [...texts, ...numbers, ...lists, ...objects, null, true, false];

const schemas = [
  {},
  ...["null", "boolean", "integer", "number", "string", "array", "object"].map((type) => ({
    type,
  })),
  { type: ["string", "null"] },
  { type: ["integer", "boolean"] },
  { const: "a" },
  { const: { b: 2, a: 1 } },
  { enum: [1, "1", null, [1, 1]] },
  { type: "string", minLength: 2, maxLength: 3 },
  { type: "string", pattern: "^[a-c]{1,2}(-[a-z])?$" },
  { type: "string", pattern: "b|A" },
  { type: "string", pattern: "^[^a-z]*$" },
  { type: "string", pattern: "^(ab|abc|)$" },
  { minimum: 1, maximum: 3 },
  { exclusiveMinimum: 1, exclusiveMaximum: 3 },
  { type: "number", multipleOf: 0.5 },
  { type: "integer", multipleOf: 5 },
  { type: "array", minItems: 1, maxItems: 2, items: { type: "integer" } },
  { type: "array", maxItems: 10, uniqueItems: true },
  { type: "array", items: { type: ["array", "null"], items: { type: "integer" } } },
  { type: "object", required: ["a"], properties: { a: { type: "integer" } } },
  { type: "object", additionalProperties: false, properties: { a: {}, "a/b": {} } },
  { type: "object", additionalProperties: { type: "string" } },
  { type: "object", minProperties: 1, maxProperties: 1 },
  { properties: { a: { type: "integer" } }, minLength: 2, minItems: 2 },
  { anyOf: [{ type: "string" }, { type: "integer", minimum: 2 }, { type: "null" }] },
  {
    oneOf: [
      { type: "number", minimum: 0 },
      { type: "number", maximum: 1 },
    ],
  },
  { allOf: [{ type: "object", required: ["a"] }, { maxProperties: 1 }] },
  {
    oneOf: [
      {
        type: "object",
        required: ["kind"],
        additionalProperties: false,
        properties: { kind: { const: "x" } },
      },
      {
        type: "object",
        required: ["kind", "a"],
        properties: { kind: { const: "y" }, a: { type: "integer" } },
      },
    ],
  },
];

test("every keyword is read as Ajv reads it", () => {
  compare(schemas.flatMap((schema) => values.map((value) => [schema, value])));
});

test("formats are read as Ajv reads them", () => {
  const formats = {
    uuid: [
      "0190b5a0-7b6c-7f00-8000-000000000001",
      "0190B5A0-7B6C-7F00-8000-00000000000F",
      "0190b5a0",
      "{}",
      "",
    ],
    date: [
      "2026-11-28",
      "2024-02-29",
      "2023-02-29",
      "2026-13-01",
      "2026-1-1",
      "2026-11-31",
      "1900-02-29",
      "",
    ],
    "date-time": [
      ...[
        "2026-11-28T08:00:00Z",
        "2026-11-28T08:00:00.5+01:00",
        "2026-11-28t08:00:00z",
        "2026-11-28T24:00:00Z",
      ],
      ...[
        "2026-11-28T08:00Z",
        "2026-11-28T08:00:00",
        "2026-11-28T08:00:00.Z",
        "2026-11-28T08:60:00Z",
      ],
    ],
    email: [
      "jan@example.com",
      "jan.novak+x@example.co.uk",
      "jan@",
      "jan",
      "a..b@example.com",
      ".a@example.com",
      "jan@-a.com",
    ],
  };
  compare(
    Object.entries(formats).flatMap(([format, list]) =>
      list.map((value) => [{ type: "string", format }, value]),
    ),
  );
});

// ---- the contract's own schemas -------------------------------------------------------------------------

const SEED = Number(process.env.SEED ?? 20261128);
function chance(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// One thing about a value changed, somewhere in it.
function spoil(value, pick) {
  const atoms = [
    null,
    true,
    0,
    1,
    -1,
    0.5,
    1e6,
    "",
    "x",
    "2026-11-28",
    [],
    {},
    "x".repeat(300),
    "č".repeat(60),
  ];
  const deeper = value !== null && typeof value === "object" && pick(4) > 0;
  if (deeper && Array.isArray(value)) {
    const at = pick(value.length + 1);
    if (at === value.length)
      return [...value, value.length ? value[pick(value.length)] : atoms[pick(atoms.length)]];
    return pick(4)
      ? (value.with?.(at, spoil(value[at], pick)) ??
          value.map((one, i) => (i === at ? spoil(one, pick) : one)))
      : value.slice(0, at);
  }
  if (deeper) {
    const names = Object.keys(value);
    const name = names[pick(names.length || 1)];
    if (name === undefined || pick(8) === 0) return { ...value, other: 1 };
    const { [name]: member, ...rest } = value;
    return pick(6) ? { ...value, [name]: spoil(member, pick) } : rest;
  }
  if (typeof value === "number" && pick(2)) return value + [1, -1, 0.5, 1000][pick(4)];
  if (typeof value === "string" && pick(2))
    return [`${value}x`, value.slice(1), `${value} `, value.toUpperCase()][pick(4)];
  return atoms[pick(atoms.length)];
}

test(`schemas of the contract are read as Ajv reads them (SEED=${SEED})`, () => {
  const pick = chance(SEED);
  const pairs = Object.keys(contract.document.components.schemas).flatMap((name) => {
    const schema = { $ref: `#/components/schemas/${name}` };
    const good = contract.full(schema);
    const spoilt = Array.from({ length: 60 }, () =>
      spoil(pick(3) ? good : spoil(good, pick), pick),
    );
    return [good, ...spoilt].map((value) => [schema, value]);
  });
  compare(pairs);
  const fit = pairs.filter(([schema, value]) => contract.fits(schema, value) === null).length;
  assert.ok(
    fit > pairs.length / 20 && fit < (pairs.length * 19) / 20,
    `${fit} of ${pairs.length} fit`,
  );
});
