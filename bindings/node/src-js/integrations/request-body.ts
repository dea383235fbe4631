import type { IncomingMessage } from "node:http";

import type { RequestBody } from "../types";
import type { RequestLike } from "./request";

/** What of a body the application has read. Chunks are kept as they are, never copied, and let go when they are too many. */
interface Watched {
  chunks: (Buffer | string)[];
  length: number;
  state: "unread" | "read" | "too_large";
}

const watched = new WeakMap<object, Watched>();

/**
 * Looks on while the application reads the body of a request, for at most so many bytes. It asks for nothing: what nobody reads
 * stays unread, whether by events, by `pipe` or by iteration, as all of them come by `data`.
 */
export function watchBody(request: RequestLike, limit: number): void {
  const { headers = {}, emit } = request as Partial<IncomingMessage>;
  const declared = headers["content-length"];
  const hasBody = declared === undefined ? headers["transfer-encoding"] !== undefined : declared !== "0";
  if (!hasBody || typeof emit !== "function" || Number(declared) > limit || watched.has(request)) return;
  const body: Watched = { chunks: [], length: 0, state: "unread" };
  watched.set(request, body);
  (request as IncomingMessage).emit = function (this: IncomingMessage, event: string | symbol, ...values: unknown[]): boolean {
    if (event === "data") keep(body, values[0], limit);
    else if (event === "end" && body.state === "unread") body.state = "read";
    return Reflect.apply(emit, this, [event, ...values]) as boolean;
  };
}

function keep(body: Watched, chunk: unknown, limit: number): void {
  if (body.state !== "unread" || (typeof chunk !== "string" && !Buffer.isBuffer(chunk))) return;
  body.length += chunk.length;
  if (body.length > limit) {
    body.state = "too_large";
    body.chunks = [];
  } else {
    body.chunks.push(chunk);
  }
}

/** What is known of a body: what was read, else what a framework says that it has found. */
export function readBody(request: RequestLike): RequestBody {
  const body = watched.get(request);
  if (body?.state === "too_large") return "too_large";
  if (body?.state === "read") return { read: textOf(body.chunks) };
  const { body: parsed } = request;
  if (typeof parsed === "string") return { read: parsed };
  if (Buffer.isBuffer(parsed)) return { read: parsed.toString() };
  if (typeof parsed === "object" && parsed !== null && !isEmpty(parsed)) return { parsed };
  return "unread";
}

function textOf(chunks: readonly (Buffer | string)[]): string {
  if (chunks.every((chunk) => typeof chunk !== "string")) return Buffer.concat(chunks).toString();
  return chunks.map(String).join("");
}

/** Express 4 has an empty object where nothing was parsed. */
function isEmpty(body: object): boolean {
  for (const _ in body) return false;
  return true;
}
