// test/peers/openai.test.mjs: OpenAI's own client against the stand-in.
import assert from "node:assert/strict";
import test from "node:test";
import OpenAI from "openai";
import { order, startSandbox, stats } from "./sandbox.mjs";

const sandbox = await startSandbox();
const client = new OpenAI({ apiKey: sandbox.openai_key, baseURL: sandbox.openai, maxRetries: 0 });

const tools = ["take_message", "end_call", "transfer_call"].map((name) => ({
  type: "function",
  function: {
    name,
    strict: true,
    parameters: {
      type: "object",
      properties: { reason: { type: "string" } },
      required: ["reason"],
      additionalProperties: false,
    },
  },
}));
const usual = { model: "gpt-6-luna", reasoning_effort: "none", max_completion_tokens: 220 };

async function ask(messages, extra = {}) {
  const stream = await client.chat.completions.create({
    ...usual,
    stream: true,
    stream_options: { include_usage: true },
    messages,
    tools,
    ...extra,
  });
  const answer = { text: "", pieces: 0, tool: null, finish: null, usage: null };
  for await (const chunk of stream) {
    if (chunk.usage) answer.usage = chunk.usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    if (choice.delta.content) {
      answer.text += choice.delta.content;
      answer.pieces++;
    }
    for (const piece of choice.delta.tool_calls ?? []) {
      answer.tool ??= { id: piece.id, name: piece.function.name, arguments: "" };
      answer.tool.arguments += piece.function.arguments ?? "";
    }
    if (choice.finish_reason) answer.finish = choice.finish_reason;
  }
  return answer;
}

test("a reply is streamed word by word and its usage told", async () => {
  const answer = await ask([
    { role: "developer", content: "You are Karen, the assistant who answers the phone for Jane." },
    { role: "user", content: "Hello, I would like to speak about the meeting." },
  ]);
  assert.equal(answer.finish, "stop");
  assert.ok(answer.pieces > 2, answer.text);
  assert.ok(answer.usage.prompt_tokens > 0 && answer.usage.completion_tokens > 0);
  assert.equal(
    answer.usage.total_tokens,
    answer.usage.prompt_tokens + answer.usage.completion_tokens,
  );
});

test("a whole conversation ends in a message taken and the call ended", async () => {
  const said = [
    "Hello, my name is Peter Svoboda, I am calling about the meeting on Wednesday.",
    "Please call me back on 602 345 678.",
    "Yes, that is correct.",
    "No, thank you, goodbye.",
    "Goodbye.",
  ];
  const messages = [{ role: "developer", content: "You are Karen, you answer the phone." }];
  const called = [];
  for (const text of said) {
    messages.push({ role: "user", content: text });
    for (let rounds = 0; rounds < 3; rounds++) {
      const answer = await ask(messages);
      if (!answer.tool) {
        messages.push({ role: "assistant", content: answer.text });
        break;
      }
      assert.equal(answer.finish, "tool_calls");
      called.push(answer.tool.name);
      assert.equal(typeof JSON.parse(answer.tool.arguments), "object");
      messages.push({
        role: "assistant",
        content: answer.text || null,
        tool_calls: [
          {
            id: answer.tool.id,
            type: "function",
            function: { name: answer.tool.name, arguments: answer.tool.arguments },
          },
        ],
      });
      messages.push({ role: "tool", tool_call_id: answer.tool.id, content: '{"ok":true}' });
      if (answer.tool.name === "end_call") break;
    }
    if (called.includes("end_call")) break;
  }
  assert.ok(called.includes("take_message"), JSON.stringify(messages));
  assert.ok(called.includes("end_call"), JSON.stringify(messages));
});

test("it answers in the language of the conversation", async () => {
  const words = {
    cs: ["Dobrý den, tady asistentka Karen, hovor se přepisuje.", "Dobrý den, prosím, je tam Jan?"],
    de: ["Guten Tag, hier ist die Assistentin Karen.", "Guten Tag, ich möchte bitte Jan sprechen."],
  };
  const answers = {};
  for (const [language, [greeting, text]] of Object.entries(words)) {
    answers[language] = await ask([
      { role: "assistant", content: greeting },
      { role: "user", content: text },
    ]);
  }
  assert.match(answers.cs.text, /[ěščřžýáíéůú]/);
  assert.match(answers.de.text, /\b(Sie|Ihr|Ihre|bitte|wie|Namen?)\b/i);
});

