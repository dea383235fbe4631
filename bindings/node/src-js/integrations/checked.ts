/** What an option has to be: of a type, one of some words, or `"idle"` for what has an effect elsewhere only. */
export type Kind = "boolean" | "number" | "string" | "function" | "list" | "object" | "any" | "idle" | readonly string[];

/**
 * The options of an integration, once they were looked at.
 *
 * @throws TypeError that names the option which nobody knows, with the nearest that somebody does, or whose value is none.
 */
export function checked<O extends object>(factory: string, given: O | undefined | null, known: { [K in keyof O]-?: Kind }): O {
  if (given === undefined || given === null) return {} as O;
  if (typeof given !== "object" || Array.isArray(given)) throw new TypeError(`${factory} takes an object of options`);
  const kinds = known as Record<string, Kind>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (!Object.hasOwn(kinds, name)) throw new TypeError(`${factory} has no option \`${name}\`${suggestion(name, Object.keys(kinds))}`);
    const kind = kinds[name] as Kind;
    if (kind === "idle") warnOnce(`the option \`${name}\` of ${factory} has no effect`);
    else if (!fits(kind, value)) throw new TypeError(`invalid option \`${name}\` of ${factory}: it is ${wanted(kind)}`);
  }
  return given;
}

function fits(kind: Kind, value: unknown): boolean {
  if (typeof kind !== "string") return kind.includes(value as string);
  if (kind === "any") return true;
  if (kind === "list") return Array.isArray(value);
  if (kind === "number") return typeof value === "number" && Number.isFinite(value);
  return typeof value === kind;
}

function wanted(kind: Kind): string {
  if (typeof kind !== "string") return `one of ${kind.map((word) => `"${word}"`).join(", ")}`;
  return kind === "object" ? "an object" : `a ${kind}`;
}

/** The name that was meant, in words, if one is near. @internal */
export function suggestion(name: string, known: readonly string[]): string {
  const near = known
    .map((word) => ({ word, steps: distance(name.toLowerCase(), word.toLowerCase()) }))
    .sort((one, other) => one.steps - other.steps)[0];
  const few = near !== undefined && near.steps <= Math.max(2, name.length / 3);
  return few ? `; did you mean \`${near.word}\`?` : `; it has ${known.map((word) => `\`${word}\``).join(", ") || "none"}`;
}

/** How many letters are to be added, left out or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[to.length] as number;
}

const said = new Set<string>();

/** Warns once in a process, as Node does: the application's own `warning` listeners and flags of Node decide what becomes of it. */
export function warnOnce(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  process.emitWarning(line, { type: "WatchpostWarning" });
}
