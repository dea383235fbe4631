import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";

import { getClient, say } from "./client";
import { toText } from "./json";

/** True if Node maps stacks back to the sources (`--enable-source-maps`). */
export function areStacksMapped(): boolean {
  return (process as { sourceMapsEnabled?: boolean }).sourceMapsEnabled === true;
}

/** The source that a place of generated code comes from, as a stack text names it. Lines and columns count from 0. */
export function originOf(file: string, line: number, column: number): string | undefined {
  const entry = findSourceMap(file)?.findEntry(line, column) as { originalSource?: string } | undefined;
  return typeof entry?.originalSource === "string" ? pathOf(entry.originalSource) : undefined;
}

/**
 * Hands over the sources that a stack names and that are on no disk, as long as a source map holds them. Only to be asked where
 * {@link areStacksMapped}: it looks at every line of the stack.
 */
export function supplySources(stack: string, message: string): void {
  const client = getClient()?.native;
  if (!client) return;
  for (const file of client.missingSources(stack, message)) client.supplySource(file, contentOf(file) ?? "");
}

/** A sweep over everything that was loaded takes milliseconds. */
const SWEEP_EVERY = 10_000;
/** Texts that are kept until a stack names them. */
const MOST_TEXTS = 10_000;

const maps = new Set<string>();
const contents = new Map<string, () => string | undefined>();
let sweptAt = -Infinity;

function contentOf(source: string): string | undefined {
  try {
    if (!contents.has(source) && performance.now() - sweptAt >= SWEEP_EVERY) {
      sweptAt = performance.now();
      sweep();
    }
    return contents.get(source)?.();
  } catch (error) {
    say(`source maps could not be read: ${toText(error)}`);
    return undefined;
  }
}

/** Looks for source maps of everything that is loaded: what belongs to which source is only said by them. */
function sweep(): void {
  for (const file of loaded()) {
    if (maps.has(file)) continue;
    maps.add(file);
    // Node keeps what it has read.
    const payload = findSourceMap(file)?.payload;
    payload?.sources?.forEach((source, at) => {
      if (contents.size < MOST_TEXTS) contents.set(pathOf(source), () => payload.sourcesContent?.[at] ?? undefined);
    });
  }
}

/** The files of all scripts that have a source map. No list of ES modules is to be had but the debugger's. */
function loaded(): Set<string> {
  const files = new Set<string>();
  // Not every build of Node has it, and loading it takes time.
  const inspector = require("node:inspector") as typeof import("node:inspector");
  const session = new inspector.Session();
  session.connect();
  try {
    session.on("Debugger.scriptParsed", ({ params: { url, sourceMapURL } }) => {
      if (sourceMapURL) files.add(pathOf(url));
    });
    session.post("Debugger.enable");
    session.post("Debugger.disable");
  } finally {
    session.disconnect();
  }
  return files;
}

function pathOf(source: string): string {
  try {
    return source.startsWith("file:") ? fileURLToPath(source) : source;
  } catch {
    return source;
  }
}
