import type { Exception, Frame } from "../../api/event";

/** The stack trace as the language itself would print it, to paste into a chat or an editor. */
export function stackText(exceptions: Exception[], platform: string | null | undefined): string {
  return platform === "python" ? exceptions.map(pythonTrace).join("\n\nThe above exception was the direct cause of the following exception:\n\n") : exceptions.toReversed().map(atTrace).join("\n");
}

function pythonTrace(exception: Exception): string {
  const frames = exception.frames.map((frame) => {
    const source = sourceLine(frame)?.trim();
    return `  File "${frame.absPath ?? frame.filename ?? "?"}", line ${frame.line ?? "?"}, in ${frame.function ?? "?"}${source ? `\n    ${source}` : ""}`;
  });
  return [...(frames.length ? ["Traceback (most recent call last):"] : []), ...frames, heading(exception)].join("\n");
}

function atTrace(exception: Exception, index: number): string {
  const frames = exception.frames.toReversed().map((frame) => `    at ${frame.function ?? "<unknown>"} (${place(frame)})`);
  return [(index > 0 ? "Caused by: " : "") + heading(exception), ...frames].join("\n");
}

/** "file:line:column" with what is known of it. */
export function place(frame: Frame): string {
  const file = frame.filename ?? frame.absPath ?? frame.module ?? frame.package ?? frame.address ?? "?";
  return [file, frame.line, frame.line === undefined ? undefined : frame.column].filter((part) => part !== undefined).join(":");
}

export function sourceLine(frame: Frame): string | undefined {
  return frame.context.find(([number]) => number === frame.line)?.[1];
}

function heading(exception: Exception): string {
  return exception.value ? `${exception.type}: ${exception.value}` : exception.type;
}
