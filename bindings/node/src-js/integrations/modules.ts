import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { Integration } from "../integration";

/** Its name. @internal */
export const MODULES = "Modules";

/** So many packages are looked at, at most. */
const MAX_PACKAGES = 500;

/**
 * The packages that the application's own `package.json` asks for, with the versions that are installed, on every error
 * of this release; there by default. The option `modules` says it instead.
 */
export function modulesIntegration(): Integration {
  return { name: MODULES };
}

/** Versions by name, of what the nearest `package.json` at or above a folder depends on. @internal */
export function installedModules(start: string): Record<string, string> {
  const versions: [string, string][] = [];
  for (const folder of ancestors(start)) {
    const manifest = read(join(folder, "package.json"));
    if (!manifest) continue;
    const asked = { ...fields(manifest.dependencies), ...fields(manifest.optionalDependencies) };
    for (const name of Object.keys(asked).slice(0, MAX_PACKAGES)) {
      const version = versionOf(name, folder);
      if (version !== undefined) versions.push([name, version]);
    }
    break;
  }
  return Object.fromEntries(versions);
}

/** The folder of the program that runs. @internal */
export function programFolder(): string {
  const program = process.argv[1];
  return program === undefined ? process.cwd() : dirname(program);
}

/** A package as the program gets it. @internal */
export function installed(name: string): unknown {
  return createRequire(join(programFolder(), "package.json"))(name);
}

/** As `require` would find it: in the nearest `node_modules` that has it. */
function versionOf(name: string, from: string): string | undefined {
  for (const folder of ancestors(from)) {
    const version = read(join(folder, "node_modules", name, "package.json"))?.version;
    if (typeof version === "string") return version;
  }
  return undefined;
}

function* ancestors(start: string): Generator<string> {
  for (let folder = start; ; folder = dirname(folder)) {
    yield folder;
    if (dirname(folder) === folder) return;
  }
}

function read(file: string): Record<string, unknown> | undefined {
  try {
    return fields(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
