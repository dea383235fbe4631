import type { Exception, Frame } from "../../api/event";

/** What a stack trace shows, top to bottom: the newest call first. */
export type Row = { kind: "frame"; frame: Frame; repeat: number } | { kind: "library"; frames: Frame[] };

/**
 * Rows for frames as sent (newest last). Runs of library frames become one row; a recursion that repeats
 * the same call becomes one row with a count. A stack without any frame of the app is shown whole:
 * hiding all of it would show nothing.
 */
export function groupFrames(frames: Frame[], mode: "app" | "full"): Row[] {
  const newestFirst = frames.toReversed();
  const foldLibraries = mode === "app" && newestFirst.some((frame) => frame.inApp);
  const rows: Row[] = [];
  for (const frame of newestFirst) {
    const last = rows.at(-1);
    if (foldLibraries && !frame.inApp) {
      if (last?.kind === "library") last.frames.push(frame);
      else rows.push({ kind: "library", frames: [frame] });
    } else if (last?.kind === "frame" && sameCall(last.frame, frame)) {
      last.repeat += 1;
    } else {
      rows.push({ kind: "frame", frame, repeat: 1 });
    }
  }
  return rows;
}

/** The frame to open first: the newest one of the app that has source or variables, else the newest with any. */
export function frameToOpen(frames: Frame[]): Frame | undefined {
  const newestFirst = frames.toReversed();
  const tells = (frame: Frame) => frame.context.length > 0 || frame.vars !== undefined;
  return newestFirst.find((frame) => frame.inApp && tells(frame)) ?? newestFirst.find(tells);
}

export interface ChainLink {
  exception: Exception;
  /** How it relates to the one it hangs under; absent for the reported exception. */
  relation?: string;
  depth: number;
}

/**
 * The chain as people read it: what was reported first, then its causes. Members of a group are indented
 * under their group; a cause stands under the exception before it, whatever parent it names: the Python
 * SDK gives every cause the outermost exception as its parent.
 */
export function chain(exceptions: Exception[]): ChainLink[] {
  const depths = new Map<number, number>();
  const links: ChainLink[] = [];
  for (const exception of exceptions.toReversed()) {
    const { exceptionId, parentId } = exception.mechanism ?? {};
    const parent = parentId === undefined ? undefined : depths.get(parentId);
    const before = links.at(-1)?.depth ?? 0;
    const depth = memberOf(exception) === undefined ? before : (parent ?? before) + 1;
    if (exceptionId !== undefined) depths.set(exceptionId, depth);
    links.push({ exception, relation: links.length === 0 ? undefined : relation(exception), depth });
  }
  return links;
}

/** The place in a group: `exceptions[2]`, or `errors[2]` from JavaScript. */
function memberOf(exception: Exception): number | undefined {
  const index = /\[(\d+)\]$/.exec(exception.mechanism?.source ?? "")?.[1];
  return index === undefined ? undefined : Number(index);
}

function relation(exception: Exception): string {
  const member = memberOf(exception);
  if (member !== undefined) return `Member ${member + 1} of the group`;
  if (exception.mechanism?.source === "__context__") return "While handling";
  return "Caused by";
}

function sameCall(a: Frame, b: Frame): boolean {
  return a.function === b.function && a.filename === b.filename && a.line === b.line && a.module === b.module && a.line !== undefined;
}
