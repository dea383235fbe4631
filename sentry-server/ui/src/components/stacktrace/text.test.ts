import { expect, it } from "vitest";
import type { Exception } from "../../api/event";
import { stackText } from "./text";

const chain: Exception[] = [
  { type: "ValueError", value: "bad", frames: [{ function: "parse", filename: "a.py", absPath: "/srv/a.py", line: 3, inApp: true, context: [[3, "    return int(text)"]] }] },
  { type: "PaymentError", value: "", frames: [{ function: "pay", filename: "b.py", line: 9, column: 4, inApp: true, context: [] }] },
];

it("prints Python the way Python does", () => {
  expect(stackText(chain, "python")).toBe(
    `Traceback (most recent call last):
  File "/srv/a.py", line 3, in parse
    return int(text)
ValueError: bad

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "b.py", line 9, in pay
PaymentError`,
  );
});

it("prints everything else outermost first", () => {
  expect(stackText(chain, "node")).toBe(`PaymentError
    at pay (b.py:9:4)
Caused by: ValueError: bad
    at parse (a.py:3)`);
});
