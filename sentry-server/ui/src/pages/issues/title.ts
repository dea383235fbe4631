import type { Issue } from "../../api/types";

/** "Type: value" in its two halves; a message has only the first. */
export function splitTitle(issue: Pick<Issue, "title" | "metadata">): [string, string | undefined] {
  const type = issue.metadata?.type;
  if (type) return [type, firstLine(issue.metadata?.value) ?? (issue.title.startsWith(`${type}: `) ? issue.title.slice(type.length + 2) : undefined)];
  return [issue.title || "(no title)", undefined];
}

function firstLine(text: string | undefined): string | undefined {
  return text?.split("\n", 1)[0] || undefined;
}
