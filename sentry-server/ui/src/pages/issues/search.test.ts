import { describe, expect, it } from "vitest";
import { readState, statusOf, withStatus, writeState } from "./search";

describe("the list's address", () => {
  it("is empty for what everybody sees first", () => {
    expect(writeState(readState(new URLSearchParams()), {}).toString()).toBe("");
  });
  it("comes back as it went", () => {
    const state = { query: "level:error", sort: "freq", project: "2", cursor: "0:25:0", period: "14d" } as const;
    expect(readState(writeState(readState(new URLSearchParams()), state))).toEqual(state);
  });
  it("keeps a search for everything apart from the default", () => {
    expect(readState(new URLSearchParams("query=")).query).toBe("");
    expect(readState(new URLSearchParams()).query).toBe("is:unresolved");
  });
  it("goes back to the first page when anything else changes", () => {
    expect(writeState(readState(new URLSearchParams("cursor=0:25:0")), { sort: "new" }).get("cursor")).toBeNull();
  });
  it("ignores a sort it does not know", () => expect(readState(new URLSearchParams("sort=evil")).sort).toBe("date"));
});

describe("status in a query", () => {
  it("is found and replaced, the words stay", () => {
    expect(statusOf("is:resolved timeout")).toBe("resolved");
    expect(statusOf("this:unresolved")).toBeUndefined();
    expect(withStatus("is:unresolved level:error timeout", "ignored")).toBe("is:ignored level:error timeout");
    expect(withStatus("timeout is:ignored", undefined)).toBe("timeout");
    expect(withStatus("", "resolved")).toBe("is:resolved");
  });
});
