import { describe, expect, it } from "vitest";
import { highlight } from "./highlight";

const kinds = (line: string, language: string) => highlight(line, language).map((token) => `${token.kind}:${token.text}`);

describe("highlight", () => {
  it("never loses or changes a character", () => {
    for (const line of ["", "\t  x", 'a = "open', "it's 1.5e3 // x # y", "x /* c */ y", "価格 = '🍕'", "`${a}`", "a#b//c"]) {
      for (const language of ["python", "node", "native", "other"]) {
        expect(highlight(line, language).map((token) => token.text).join("")).toBe(line);
      }
    }
  });
  it("knows which language has which comment", () => {
    expect(kinds("x # no // y", "python")).toEqual(["plain:x ", "comment:# no // y"]);
    expect(kinds("7 // 2", "python")).toEqual(["number:7", "plain: // ", "number:2"]);
    expect(kinds("#[derive(Debug)] // why", "native")).toEqual(["plain:#[derive(Debug)] ", "comment:// why"]);
  });
  it("marks keywords only as whole words", () => {
    expect(kinds("return returned", "node")).toEqual(["key:return", "plain: returned"]);
  });
  it("leaves a Rust lifetime alone", () => {
    expect(kinds("fn f<'a>(x: &'a str)", "native")[0]).toBe("key:fn");
    expect(highlight("fn f<'a>(x: &'a str)", "native").some((token) => token.kind === "string" && token.text.includes(">(x"))).toBe(false);
  });
});
