import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { EVENTS } from "./events.ts";

// A small double of /api/0/ for work on the page without a server: `npm run dev:mock`. Any username signs in
// with the password "watchpost". It proves nothing about the server; the e2e tests run against the real one.

type Kind = keyof typeof EVENTS;
interface MockIssue {
  id: string;
  status: string;
  level: string;
  kind: Kind;
  type?: string;
  title: string;
  count: number;
  users: number;
  first: number;
  last: number;
}

const TEMPLATES: [Kind, string, string | undefined, string][] = [
  ["python", "error", "PaymentError", "payment of order 7 failed: bad amount"],
  ["rust", "fatal", "panic", "index out of bounds: the len is 3 but the index is 7"],
  ["node", "error", "TypeError", "Cannot read properties of undefined (reading 'price')"],
  ["message", "warning", undefined, "Stock of sku-17 is below 5"],
  ["python", "error", "OperationalError", "(psycopg.OperationalError) connection to server at \"db-2\", port 5432 failed: FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute"],
  ["node", "error", "UnhandledRejection", "Request to https://rates.example.com timed out after 10000 ms"],
  ["message", "info", undefined, "Cache was rebuilt in 4.1 s"],
  ["rust", "error", "ParseIntError", "invalid digit found in string"],
  ["python", "error", "KeyError", "'amount'"],
  ["message", "debug", undefined, "Feature flag new-checkout was read before it was set"],
];

const issues: MockIssue[] = Array.from({ length: 34 }, (_, index) => {
  const [kind, level, type, text] = TEMPLATES[index % TEMPLATES.length]!;
  const count = Math.round(48_213 / (1 + index) ** 2.1) + 1;
  return { id: String(index + 1), status: index % 9 === 8 ? "resolved" : "unresolved", level, kind, type, title: index < TEMPLATES.length ? text : `${text} (${index})`, count, users: kind === "message" ? 0 : Math.ceil(count / 9), first: 86_400 * (index * 3 + 2), last: 4 + index * index * 190 };
});

export function mockApi(): Plugin {
  return {
    name: "watchpost-mock-api",
    configureServer(server) {
      server.middlewares.use("/api/0/", (request, response) => void answer(request, response));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? "/", "http://mock");
  const body = await read(request);
  const path = url.pathname.replace(/^\/|\/$/g, "").split("/");
  const json = (value: unknown, status = 200, headers: Record<string, string> = {}) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(value));
  };
  if (path.join("/") === "auth/login") {
    if (body.password !== "watchpost") return json({ detail: "Wrong username or password." }, 401);
    return json({ id: "1", username: body.username }, 200, { "Set-Cookie": "mock=1; Path=/; HttpOnly" });
  }
  if (path.join("/") === "auth/logout") {
    return json({}, 200, { "Set-Cookie": "mock=; Path=/; Max-Age=0" });
  }
  if (!request.headers.cookie?.includes("mock=1")) return json({ detail: "Authentication credentials were not provided." }, 401);
  if (path[0] === "auth") return json({ id: "1", username: "admin", email: "admin@example.com" });
  if (path[0] === "organizations" && path.length === 1) return json([{ id: "1", slug: "main", name: "Main" }]);
  if (path[0] === "projects" && path[3] === "keys") return json([{ id: "1", name: "Default", public: "0123456789abcdef0123456789abcdef", isActive: true, dsn: { public: `http://0123456789abcdef0123456789abcdef@127.0.0.1:9000/${path[2] === "empty" ? 2 : 1}` } }]);
  if (path[0] === "projects") return json(event(issues[0]!, path[4] ?? "0"));
  if (path[2] === "projects") {
    return json([
      { id: "1", slug: "shop", name: "Shop", platform: "python", dateCreated: stamp(86_400 * 200), firstEvent: stamp(86_400 * 190) },
      { id: "2", slug: "empty", name: "Empty", platform: null, dateCreated: stamp(3600), firstEvent: null },
    ]);
  }
  if (path[2] !== "issues") return json({ detail: `The mock has no ${url.pathname}` }, 404);
  if (path.length === 3 && request.method === "PUT") {
    for (const id of url.searchParams.getAll("id")) issues.find((one) => one.id === id)!.status = String(body.status);
    return json({ status: body.status });
  }
  if (path.length === 3) return list(url, json);
  const issue = issues.find((one) => one.id === path[3]);
  if (!issue) return json({ detail: "The requested resource does not exist" }, 404);
  if (request.method === "PUT") issue.status = String(body.status);
  if (path[4] === "tags") return json(tags(issue));
  if (path[4] === "events") return json(event(issue, path[5]!));
  return json(view(issue));
}

