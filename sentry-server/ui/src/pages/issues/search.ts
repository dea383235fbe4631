import type { StatsPeriod, Status } from "../../api/types";

/** What the list shows, as it stands in the address, so that a link carries it. */
export interface ListState {
  query: string;
  sort: Sort;
  project?: string;
  cursor?: string;
  period: StatsPeriod;
}

export const DEFAULT_QUERY = "is:unresolved";

export const SORTS = { date: "Last seen", new: "First seen", freq: "Events", user: "Users" } as const;
export type Sort = keyof typeof SORTS;

export function readState(parameters: URLSearchParams): ListState {
  const sort = parameters.get("sort") ?? "date";
  return {
    query: parameters.get("query") ?? DEFAULT_QUERY,
    sort: sort in SORTS ? (sort as Sort) : "date",
    project: parameters.get("project") ?? undefined,
    cursor: parameters.get("cursor") ?? undefined,
    period: parameters.get("period") === "14d" ? "14d" : "24h",
  };
}

/** Only what differs from the default; any change but of the cursor goes back to the first page. */
export function writeState(state: ListState, change: Partial<ListState>): URLSearchParams {
  const next = { ...state, cursor: undefined, ...change };
  const parameters = new URLSearchParams();
  if (next.query !== DEFAULT_QUERY) parameters.set("query", next.query);
  if (next.sort !== "date") parameters.set("sort", next.sort);
  if (next.project) parameters.set("project", next.project);
  if (next.period !== "24h") parameters.set("period", next.period);
  if (next.cursor) parameters.set("cursor", next.cursor);
  return parameters;
}

/** The status a query asks for; `undefined` is any. */
export function statusOf(query: string): Status | undefined {
  const match = /(?:^|\s)is:(unresolved|resolved|ignored)(?:\s|$)/.exec(query);
  return match?.[1] as Status | undefined;
}

/** The query with its status replaced, the rest kept. */
export function withStatus(query: string, status: Status | undefined): string {
  const rest = query.replace(/(?:^|\s)is:(unresolved|resolved|ignored|archived|muted)(?=\s|$)/g, " ").trim();
  return [status && `is:${status}`, rest].filter(Boolean).join(" ");
}
