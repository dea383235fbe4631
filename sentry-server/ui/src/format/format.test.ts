import { describe, expect, it } from "vitest";
import { compact, grouped, percent, plural } from "./number";
import { offset, relative, span } from "./time";

describe("time", () => {
  const now = new Date("2026-11-22T12:00:00Z");
  it.each([
    ["2026-11-22T11:59:58Z", "just now"],
    ["2026-11-22T11:59:20Z", "40 s ago"],
    ["2026-11-22T11:00:01Z", "59 min ago"],
    ["2026-11-22T11:00:00Z", "1 h ago"],
    ["2026-11-15T12:00:00Z", "1 w ago"],
    ["2025-11-22T12:00:00Z", "1 y ago"],
    ["2026-11-22T12:02:00Z", "in 2 min"],
    ["not a date", "unknown"],
  ])("%s is %s", (at, text) => expect(relative(new Date(at), now)).toBe(text));
  it("gives a breadcrumb's distance a sign and a fitting unit", () => {
    expect(offset(1000, 1000)).toBe("0 ms");
    expect(offset(960, 1000)).toBe("−40 ms");
    expect(offset(0, 1234)).toBe("−1.2 s");
    expect(offset(0, 250_000)).toBe("−4 min");
    expect(offset(1005, 1000)).toBe("+5 ms");
  });
  it("never shows zero of a larger unit", () => expect(span(0.4)).toBe("0 s"));
});

describe("numbers", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1000, "1k"],
    [1250, "1.3k"],
    [9949, "9.9k"],
    [9950, "10k"],
    [48_214, "48k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [5_600_000, "5.6M"],
    [2_000_000_000, "2G"],
  ])("%d is %s", (value, text) => expect(compact(value)).toBe(text));
  it("says 100% and 0% only of all and none", () => {
    expect(percent(999, 1000)).toBe("99%");
    expect(percent(1000, 1000)).toBe("100%");
    expect(percent(1, 1000)).toBe("<1%");
    expect(percent(0, 1000)).toBe("0%");
    expect(percent(1, 0)).toBe("0%");
  });
  it("groups by thousands and counts one as one", () => {
    expect(grouped(1_234_567)).toBe("1\u202f234\u202f567");
    expect(plural(1, "issue")).toBe("1 issue");
    expect(plural(0, "issue")).toBe("0 issues");
  });
});
