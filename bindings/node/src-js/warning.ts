const said = new Set<string>();

/** Warns once in a process, as Node does: the application's own `warning` listeners and flags of Node decide what becomes of it. */
export function warnOnce(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.emitWarning(line, { type: "WatchpostWarning" });
}
