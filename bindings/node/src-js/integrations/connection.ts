import type { ServerResponse } from "node:http";

import { Itself } from "../mark";
import type { FollowedRequest } from "./followed-request";

/** Both ends of what Node's server says of a request. */
export interface Exchange {
  request: object;
  response: ServerResponse;
  socket: object;
}

/** A mark on a connection: its requests that wait for the end of their answers. One listener serves all of them. */
export class Connection extends Itself {
  readonly #open = new Map<ServerResponse, FollowedRequest>();

  /** A request on it begins. */
  static begin(socket: NodeJS.EventEmitter, response: ServerResponse, followed: FollowedRequest): void {
    if (!(#open in socket)) {
      new Connection(socket);
      // Whoever goes away leaves answers behind that never finish.
      socket.on("close", () => Connection.#close(socket));
    }
    (socket as unknown as Connection).#open.set(response, followed);
  }

  /** The answer to a request on it is complete. */
  static finish({ socket, response }: Exchange): void {
    if (!(#open in socket)) return;
    const open = (socket as Connection).#open;
    const followed = open.get(response);
    if (!followed) return;
    open.delete(response);
    if (!followed.hasScopes) followed.end(response.statusCode);
    // What is captured while it is closed counts as well.
    else response.once("close", () => followed.end(response.statusCode));
  }

  static #close(socket: object): void {
    const open = (socket as Connection).#open;
    for (const [response, followed] of open) followed.end(statusOf(response));
    open.clear();
  }
}

/** The status of an answer; 0 if there was none. */
export function statusOf(response: ServerResponse): number {
  return response.headersSent ? response.statusCode : 0;
}
