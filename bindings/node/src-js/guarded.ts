import { say } from "./client";
import { toText } from "./json";

/** What a function of the application says, yes or no; one that throws says no. */
export function guardedAnswer(ask: () => unknown): boolean {
  try {
    return Boolean(ask());
  } catch (error) {
    say(`a function among the options of an integration threw ${toText(error)}`);
    return false;
  }
}