test("structured output follows the schema", async () => {
  const schema = {
    type: "object",
    properties: {
      label: { type: "string", enum: ["legitimate", "spam"] },
      name: { type: ["string", "null"] },
      urgent: { type: "boolean" },
      tags: { type: "array", items: { type: "string" } },
      inner: {
        type: "object",
        properties: { score: { type: "number" } },
        required: ["score"],
        additionalProperties: false,
      },
    },
    required: ["label", "name", "urgent", "tags", "inner"],
    additionalProperties: false,
  };
  const answer = await client.chat.completions.create({
    ...usual,
    messages: [{ role: "user", content: "Hello." }],
    response_format: { type: "json_schema", json_schema: { name: "facts", strict: true, schema } },
  });
  const facts = JSON.parse(answer.choices[0].message.content);
  assert.deepEqual(Object.keys(facts).sort(), ["inner", "label", "name", "tags", "urgent"]);
  assert.ok(["legitimate", "spam"].includes(facts.label));
  assert.equal(typeof facts.inner.score, "number");
});

test("a call is screened from its transcript", async () => {
  const question = {
    language: "en",
    owner: "Jane Miller",
    caller_number: "+447700900123",
    transcript: [
      { line: 1, speaker: "karen", text: "Hello, this is Jane's assistant." },
      { line: 2, speaker: "caller", text: "Congratulations, you have won a prize, press one." },
    ],
    lines_left_out: 0,
  };
  const answer = await client.chat.completions.create({
    ...usual,
    messages: [
      { role: "developer", content: "Judge the call." },
      { role: "user", content: JSON.stringify(question) },
    ],
    response_format: {
      type: "json_schema",
      json_schema: {
        name: "call_screening",
        strict: true,
        schema: {
          type: "object",
          properties: { legitimacy: { type: "string" } },
          required: ["legitimacy"],
          additionalProperties: false,
        },
      },
    },
  });
  const facts = JSON.parse(answer.choices[0].message.content);
  assert.ok(["spam", "fraud"].includes(facts.legitimacy), JSON.stringify(facts));
});

test("models are listed with the date of their end", async () => {
  const models = [];
  for await (const model of client.models.list()) models.push(model);
  assert.equal(models.find((one) => one.id === "gpt-4o-mini").shutdown_date, "2027-01-14");
  assert.equal((await client.models.retrieve("gpt-6-luna")).id, "gpt-6-luna");
});

test("errors come as the client's own kinds", async () => {
  const messages = [{ role: "user", content: "Hello." }];
  const wrong = new OpenAI({ apiKey: "sk-wrong", baseURL: sandbox.openai, maxRetries: 0 });
  await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(
    client.chat.completions.create({ model: "gpt-9", messages }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
  );
  await assert.rejects(
    client.chat.completions.create({ model: "gpt-6-luna", messages, tools }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "tools",
  );
  await assert.rejects(
    client.chat.completions.create({ ...usual, max_completion_tokens: undefined, max_tokens: 9, messages }),
    (error) => error instanceof OpenAI.BadRequestError && error.param === "max_tokens",
  );
});

test("faults on order reach the client", async () => {
  const messages = [{ role: "user", content: "Hello." }];
  await order(sandbox, "faults", { party: "openai", act: "error", status: 429, times: 1 });
  await assert.rejects(
    client.chat.completions.create({ ...usual, messages }),
    (error) => error instanceof OpenAI.RateLimitError && error.headers.get("retry-after") === "1",
  );
  await order(sandbox, "faults", { party: "openai", act: "drop", times: 1 });
  await assert.rejects(client.chat.completions.create({ ...usual, messages }), OpenAI.APIConnectionError);
  await order(sandbox, "faults", { party: "openai", act: "drop", after: 3, times: 1 });
  await assert.rejects(ask(messages));
  await order(sandbox, "faults", { party: "openai", act: "error", after: 2, times: 1 });
  await assert.rejects(ask(messages), OpenAI.APIError);
  assert.equal((await ask(messages)).finish, "stop");
});

test("what was sent is shown without the key", async () => {
  const seen = await stats(sandbox, "openai");
  assert.ok(seen.endpoints.chat.requests > 0);
  assert.equal(seen.requests.at(-1).body.model, "gpt-6-luna");
  assert.ok(!JSON.stringify(seen).includes(sandbox.openai_key));
});
