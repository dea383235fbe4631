// Programs that run in a process of their own.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that goes away with the tests. */
export function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "watchpost-node-"));
  folders.push(folder);
  return folder;
}

/** Writes a program; in it `PACKAGE` stands for the package's folder. */
export function program(source, name = "app.js") {
  const file = join(temporary(), name);
  writeFileSync(file, source.replaceAll("PACKAGE", packageFolder));
  return file;
}

/** Runs a program to its end, at most for `limit` milliseconds. */
export function run(file, env = {}, { limit = 30_000, args = [] } = {}) {
  const child = spawn(process.execPath, [...args, file], {
    env: { PATH: process.env.PATH, HOME: temporary(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (text.stdout += chunk));
  child.stderr.on("data", (chunk) => (text.stderr += chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), limit);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...text });
    });
  });
}
