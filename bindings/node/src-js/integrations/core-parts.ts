import type { Integration } from "../integration";
import type { Options } from "../options";
import { checked } from "./checked";

// What the core does by itself, under the names by which the official SDK lists it, so that it can be left out or asked for less.

/** @internal */
export const CONTEXT = "Context";

/** Which contexts events have; all of them by default. */
export interface ContextOptions {
  os?: boolean;
  device?: boolean | object;
  /** No effect: there is none. */
  app?: boolean;
  culture?: boolean;
  cloudResource?: boolean;
}

/** The system and the machine on events; there by default. */
export function nodeContextIntegration(options?: ContextOptions): Integration {
  const known = { os: "boolean", device: "any", app: "any", culture: "any", cloudResource: "any" } as const;
  const given = checked("nodeContextIntegration", options, known);
  return { name: CONTEXT, options: given, absence: { options: { os: false, device: false } } };
}

/** How many lines of source. */
export interface ContextLinesOptions {
  /** Before and after that of a frame: 5 by default, 0 for none. */
  frameContextLines?: number;
}

/** Lines of source around each frame; there by default. */
export function contextLinesIntegration(options?: ContextLinesOptions): Integration {
  const { frameContextLines: lines } = checked("contextLinesIntegration", options, { frameContextLines: "number" });
  const none = (given: Options): Options => ({ ...given, includeSourceContext: false });
  const some = (given: Options): Options => {
    // One kind that is named says nothing of the others.
    const pii = given.sendDefaultPii === true;
    const others = given.dataCollection ?? { userInfo: pii, cookies: pii, httpBodies: pii };
    return { ...given, dataCollection: { frameContextLines: lines, ...others } as Options["dataCollection"] };
  };
  const amend = lines === undefined ? {} : { amend: lines <= 0 ? none : some };
  return { name: "ContextLines", ...amend, absence: { amend: none } };
}

/** Runs of the program as sessions, as `autoSessionTracking` says; there by default. */
export function processSessionIntegration(): Integration {
  return { name: "ProcessSession", absence: {} };
}

/** Nothing that would have to be undone: what is wrapped keeps its name. */
export function functionToStringIntegration(): Integration {
  return { name: "FunctionToString" };
}

/** Copies to a Spotlight sidecar, as the option `spotlight` asks for them. */
export function spotlightIntegration(options?: { sidecarUrl?: string }): Integration {
  const { sidecarUrl } = checked("spotlightIntegration", options, { sidecarUrl: "string" });
  return { name: "Spotlight", amend: (given) => ({ ...given, spotlight: sidecarUrl ?? given.spotlight ?? true }) };
}

/** Spans travel one by one, as with `traceLifecycle: "stream"`. */
export function spanStreamingIntegration(): Integration {
  return { name: "SpanStreaming", amend: (given) => ({ ...given, traceLifecycle: "stream" }) };
}
