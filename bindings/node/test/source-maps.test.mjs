// Stacks that Node maps back to their sources.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { packageFolder, run, temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const SOURCE = `interface Order { id: number }
export function pay(order: Order): never {
  const rate: number = 7;
  throw new Error(\`order \${order.id} at \${rate}\`);
}
pay({ id: 1 } as Order);
`;

// What a compiler makes of it: two lines of its own, then line by line.
const compiled = (head) => `${head}

function pay(order) {
  const rate = 7;
  throw new Error(\`order \${order.id} at \${rate}\`);
}
pay({ id: 1 });
//# sourceMappingURL=app.map
`;
const MAPPINGS = ";;AACA;AACA;AACA;AACA;AACA";

/** A folder with the compiled program; the source itself is in the map alone, unless it is asked for. */
function build(name, head, { root = "../src/app.ts", onDisk = false } = {}) {
  const folder = temporary();
  mkdirSync(join(folder, "dist"));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "dist", name), compiled(head.replaceAll("PACKAGE", packageFolder)));
  const map = { version: 3, sources: [root], names: [], mappings: MAPPINGS, sourcesContent: [onDisk ? null : SOURCE] };
  writeFileSync(join(folder, "dist", "app.map"), JSON.stringify(map));
  if (onDisk) writeFileSync(join(folder, "src", "app.ts"), SOURCE);
  return { folder, file: join(folder, "dist", name) };
}

const INIT = "Sentry.init({ dsn: process.env.DSN, storageDir: process.env.HOME, includeLocalVariables: true });";
const COMMON = `const Sentry = require("PACKAGE"); ${INIT}`;
const MODULE = `import * as Sentry from "PACKAGE/index.mjs"; ${INIT}`;

async function frameOf(file, args = ["--enable-source-maps"]) {
  const sink = await openSink();
  const { code, stderr } = await run(file, { DSN: sink.dsn }, { args });
  assert.equal(code, 1, stderr);
  await sink.arrived(1);
  await sink.close();
  const frames = sink.events[0].exception.values[0].stacktrace.frames;
  return frames.findLast((frame) => frame.function === "pay");
}

const THROW = "  throw new Error(`order ${order.id} at ${rate}`);";

for (const [kind, name, head] of [["CommonJS", "app.js", COMMON], ["an ES module", "app.mjs", MODULE]]) {
  test(`${kind}: file, line, source and variables are those of the TypeScript file, which only the map holds`, async () => {
    const { folder, file } = build(name, head);
    const frame = await frameOf(file);
    assert.deepEqual([frame.filename, frame.lineno, frame.in_app], [join(folder, "src", "app.ts"), 4, true]);
    assert.deepEqual([frame.pre_context[0], frame.context_line], ["interface Order { id: number }", THROW]);
    assert.deepEqual(frame.vars, { order: { id: 1 }, rate: 7 });
  });
}

test("a source that is on disk is read from there", async () => {
  const { file } = build("app.js", COMMON, { onDisk: true });
  const frame = await frameOf(file);
  assert.deepEqual([frame.lineno, frame.context_line, frame.pre_context.length], [4, THROW, 3]);
});

test("sources of a bundler have addresses; those of packages are not the application's", async () => {
  const shop = await frameOf(build("app.js", COMMON, { root: "webpack://shop/./src/app.ts" }).file);
  assert.deepEqual([shop.filename, shop.lineno, shop.in_app, shop.context_line], ["webpack://shop/src/app.ts", 4, true, THROW]);
  const dependency = await frameOf(build("app.js", COMMON, { root: "webpack://shop/./node_modules/pay/app.ts" }).file);
  assert.deepEqual([dependency.filename, dependency.in_app], ["webpack://shop/node_modules/pay/app.ts", false]);
});

test("without the flag the compiled file is told of", async () => {
  const { file } = build("app.js", COMMON);
  const frame = await frameOf(file, []);
  assert.deepEqual([frame.filename, frame.lineno, frame.context_line], [file, 5, THROW]);
});
