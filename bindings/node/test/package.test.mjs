// What is published, installed as a user does: into an empty folder, with nothing on the PATH that could build it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";

import { packageFolder, run, temporary } from "./support/child.mjs";
import { openSink } from "./support/sink.mjs";

const execute = promisify(execFile);
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
const suffix = process.platform === "win32" ? ".exe" : "";
const cache = temporary();
const folders = process.env.PATH.split(delimiter);
const PATH = folders
  .filter((folder) => !["cargo", "rustc"].some((tool) => existsSync(join(folder, tool + suffix))))
  .join(delimiter);

/** npm's own program, as `npm run` names it or as it is on the PATH. */
function npmProgram() {
  if (process.env.npm_execpath) return process.env.npm_execpath;
  const folder = folders.find((each) => existsSync(join(each, "npm")));
  assert.ok(folder, "npm is not on the PATH");
  return realpathSync(join(folder, "npm"));
}

async function npm(cwd, ...words) {
  const { stdout } = await execute(process.execPath, [npmProgram(), ...words], {
    cwd,
    // Neither the settings of this machine nor those of the npm that runs the tests.
    env: { PATH, HOME: cache, USERPROFILE: cache, SystemRoot: process.env.SystemRoot, npm_config_cache: cache },
    timeout: 120_000,
  });
  return stdout;
}

async function pack(folder) {
  const into = temporary();
  const [{ filename, files }] = JSON.parse(
    await npm(folder, "pack", "--json", "--ignore-scripts", "--pack-destination", into),
  );
  return { file: join(into, filename), files: files.map(({ path }) => path) };
}

/** A project of its own with these tarballs installed, the scripts of packages allowed to run. */
async function project(...tarballs) {
  const folder = temporary();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "shop", version: "1.0.0", private: true }));
  await npm(folder, "install", "--offline", "--no-audit", "--no-fund", ...tarballs);
  return folder;
}

const BODY = `
  Sentry.init({ dsn: process.env.DSN, release: "shop@1.0.0" });
  const main = async () => {
    const events = await testing.withCapturedEvents(() => Sentry.captureMessage("for the test alone"));
    if (events.length !== 1) throw new Error("withCapturedEvents saw " + events.length);
    try { null.price; } catch (error) { Sentry.captureException(error); }
    if (!(await Sentry.close(20_000))) throw new Error("not delivered");
  };
  main().catch((error) => { console.error(error); process.exit(7); });
`;
const PROGRAMS = {
  "app.cjs": `const Sentry = require("watchpost"); const testing = require("watchpost/testing");${BODY}`,
  "app.mjs": `import * as Sentry from "watchpost"; import * as testing from "watchpost/testing";${BODY}`,
};

/** The program in the project captures, and its event arrives. */
async function reports(folder, name) {
  const sink = await openSink();
  try {
    writeFileSync(join(folder, name), PROGRAMS[name]);
    const ended = await run(join(folder, name), { PATH, DSN: sink.dsn }, { limit: 60_000 });
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
    const [event] = await sink.arrived(1);
    const { type, stacktrace } = event.exception.values[0];
    assert.equal(type, "TypeError");
    assert.equal(event.release, "shop@1.0.0");
    assert.ok(stacktrace.frames.at(-1).filename.endsWith(name), JSON.stringify(stacktrace.frames.at(-1)));
  } finally {
    await sink.close();
  }
}

const addon = readdirSync(packageFolder).find((name) => name.endsWith(".node"));
let whole;
before(async () => {
  assert.ok(addon, "the addon is not built: npm run build");
  whole = await pack(packageFolder);
});

test("the tarball holds what it exports, the addon, and no sources", () => {
  const exported = Object.values(manifest.exports).flatMap((entry) => (typeof entry === "string" ? [entry] : leaves(entry)));
  for (const file of exported) assert.ok(whole.files.includes(file.slice(2)), file);
  assert.ok(whole.files.includes(addon));
  assert.deepEqual(
    whole.files.filter((file) => /^(src|src-js|test|frameworks|node_modules)\/|Cargo|build\.rs/.test(file)),
    [],
  );
  // npm runs these where a package is installed.
  for (const script of ["preinstall", "install", "postinstall"]) assert.equal(manifest.scripts[script], undefined);
});

test("the tarball installs and reports where nothing can be built", async (t) => {
  const folder = await project(whole.file);
  for (const name of Object.keys(PROGRAMS)) await t.test(name, () => reports(folder, name));
});

test("the addon is found in the package of its platform", async (t) => {
  const bare = temporary();
  for (const file of whole.files.filter((name) => name !== addon)) {
    mkdirSync(join(bare, file, ".."), { recursive: true });
    copyFileSync(join(packageFolder, file), join(bare, file));
  }
  const napi = createRequire(join(packageFolder, "package.json")).resolve("@napi-rs/cli/package.json");
  const { bin } = JSON.parse(readFileSync(napi, "utf8"));
  await execute(process.execPath, [join(napi, "..", bin.napi), "create-npm-dirs"], { cwd: bare, timeout: 60_000 });
  const platforms = readdirSync(join(bare, "npm"));
  assert.equal(platforms.length, manifest.napi.targets.length);
  const platform = addon.split(".")[1];
  assert.ok(platforms.includes(platform), platform);
  cpSync(join(packageFolder, addon), join(bare, "npm", platform, addon));
  const root = await pack(bare);
  assert.deepEqual(root.files.filter((file) => file.endsWith(".node") || file.startsWith("npm/")), []);
  const folder = await project(root.file, (await pack(join(bare, "npm", platform))).file);
  for (const name of Object.keys(PROGRAMS)) await t.test(name, () => reports(folder, name));
});

function leaves(entry) {
  return Object.values(entry).flatMap((value) => (typeof value === "string" ? [value] : leaves(value)));
}
