import { describe, expect, it } from "vitest";
import { viewEvent } from "./event";
import type { ApiEvent } from "./types";

const event = (rest: Partial<ApiEvent>): ApiEvent => ({ id: "1", eventID: "1", ...rest });

describe("viewEvent", () => {
  it("reads a frame in the API's shape and in the wire's alike", () => {
    const api = { function: "f", lineNo: 2, colNo: 4, inApp: true, absPath: "/a.py", context: [[1, "a"], [2, "b"], [3, "c"]], vars: { x: 1 } };
    const wire = { function: "f", lineno: 2, colno: 4, in_app: true, abs_path: "/a.py", pre_context: ["a"], context_line: "b", post_context: ["c"], vars: { x: 1 } };
    const frames = (raw: object) => viewEvent(event({ entries: [{ type: "exception", data: { values: [{ type: "E", value: "v", stacktrace: { frames: [raw] } }] } }] })).exceptions[0]!.frames[0];
    expect(frames(api)).toEqual(frames(wire));
    expect(frames(api)).toMatchObject({ line: 2, column: 4, inApp: true, context: [[1, "a"], [2, "b"], [3, "c"]] });
  });

  it("takes breadcrumbs with seconds or RFC 3339, as a list or under values", () => {
    const crumbs = (data: unknown) => viewEvent(event({ entries: [{ type: "breadcrumbs", data }] })).breadcrumbs;
    expect(crumbs([{ timestamp: 1.5, message: "a" }])[0]).toMatchObject({ at: 1500, message: "a", level: "info", type: "default" });
    expect(crumbs({ values: [{ timestamp: "1970-01-01T00:00:01.5Z" }] })[0]!.at).toBe(1500);
    expect(crumbs({ values: [{ timestamp: "nonsense" }, null] })).toEqual([expect.objectContaining({ at: undefined })]);
  });

  it("reads a request's headers as a map or as pairs, and a query as text", () => {
    const request = (data: unknown) => viewEvent(event({ entries: [{ type: "request", data }] })).request;
    expect(request({ headers: { A: "1" }, query_string: "a=%C3%BC&b=2" })).toMatchObject({ headers: [["A", "1"]], query: [["a", "ü"], ["b", "2"]] });
    expect(request({ headers: [["A", "1"]], query: [["a", "ü"]] })).toMatchObject({ headers: [["A", "1"]], query: [["a", "ü"]] });
  });

  it("has nothing to show of an event without entries, and does not fail", () => {
    expect(viewEvent(event({}))).toMatchObject({ exceptions: [], threads: [], breadcrumbs: [], contexts: [], extra: {}, user: undefined, request: undefined });
    expect(viewEvent(event({ user: {}, contexts: { a: null, b: {} }, entries: [{ type: "exception", data: null }] })).contexts).toEqual([]);
  });

  it("keeps a value that is not text", () => {
    const [exception] = viewEvent(event({ entries: [{ type: "exception", data: [{ value: { code: 7 } }] }] })).exceptions;
    expect(exception).toMatchObject({ type: "Error", value: '{"code":7}' });
  });

  it("shows threads only where they have frames", () => {
    const threads = { values: [{ id: 1, name: "main", crashed: true, stacktrace: { frames: [{ function: "f" }] } }, { id: 2, name: "idle" }] };
    expect(viewEvent(event({ entries: [{ type: "threads", data: threads }] })).threads.map((thread) => thread.name)).toEqual(["main"]);
  });
});
