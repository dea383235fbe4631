import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { MemoryRouter } from "react-router";
import { afterEach, describe, expect, it, vi } from "vitest";
import { viewEvent } from "../../api/event";
import type { ApiEvent } from "../../api/types";
import { StackTrace } from "../../components/stacktrace/StackTrace";
import { Breadcrumbs } from "./Breadcrumbs";
import { Contexts } from "./Contexts";
import { Request } from "./Request";

// Every event that official SDKs sent into the recorded corpus is put on the screen, straight from the wire.

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

const FOLDER = join(import.meta.dirname, "../../../../../tests/corpus/envelopes");
const EVENTS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".envelope"))
  .flatMap((name) => events(readFileSync(join(FOLDER, name))).map((event) => [name, event] as const));

afterEach(() => document.body.replaceChildren());

it("has a corpus to read", () => expect(EVENTS.length).toBeGreaterThan(60));

describe.each(EVENTS)("%s", (_name, sent) => {
  it("can be read by a person", () => {
    const complaint = vi.spyOn(console, "error");
    const event: ApiEvent = { ...(sent as object), id: "1", eventID: "1", tags: [], entries: ["exception", "threads", "breadcrumbs", "request"].map((type) => ({ type, data: sent[type] })) } as ApiEvent;
    const view = viewEvent(event);
    const element = document.body.appendChild(document.createElement("div"));
    const root = createRoot(element);
    act(() =>
      root.render(
        <MemoryRouter>
          <StackTrace exceptions={view.exceptions} threads={view.threads} platform={event.platform ?? "other"} />
          <Breadcrumbs crumbs={view.breadcrumbs} eventAt={event.dateCreated} />
          {view.request && <Request request={view.request} />}
          <Contexts view={view} event={event} />
        </MemoryRouter>,
      ),
    );
    const seen = element.textContent ?? "";
    for (const exception of view.exceptions) {
      expect(seen).toContain(exception.type);
      expect(seen).toContain(exception.value);
    }
    for (const crumb of view.breadcrumbs.slice(-3)) if (crumb.message) expect(seen).toContain(crumb.message);
    const inApp = view.exceptions.at(-1)?.frames.filter((frame) => frame.inApp).at(-1);
    if (inApp?.function) expect(seen).toContain(inApp.function);
    expect(complaint).not.toHaveBeenCalled();
    act(() => root.unmount());
  });
});

/** The events of an envelope: a header line, then items of a header line and a payload of the length it names. */
function events(bytes: Buffer): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let at = bytes.indexOf(10) + 1;
  while (at > 0 && at < bytes.length) {
    const end = bytes.indexOf(10, at);
    if (end < 0) break;
    const head = bytes.toString("utf8", at, end).trim();
    at = end + 1;
    if (head === "") continue;
    const header = JSON.parse(head) as { type: string; length?: number };
    const newline = bytes.indexOf(10, at);
    const until = header.length === undefined ? (newline < 0 ? bytes.length : newline) : at + header.length;
    if (header.type === "event") found.push(JSON.parse(bytes.toString("utf8", at, until)) as Record<string, unknown>);
    at = until + 1;
  }
  return found;
}
