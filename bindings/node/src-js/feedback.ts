import { callSite } from "./capture";
import { getClient, say } from "./client";
import { active } from "./context";
import { toJson, toText } from "./json";
import { processorsOf } from "./processor";
import type { Scope } from "./scope";
import type { EventHint, Primitive } from "./types";

/** What a user says. */
export interface Feedback {
  message: string;
  name?: string | undefined;
  email?: string | undefined;
  url?: string | undefined;
  /** The event that it is about. */
  associatedEventId?: string | undefined;
  replayId?: string | undefined;
  tags?: Record<string, Primitive> | undefined;
}

/** Captures what a user says. Its event's id. An empty message is dropped, and debug output says why. */
export function captureFeedback(feedback: Feedback, hint: EventHint = {}, scope?: Scope): string | undefined {
  const client = getClient();
  if (!client?.isEnabled) return undefined;
  try {
    const { isolation, current } = active();
    const { message, name, email, url, associatedEventId, replayId, tags } = feedback;
    const around = callSite(scope ?? current, tags ? { ...hint, tags } : hint);
    const processors = processorsOf(client, isolation, around);
    const said = { message, name, contact_email: email, url, associated_event_id: associatedEventId };
    const json = toJson({ ...said, replay_id: replayId });
    const dispatcher = processors.length > 0 || client.feedbackDispatcher ? client.hooks.dispatch : undefined;
    const send = (): string | null =>
      client.native.captureFeedback(isolation.handle(), around.handleIfUsed(), processors.length > 0, json, dispatcher);
    const answer = dispatcher ? client.hooks.during({ hint: { ...hint }, processors, atOnce: true }, send) : send();
    if (!answer?.startsWith("!")) return answer ?? undefined;
    say(`feedback was refused: ${answer.slice(1)}`);
  } catch (error) {
    say(`captureFeedback failed: ${toText(error)}`);
  }
  return undefined;
}
