import { describe, expect, it } from "vitest";
import { STARTS } from "./starts";

const DSN = "http://key@127.0.0.1:9000/1";

describe.each(STARTS)("$language", ({ code, install }) => {
  it("starts in five lines, with the DSN in place", () => {
    expect(code(DSN)).toContain(`"${DSN}"`);
    expect(code(DSN).split("\n").length).toBeLessThanOrEqual(5);
    expect(install.toLowerCase()).toContain("watchpost");
  });
});

it("covers the five languages", () => {
  expect(STARTS.map((start) => start.language)).toEqual(["Rust", "Python", "Node", "Kotlin", "Swift"]);
});
