import { useSyncExternalStore } from "react";
import { absolute, relative } from "../../format/time";

/** "4 min ago", kept true while the page is open, with the full local time as its tooltip. */
export function TimeAgo({ at, className }: { at: string | undefined | null; className?: string }) {
  const now = useSyncExternalStore(subscribe, tick, tick);
  if (!at) return <span className={className}>never</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={absolute(date)} className={className}>
      {relative(date, new Date(now))}
    </time>
  );
}

const STEP_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

// One timer for every label on the page.
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => listeners.forEach((one) => one()), STEP_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

function tick(): number {
  return Math.ceil(Date.now() / STEP_MS) * STEP_MS;
}
