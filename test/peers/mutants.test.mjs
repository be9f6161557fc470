// test/peers/mutants.test.mjs: the conversation, broken on purpose. Each entry of
// test/data/mutants.txt spoils one place of src/call; the simulator has to notice every one of them,
// by an invariant or an assertion, and to find nothing in the core as it is.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { root } from "./sandbox.mjs";

const SEEDS = 12000; // a mutant that lives through so many calls has survived
const RUN_MS_MAX = 60000;
const flags = ["-std=c17", "-D_GNU_SOURCE", "-O1", "-w", "-Isrc", "-I."];

// An entry is "mutant:", "breaks:" and "file:" lines, then its place as a diff has it: the lines to
// find begin with "-" or a space, those to put there with "+" or a space.
function readMutants(text) {
  return text
    .split(/^(?=mutant: )/m)
    .slice(1)
    .map((entry) => {
      const lines = entry.split("\n");
      const field = (name) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const side = (signs) =>
        lines
          .filter((line) => line && signs.includes(line[0]))
          .map((line) => `${line.slice(1)}\n`)
          .join("");
      return {
        name: field("mutant"),
        breaks: field("breaks"),
        file: field("file"),
        before: side(" -"),
        after: side(" +"),
      };
    });
}

const mutants = readMutants(readFileSync(path.join(root, "test/data/mutants.txt"), "utf8"));
const work = mkdtempSync(path.join(os.tmpdir(), "karen-mutants-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

function run(program, words, options = {}) {
  return spawnSync(program, words, { cwd: work, encoding: "utf8", maxBuffer: 1e9, ...options });
}

function read(file) {
  return readFileSync(path.join(work, file), "utf8");
}

function sourcesIn(folder, pattern) {
  return readdirSync(path.join(work, folder))
    .filter((name) => pattern.test(name))
    .map((name) => `${folder}/${name}`);
}

// Of the ground floor only what is included, by what is included.
function groundOf(sources) {
  const found = new Set();
  const follow = (file) => {
    for (const [, name] of read(file).matchAll(/^#include "(base\/\w+)\.h"/gm)) {
      if (found.has(name)) continue;
      found.add(name);
      follow(`src/${name}.h`);
      if (existsSync(path.join(work, `src/${name}.c`))) follow(`src/${name}.c`);
    }
  };
  sources.forEach(follow);
  return [...found]
    .map((name) => `src/${name}.c`)
    .filter((file) => existsSync(path.join(work, file)));
}

function objectOf(file) {
  return file.replaceAll("/", "-").replace(/c$/, "o");
}

function compile(file) {
  const cc = run("cc", [...flags, "-c", file, "-o", objectOf(file)]);
  assert.equal(cc.status, 0, cc.stderr);
}

const objects = [];

function simulate() {
  const cc = run("cc", [...objects, "-lm", "-o", "simulate"]);
  assert.equal(cc.status, 0, cc.stderr);
  return run(path.join(work, "simulate"), ["1", String(SEEDS)], { timeout: RUN_MS_MAX });
}

// "seed 12: I5: ..." of the simulator, and where an assertion failed its text.
function whatCaught(result) {
  const assertion = /Assertion `.*' failed/.exec(result.stderr)?.[0];
  const verdict = result.stdout.trimEnd().split("\n").at(-1);
  return assertion ? `${verdict.split(":")[0]}: ${assertion}` : verdict;
}

test("the simulator finds nothing in the core as it is", () => {
  for (const folder of ["src/call", "src/base"])
    cpSync(path.join(root, folder), path.join(work, folder), { recursive: true });
  mkdirSync(path.join(work, "test"));
  for (const name of readdirSync(path.join(root, "test")))
    if (/^(karen_)?(simulate|talk)\w*\.[ch]$/.test(name))
      copyFileSync(path.join(root, "test", name), path.join(work, "test", name));
  const all = [...sourcesIn("src/call", /\.[ch]$/), ...sourcesIn("test", /\.[ch]$/)];
  const sources = [...all.filter((file) => file.endsWith(".c")), ...groundOf(all)];
  sources.forEach(compile);
  objects.push(...sources.map(objectOf));
  const result = simulate();
  assert.equal(result.status, 0, result.stdout.slice(-20000) + result.stderr);
});

test("the list is long enough, and no two entries have a name in common", () => {
  assert.ok(mutants.length >= 16);
  assert.equal(new Set(mutants.map((mutant) => mutant.name)).size, mutants.length);
});

for (const mutant of mutants)
  test(`it notices: ${mutant.name}`, (t) => {
    const intact = read(mutant.file);
    const parts = intact.split(mutant.before);
    assert.ok(mutant.before && mutant.breaks, "the entry is not whole");
    assert.equal(
      parts.length,
      2,
      `its place is found ${parts.length - 1} times in ${mutant.file}: bring the list up to the code`,
    );
    writeFileSync(path.join(work, mutant.file), parts.join(mutant.after));
    try {
      compile(mutant.file);
      const result = simulate();
      assert.equal(result.error, undefined, "it ran for ever, and nothing said so");
      assert.notEqual(result.status, 0, `it survived ${SEEDS} calls (${mutant.breaks})`);
      t.diagnostic(whatCaught(result));
    } finally {
      writeFileSync(path.join(work, mutant.file), intact);
      compile(mutant.file);
    }
  });
