import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, expect, it } from "vitest";
import type { Exception, Frame } from "../../api/event";
import { StackTrace } from "./StackTrace";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

afterEach(() => document.body.replaceChildren());

function show(frames: Frame[], value = "boom"): HTMLElement {
  const exception: Exception = { type: "ValueError", value, frames };
  const element = document.body.appendChild(document.createElement("div"));
  act(() => createRoot(element).render(<StackTrace exceptions={[exception]} threads={[]} platform="python" />));
  return element;
}

const app: Frame = { function: "charge", filename: "app.py", line: 2, inApp: true, context: [[1, "def charge():"], [2, "    raise ValueError"]], vars: { order: "<Order 7>" } };
const library: Frame = { function: "dispatch", filename: "flask/app.py", module: "flask.app", line: 9, inApp: false, context: [[9, "call()"]] };

it("opens the app's frame with source and variables and folds the library's", () => {
  const element = show([library, library, app]);
  expect(element.querySelector("tr.at")?.textContent).toContain("raise ValueError");
  expect(element.textContent).toContain("<Order 7>");
  expect(element.textContent).toContain("2 library frames");
  expect(element.textContent).not.toContain("dispatch");
});

it("unfolds the library frames on a click, and shows raw text on request", () => {
  const element = show([library, app]);
  const press = (text: string) => act(() => [...element.querySelectorAll("button")].find((button) => button.textContent?.includes(text))!.click());
  press("1 library frame");
  expect(element.textContent).toContain("dispatch");
  press("Raw");
  expect(element.querySelector("pre")?.textContent).toContain('File "app.py", line 2, in charge');
});

it("shows markup in an event as text", () => {
  const element = show([{ ...app, vars: { evil: "<img src=x onerror=alert(1)>" } }], "<script>alert(1)</script>");
  expect(element.querySelector("script, img")).toBeNull();
  expect(element.textContent).toContain("<script>alert(1)</script>");
});
