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

/** The chain as people read it: what was reported first, then its causes; members of groups indented under their group. */
export function chain(exceptions: Exception[]): ChainLink[] {
  const byId = new Map(exceptions.flatMap((exception) => (exception.mechanism?.exceptionId === undefined ? [] : [[exception.mechanism.exceptionId, exception] as const])));
  const depth = (exception: Exception, guard = 0): number => {
    const parent = exception.mechanism?.parentId === undefined ? undefined : byId.get(exception.mechanism.parentId);
    if (!parent || parent === exception || guard > 20) return 0;
    return depth(parent, guard + 1) + (parent.mechanism?.isGroup ? 1 : 0);
  };
  return exceptions.toReversed().map((exception, index) => ({
    exception,
    relation: index === 0 ? undefined : relation(exception),
    depth: depth(exception),
  }));
}

function relation(exception: Exception): string {
  const source = exception.mechanism?.source ?? "";
  const member = /\[(\d+)\]$/.exec(source);
  if (member) return `Member ${Number(member[1]) + 1} of the group`;
  if (source === "__context__") return "While handling";
  return "Caused by";
}

function sameCall(a: Frame, b: Frame): boolean {
  return a.function === b.function && a.filename === b.filename && a.line === b.line && a.module === b.module && a.line !== undefined;
}