function list(url: URL, json: (value: unknown, status?: number, headers?: Record<string, string>) => void) {
  const query = url.searchParams.get("query") ?? "is:unresolved";
  const status = /is:(\w+)/.exec(query)?.[1];
  const words = query.replace(/\S+:\S+/g, "").trim().toLowerCase();
  const found = issues.filter((one) => url.searchParams.get("project") !== "2" && (!status || one.status === status) && `${one.type ?? ""} ${one.title}`.toLowerCase().includes(words));
  const sort = url.searchParams.get("sort") ?? "date";
  found.sort((a, b) => (sort === "freq" ? b.count - a.count : sort === "user" ? b.users - a.users : sort === "new" ? a.first - b.first : a.last - b.last));
  const limit = Number(url.searchParams.get("limit") ?? 25);
  const from = Number(url.searchParams.get("cursor")?.split(":")[1] ?? 0);
  const link = (rel: string, at: number, results: boolean) => `<http://mock/>; rel="${rel}"; results="${results}"; cursor="0:${at}:0"`;
  json(found.slice(from, from + limit).map(view), 200, {
    "X-Hits": String(found.length),
    Link: `${link("previous", Math.max(0, from - limit), from > 0)}, ${link("next", from + limit, from + limit < found.length)}`,
  });
}

function view(issue: MockIssue) {
  return {
    id: issue.id,
    shortId: `SHOP-${Number(issue.id).toString(36).toUpperCase()}`,
    title: issue.type ? `${issue.type}: ${issue.title}` : issue.title,
    culprit: EVENTS[issue.kind].culprit,
    level: issue.level,
    status: issue.status,
    platform: EVENTS[issue.kind].platform,
    project: { id: "1", slug: "shop", name: "Shop" },
    metadata: issue.type ? { type: issue.type, value: issue.title } : { title: issue.title },
    isUnhandled: issue.level === "fatal" || issue.kind === "python",
    count: String(issue.count),
    userCount: issue.users,
    firstSeen: stamp(issue.first),
    lastSeen: stamp(issue.last),
    firstRelease: { version: "shop@1.4.0+71" },
    lastRelease: { version: "shop@1.4.2+77" },
    stats: { "24h": series(issue, 24, 3600), "14d": series(issue, 14, 86_400) },
  };
}

function series(issue: MockIssue, steps: number, size: number) {
  const end = Math.floor(Date.now() / 1000 / size) * size;
  const seed = Number(issue.id);
  return Array.from({ length: steps }, (_, index) => {
    const wave = Math.sin(seed * 7.3 + index * 0.55) + Math.sin(index * seed * 1.7) * 0.6;
    const late = seed % 4 === 1 && index > steps * 0.8 ? 3 : 0;
    return [end - (steps - 1 - index) * size, Math.max(0, Math.round((wave + late) * Math.min(issue.count / steps, 900)))];
  });
}

function event(issue: MockIssue, key: string) {
  const { tags: pairs, ...rest } = EVENTS[issue.kind];
  const total = Math.min(issue.count, 5);
  const at = key === "latest" ? total - 1 : key === "oldest" ? 0 : Number(key.slice(-1)) || 0;
  const id = (index: number) => `8fc045ff32ee4657a6b1ab8e6c70370${index}`;
  return {
    ...rest,
    id: id(at),
    eventID: id(at),
    groupID: issue.id,
    title: issue.title,
    dateCreated: stamp(issue.last + 240 * (total - 1 - at)),
    dateReceived: stamp(issue.last + 240 * (total - 1 - at)),
    tags: Object.entries(pairs).map(([key, value]) => ({ key, value })),
    fingerprints: ["5eb9d3de5096d2ef"],
    errors: [],
    previousEventID: at > 0 ? id(at - 1) : null,
    nextEventID: at < total - 1 ? id(at + 1) : null,
  };
}

function tags(issue: MockIssue) {
  return Object.entries(EVENTS[issue.kind].tags).map(([key, value], index) => {
    const share = [1, 0.82, 0.55, 0.97, 0.4, 0.7][index % 6]!;
    const main = Math.ceil(issue.count * share);
    const rest = issue.count - main;
    const others = rest > 1 ? [{ value: "shop@1.4.1+74", count: Math.ceil(rest * 0.7) }, { value: "other-value", count: rest - Math.ceil(rest * 0.7) }] : [];
    return { key, name: key, totalValues: issue.count, uniqueValues: 1 + others.length, topValues: [{ value, name: value, count: main }, ...others] };
  });
}

function stamp(secondsAgo: number): string {
  return new Date(Date.now() - secondsAgo * 1000).toISOString();
}

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
