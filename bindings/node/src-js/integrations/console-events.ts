import { captureMessage, captureThrownBy } from "../capture";
import { isError } from "../error";
import type { SeverityLevel } from "../types";

/** Captures a line of `console`: the first error in it, or else its text. @internal */
export function captureConsoleLine(message: string, level: SeverityLevel, values: unknown[], handled: boolean): void {
  const context = { level, extra: { arguments: values } };
  const error = values.find(isError);
  if (error === undefined) captureMessage(message, context);
  else captureThrownBy(error, context, { mechanism: "auto.core.capture_console", handled });
}
