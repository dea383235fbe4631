import { basename, relative } from "node:path";

import type { Integration } from "../integration";
import type { Event, StackFrame } from "../types";
import { checked } from "./checked";

/** What of a request is told; the options of a client decide before. */
export interface RequestDataOptions {
  include?: { cookies?: boolean; data?: boolean; headers?: boolean; ip?: boolean; query_string?: boolean; url?: boolean };
}

/** The request on events; there by default. `include` takes away what the options let be collected. */
export function requestDataIntegration(options?: RequestDataOptions): Integration {
  const { include } = checked("requestDataIntegration", options, { include: "object" });
  const parts = ["cookies", "data", "headers", "query_string", "url", "ip"] as const;
  checked("the `include` of requestDataIntegration", include, Object.fromEntries(parts.map((part) => [part, "boolean"])) as never);
  const out = parts.filter((part) => include?.[part] === false);
  const absence = { processEvent: ({ request: _, ...event }: Event): Event => event };
  if (out.length === 0) return { name: "RequestData", absence };
  const processEvent = (event: Event): Event => {
    const request: Record<string, unknown> = { ...event.request };
    for (const part of out) delete request[part];
    const changed: Event = event.request ? { ...event, request } : { ...event };
    if (!out.includes("ip")) return changed;
    const { ip_address: _, ...user } = event.user ?? {};
    if (event.user) changed.user = user;
    const { REMOTE_ADDR: __, ...env } = changed.request?.env ?? {};
    if (changed.request?.env) changed.request = { ...changed.request, env };
    return changed;
  };
  return { name: "RequestData", processEvent, absence };
}

/** How names of files are written. */
export interface RewriteFramesOptions {
  /** The folder that they are told from; without one only the last part of a name stays. */
  root?: string;
  /** What stands before it; `app:///` by default. */
  prefix?: string;
  /** Changes a frame, in the place of both. */
  iteratee?: (frame: StackFrame) => StackFrame;
}

/** Rewrites the files of frames. Not there by default. */
export function rewriteFramesIntegration(options?: RewriteFramesOptions): Integration {
  const known = { root: "string", prefix: "string", iteratee: "function" } as const;
  const { root, prefix = "app:///", iteratee } = checked("rewriteFramesIntegration", options, known);
  const shorten = (frame: StackFrame): StackFrame => {
    const file = (frame.abs_path ?? frame.filename)?.replace(/^[A-Za-z]:/, "").replaceAll("\\", "/");
    if (!file?.startsWith("/")) return frame;
    return { ...frame, filename: `${prefix}${root === undefined ? basename(file) : relative(root, file)}` };
  };
  const rewrite = iteratee ?? shorten;
  const processEvent = (event: Event): Event => {
    for (const { stacktrace } of event.exception?.values ?? []) {
      if (stacktrace?.frames) stacktrace.frames = stacktrace.frames.map((frame) => rewrite(frame));
    }
    return event;
  };
  return { name: "RewriteFrames", processEvent };
}
