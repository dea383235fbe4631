import { describe, expect, it } from "vitest";
import type { Exception, Frame, Mechanism } from "../../api/event";
import { chain, frameToOpen, groupFrames } from "./group";

const frame = (name: string, inApp: boolean, line = 1, rest: Partial<Frame> = {}): Frame => ({ function: name, filename: `${name}.py`, line, inApp, context: [], ...rest });
const shape = (frames: Frame[], mode: "app" | "full") => groupFrames(frames, mode).map((row) => (row.kind === "library" ? row.frames.length : row.frame.function + (row.repeat > 1 ? `*${row.repeat}` : "")));

describe("groupFrames", () => {
  it("turns the order round and folds each run of library frames", () => {
    const frames = [frame("wsgi", false), frame("dispatch", false), frame("view", true), frame("orm", false), frame("save", true)];
    expect(shape(frames, "app")).toEqual(["save", 1, "view", 2]);
    expect(shape(frames, "full")).toEqual(["save", "orm", "view", "dispatch", "wsgi"]);
  });

  it("keeps the library frames of a run in display order", () => {
    const [row] = groupFrames([frame("app", true), frame("outer", false), frame("inner", false)], "app");
    expect(row).toMatchObject({ kind: "library", frames: [{ function: "inner" }, { function: "outer" }] });
  });

  it("shows a stack without app frames whole", () => {
    expect(shape([frame("a", false), frame("b", false)], "app")).toEqual(["b", "a"]);
  });

  it("counts a recursion, but not calls from different lines", () => {
    const deep = Array.from({ length: 97 }, () => frame("f", true, 7));
    expect(shape([frame("main", true), frame("f", true, 3), ...deep], "app")).toEqual(["f*97", "f", "main"]);
  });

  it("does not merge frames of which no line is known", () => {
    const unknown = frame("<unknown>", true, undefined, { line: undefined });
    expect(shape([unknown, unknown], "full")).toEqual(["<unknown>", "<unknown>"]);
  });

  it("survives an empty stack", () => {
    expect(groupFrames([], "app")).toEqual([]);
  });
});

describe("frameToOpen", () => {
  const source: Partial<Frame> = { context: [[1, "x"]] };
  it("prefers the newest app frame that has something to show", () => {
    const frames = [frame("old", true, 1, source), frame("new", true, 2, source), frame("bare", true, 3), frame("library", false, 4, source)];
    expect(frameToOpen(frames)?.function).toBe("new");
  });
  it("falls back to a library frame", () => {
    expect(frameToOpen([frame("a", false, 1, source), frame("b", false)])?.function).toBe("a");
    expect(frameToOpen([frame("a", false)])).toBeUndefined();
  });
});

describe("chain", () => {
  const exception = (type: string, mechanism?: Mechanism): Exception => ({ type, value: "", frames: [], mechanism });
  it("puts the reported exception first and names how the others relate", () => {
    const links = chain([exception("Cause", { source: "__cause__" }), exception("Context", { source: "__context__" }), exception("Reported")]);
    expect(links.map((link) => [link.exception.type, link.relation])).toEqual([
      ["Reported", undefined],
      ["Context", "While handling"],
      ["Cause", "Caused by"],
    ]);
  });
  it("indents the members of a group, and groups in groups", () => {
    const links = chain([
      exception("Inner", { exceptionId: 3, parentId: 1, source: "exceptions[0]" }),
      exception("Second", { exceptionId: 2, parentId: 0, source: "exceptions[1]" }),
      exception("Nested", { exceptionId: 1, parentId: 0, source: "exceptions[0]", isGroup: true }),
      exception("Group", { exceptionId: 0, isGroup: true }),
    ]);
    expect(links.map((link) => [link.exception.type, link.depth, link.relation])).toEqual([
      ["Group", 0, undefined],
      ["Nested", 1, "Member 1 of the group"],
      ["Second", 1, "Member 2 of the group"],
      ["Inner", 2, "Member 1 of the group"],
    ]);
  });
  it("puts the cause of a member under that member", () => {
    const links = chain([
      exception("Cause", { exceptionId: 2, parentId: 0, source: "__cause__" }),
      exception("Member", { exceptionId: 1, parentId: 0, source: "exceptions[0]" }),
      exception("Group", { exceptionId: 0, isGroup: true }),
    ]);
    expect(links.map((link) => link.depth)).toEqual([0, 1, 1]);
  });
  it("does not loop on ids that point at each other", () => {
    expect(chain([exception("A", { exceptionId: 0, parentId: 1, isGroup: true }), exception("B", { exceptionId: 1, parentId: 0, isGroup: true })])).toHaveLength(2);
  });
});
