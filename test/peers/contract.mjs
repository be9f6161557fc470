// test/peers/contract.mjs: the contract as a client reads it: its operations, a good body for each and
// bad ones by the dozen, and whether an answer keeps to it (by Ajv, so that Karen's own reading of
// JSON Schema is not its only judge).
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const METHODS = ["get", "post", "put", "patch", "delete"];
export const ROLES = ["member", "admin", "owner"]; // each may what those before it may

const pointer = (ref, document) =>
  ref
    .slice(2)
    .split("/")
    .reduce((json, part) => json?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], document);
const escaped = (part) => part.replaceAll("~", "~0").replaceAll("/", "~1");

export class Contract {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addFormat("uri", /^https?:\/\/[!-~]+$/);
    this.ajv.addFormat("phone", /^\+[1-9][0-9]{6,14}$/);
    this.ajv.addFormat("time-zone", /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/);
    this.ajv.addSchema(document, "contract");
    this.validators = new Map();
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => this.#operation(path, item, method)),
    );
  }

  #operation(path, item, method) {
    const json = item[method];
    const parameters = [...(item.parameters ?? []), ...(json.parameters ?? [])].map((one) =>
      this.at(one),
    );
    return {
      id: json.operationId,
      method: method.toUpperCase(),
      path,
      access: json["x-access"],
      scope: json["x-scope"],
      security: json.security,
      parameters,
      pathNames: parameters.filter((one) => one.in === "path").map((one) => one.name),
      body: this.at(json.requestBody)?.content["application/json"].schema,
      bodyRequired: this.at(json.requestBody)?.required === true,
      bodyBytesMax: json["x-body-bytes-max"] ?? 64 * 1024,
      responses: json.responses,
      place: `#/paths/${escaped(path)}/${method}/responses`,
    };
  }

  // What stands there, or what a $ref there means, with what stands beside it.
  at(json) {
    if (!json?.$ref) return json;
    const { $ref, ...beside } = json;
    return { ...this.at(pointer($ref, this.document)), ...beside };
  }

  fits(schema, value) {
    if (!this.validators.has(schema)) {
      // references inside are to the document that was added whole
      const text = JSON.stringify(schema).replaceAll('"#/components/', '"contract#/components/');
      this.validators.set(schema, this.ajv.compile(JSON.parse(text)));
    }
    const validate = this.validators.get(schema);
    return validate(value) ? null : this.ajv.errorsText(validate.errors, { dataVar: "" });
  }

  // Fails unless the operation promises this answer.
  expectKept(operation, answer) {
    const said = `${operation.id} answered ${answer.status} ${answer.type}`;
    const listed = this.at(operation.responses[String(answer.status)]);
    assert.ok(listed, `${said}, a status it does not list: ${answer.bytes}`);
    const types = Object.keys(listed.content ?? {});
    if (!types.length) return assert.equal(answer.bytes.length, 0, `${said} with a body`);
    assert.ok(types.includes(answer.type), `${said}, not one of ${types}`);
    const schema = listed.content[answer.type].schema;
    if (!answer.json) return undefined;
    const why = this.fits(schema, answer.json);
    return assert.equal(why, null, `${said}: ${why}: ${answer.bytes}`);
  }

  // ---- good values ----------------------------------------------------------------------------

  // The least that will do; the contract's own examples first. id: what stands for every UUID.
  sample(schema, id = undefined) {
    const json = this.at(schema);
    if (id && json.format === "uuid") return id;
    if (json.examples) return json.examples[0];
    if ("const" in json) return json.const;
    if (json.enum) return json.enum[0];
    if ("default" in json) return json.default;
    if (json.oneOf ?? json.anyOf) return this.sample((json.oneOf ?? json.anyOf)[0], id);
    if (json.allOf && !json.type)
      return Object.assign({}, ...json.allOf.map((one) => this.sample(one, id)));
    return this.#sampleOf(json, [json.type].flat()[0], id);
  }

  #sampleOf(json, type, id) {
    switch (type) {
      case "string":
        return sampleText(json);
      case "integer":
      case "number":
        return json.minimum ?? (json.exclusiveMinimum ?? 0) + (json.multipleOf ?? 1);
      case "boolean":
        return true;
      case "array":
        return Array.from({ length: json.minItems ?? 0 }, () => this.sample(json.items, id));
      case "object":
        return Object.fromEntries(
          (json.required ?? []).map((name) => [name, this.sample(json.properties[name], id)]),
        );
      default:
        return null;
    }
  }

  // A good value with all its members, whether they must be there or not.
  full(schema, depth = 0) {
    const json = this.at(schema);
    const form = json.oneOf ?? json.anyOf;
    if (json.examples || depth > 8) return this.sample(schema);
    if (form) return this.full(form[0], depth + 1);
    const types = [json.type ?? []].flat();
    if (types.includes("object"))
      return Object.fromEntries(
        Object.entries(json.properties ?? {}).map(([name, one]) => [
          name,
          this.full(one, depth + 1),
        ]),
      );
    if (types.includes("array") && json.items && json.maxItems !== 0)
      return Array.from({ length: json.minItems || 1 }, () => this.full(json.items, depth + 1));
    return this.sample(schema);
  }

  // ---- bad values -----------------------------------------------------------------------------

  // Bodies with one thing wrong each: {body, field, why}.
  *badBodies(operation) {
    const good = this.sample(operation.body);
    for (const { value, field, why } of this.#badValues(operation.body, good, ""))
      yield { body: value, field, why };
  }

  *#badValues(schema, good, field) {
    const json = this.at(schema);
    yield* this.#badScalars(json, good, field);
    for (const forms of [json.oneOf, json.anyOf].filter(Boolean))
      if (this.fits(forms[0], good) === null)
        yield* this.#badMembers(this.at(forms[0]), good, field);
    yield* this.#badMembers(json, good, field);
  }

  *#badScalars(json, good, field) {
    const types = [json.type ?? []].flat();
    const is = (type) => types.includes(type);
    const wrong = [{}, [], "x", 0.5, true, null].find(
      (value) => types.length && !fitsType(value, types),
    );
    if (wrong !== undefined) yield { value: wrong, field, why: "of another type" };
    if (json.enum) yield { value: "no_such_choice", field, why: "none of the choices" };
    if ("const" in json) yield { value: [json.const], field, why: "not the one value" };
    if (is("string") && json.maxLength !== undefined)
      yield { value: "x".repeat(json.maxLength + 1), field, why: "too long" };
    if (is("string") && json.minLength) yield { value: "", field, why: "empty" };
    if (is("string") && json.format) yield { value: "nonsense !", field, why: `no ${json.format}` };
    const odd = ["\u0001", "~ ~", "", "č"].find(
      (text) => json.pattern && !new RegExp(json.pattern, "u").test(text),
    );
    if (is("string") && odd !== undefined) yield { value: odd, field, why: "not of its pattern" };
    if (json.minimum !== undefined) yield { value: json.minimum - 1, field, why: "too small" };
    if (json.maximum !== undefined) yield { value: json.maximum + 1, field, why: "too large" };
    if (is("integer")) yield { value: 2 ** 60, field, why: "huge" };
    if (is("array") && json.minItems) yield { value: [], field, why: "too few" };
    if (is("array") && json.maxItems !== undefined && json.maxItems <= 1000) {
      const item = Array.isArray(good) && good.length ? good[0] : this.sample(json.items);
      yield {
        value: Array.from({ length: json.maxItems + 1 }, () => item),
        field,
        why: "too many",
      };
      if (json.uniqueItems && json.maxItems > 1)
        yield { value: [item, item], field: `${field}/1`, why: "twice" };
    }
  }

  *#badMembers(json, good, field) {
    const types = [json.type ?? []].flat();
    if (types.includes("array") && json.items) {
      const item = Array.isArray(good) && good.length ? good[0] : this.sample(json.items);
      const rest = Array.isArray(good) ? good.slice(1) : [];
      for (const bad of this.#badValues(json.items, item, `${field}/0`))
        yield { ...bad, value: [bad.value, ...rest] };
    }
    if (!types.includes("object")) return;
    const body = good ?? this.#sampleOf(json, "object");
    for (const name of json.required ?? []) {
      const { [name]: unused, ...rest } = body;
      yield { value: rest, field: `${field}/${escaped(name)}`, why: "missing" };
    }
    if (json.additionalProperties === false)
      yield { value: { ...body, surprise: 1 }, field: `${field}/surprise`, why: "unknown" };
    for (const [name, schema] of Object.entries(json.properties ?? {})) {
      const member = body[name] ?? this.sample(schema);
      for (const bad of this.#badValues(schema, member, `${field}/${escaped(name)}`))
        yield { ...bad, value: { ...body, [name]: bad.value } };
    }
  }

  // Good bodies with one text each that takes as many bytes as it may: {body, field}.
  *wideBodies(operation, id) {
    for (const { value, field } of this.#wide(operation.body, this.sample(operation.body, id), ""))
      yield { body: value, field };
  }

  *#wide(schema, good, field) {
    const json = this.at(schema);
    const types = [json.type ?? []].flat();
    const isFree = !json.format && !json.pattern && !json.enum;
    if (types.includes("string") && json.maxLength && isFree)
      yield { value: "😀".repeat(json.maxLength), field };
    if (types.includes("array") && json.items && json.maxItems !== 0)
      for (const { value, field: place } of this.#wide(json.items, good?.[0], `${field}/0`))
        yield { value: [value], field: place };
    for (const [name, one] of Object.entries(json.properties ?? {})) {
      const member = good?.[name] ?? this.sample(one);
      for (const { value, field: place } of this.#wide(one, member, `${field}/${escaped(name)}`))
        yield { value: { ...good, [name]: value }, field: place };
    }
  }

  // Where the members of a body are, as badBodies() names them.
  *membersOf(schema, field = "", depth = 0) {
    const json = this.at(schema);
    if (depth > 6) return;
    for (const form of [json.oneOf, json.anyOf, json.allOf].flat().filter(Boolean))
      yield* this.membersOf(form, field, depth + 1);
    if (json.items) yield* this.membersOf(json.items, `${field}/0`, depth + 1);
    for (const [name, one] of Object.entries(json.properties ?? {})) {
      yield `${field}/${escaped(name)}`;
      yield* this.membersOf(one, `${field}/${escaped(name)}`, depth + 1);
    }
  }

  // Texts for a parameter that its schema refuses.
  badTexts(parameter) {
    const json = this.at(parameter.schema);
    const texts = [
      "~no such value~",
      "x".repeat((json.maxLength ?? 200) + 1),
      "-1",
      "1.5",
      "99999999999999999999",
    ];
    return texts.filter((text) => this.fits(json, asValue(text, json, this)) !== null);
  }
}

function asValue(text, json, contract) {
  const types = [json.type ?? []].flat();
  if (types.includes("array"))
    return text.split(",").map((one) => asValue(one, contract.at(json.items), contract));
  if (types.includes("integer") || types.includes("number")) return Number(text);
  return text;
}

function fitsType(value, types) {
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  return (
    types.includes(type) ||
    (type === "number" && types.includes("integer") && Number.isInteger(value))
  );
}

function sampleText(json) {
  const known = {
    uuid: "0190b5a0-7b6c-7f00-8000-00000000abcd",
    "date-time": "2026-11-28T08:00:00Z",
    date: "2026-11-28",
    "time-zone": "Europe/Prague",
    email: "jan@example.com",
    uri: "https://example.com/",
    phone: "+420601234567",
  };
  if (json.format) return known[json.format];
  const likely = ["text", "a", "1234", "A", "AA", "Test text"];
  const text =
    likely.find((one) => json.pattern && new RegExp(json.pattern, "u").test(one)) ?? likely[0];
  return text.padEnd(json.minLength ?? 0, "x").slice(0, json.maxLength ?? undefined);
}
