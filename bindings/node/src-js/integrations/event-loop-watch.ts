// The thread that watches the event loop of the main thread. It runs nothing of the application's.
import { Session, type Debugger } from "node:inspector";
import { workerData } from "node:worker_threads";

import type { Watch } from "./event-loop";

const { beats, threshold, report, most, within } = workerData as Watch;
const beat = new Int32Array(beats);
let seen = 0;
let since = performance.now();
// One report for each block.
let told = false;
/** When the latest were reported. */
const times: number[] = [];

setInterval(() => {
  const now = Atomics.load(beat, 0);
  if (now !== seen) {
    [seen, since, told] = [now, performance.now(), false];
  } else if (!told && performance.now() - since >= threshold) {
    told = true;
    if (mayTell()) look();
  }
}, threshold / 4);

function mayTell(): boolean {
  const now = performance.now();
  while (times.length > 0 && now - (times[0] as number) >= within) times.shift();
  if (times.length >= most) return false;
  times.push(now);
  return true;
}

/** Stops the main thread, has it report where it stands, and lets it go on. */
function look(): void {
  const session = new Session();
  session.connectToMainThread();
  const leave = (): void => {
    try {
      session.post("Debugger.resume");
      session.post("Debugger.disable");
      session.disconnect();
    } catch {
      // It is gone already.
    }
  };
  // Should the main thread end in the meantime, nothing answers.
  const late = setTimeout(leave, 5000);
  // Where it stops it names no files, only their numbers.
  const files = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => files.set(scriptId, url));
  session.once("Debugger.paused", ({ params }) => {
    const frames = params.callFrames;
    const callFrameId = frames[0]?.callFrameId;
    const done = (): void => {
      clearTimeout(late);
      leave();
    };
    if (callFrameId === undefined) return done();
    const call = `globalThis[Symbol.for(${JSON.stringify(report)})]?.(${JSON.stringify(stackOf(frames, files))})`;
    session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression: call, silent: true }, done);
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

/** The text that V8 would have written. */
function stackOf(frames: Debugger.CallFrame[], files: ReadonlyMap<string, string>): string {
  const lines = frames.map(({ functionName, location }) => {
    const place = `${files.get(location.scriptId) ?? "<anonymous>"}:${location.lineNumber + 1}:${(location.columnNumber ?? 0) + 1}`;
    return functionName === "" ? `    at ${place}` : `    at ${functionName} (${place})`;
  });
  return lines.join("\n");
}
