import { getClient, say } from "./client";
import { active } from "./context";
import { toText } from "./json";
import type { NativeClient, NativeRequestSession, NativeScope } from "./native";

/** Begins a session of this run, after the end of the one before. With `autoSessionTracking` one has begun by itself. */
export function startSession(): void {
  withScopes("startSession", (client, isolation, current) => client.startSession(isolation, current));
}

/** Ends the session of this run: it went well. */
export function endSession(): void {
  withScopes("endSession", (client, isolation, current) => client.endSession(isolation, current));
}

/** Ends the session with `true`. News of it is sent by itself, so that anything else does nothing. */
export function captureSession(end = false): void {
  if (end) endSession();
}

/** The application goes to the background: after 30 s there its session is over, as of now. */
export function pauseSession(): void {
  withScopes("pauseSession", (client) => client.pauseSession());
}

/** The application comes back: its session goes on, or the next begins. */
export function resumeSession(): void {
  withScopes("resumeSession", (client, isolation, current) => client.resumeSession(isolation, current));
}

/** The session of one request. Errors that are captured in its isolation scope count by themselves. */
export class RequestSession {
  readonly #native: NativeRequestSession;

  /** @internal */
  constructor(native: NativeRequestSession) {
    this.#native = native;
  }

  /** The request failed, though nothing was captured. */
  markErrored(): void {
    this.#native.markErrored();
  }

  /** An error that nobody handled ended the request. */
  markCrashed(): void {
    this.#native.markCrashed();
  }

  /** Ends it; only the first call counts. */
  end(): void {
    this.#native.end();
  }
}

/** Begins the session of a request in the present isolation scope; nothing if no sessions are tracked. The first makes
 * requests the sessions of the process. For integrations with servers. */
export function startRequestSession(): RequestSession | undefined {
  const session = withScopes("startRequestSession", (client, isolation) => client.startRequestSession(isolation));
  return session ? new RequestSession(session) : undefined;
}

function withScopes<T>(
  name: string,
  run: (client: NativeClient, isolation: NativeScope, current: NativeScope | undefined) => T,
): T | undefined {
  const client = getClient();
  if (!client) return undefined;
  try {
    const { isolation, current } = active();
    return run(client.native, isolation.handle(), current.handleIfUsed());
  } catch (error) {
    say(`${name} failed: ${toText(error)}`);
    return undefined;
  }
}
