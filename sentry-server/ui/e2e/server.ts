import { randomBytes } from "node:crypto";

export const url = need("WATCHPOST_URL").replace(/\/$/, "");
export const user = need("WATCHPOST_USER");
export const password = need("WATCHPOST_PASSWORD");
export const shots = need("WATCHPOST_SHOTS");

export interface Project {
  id: string;
  slug: string;
  name: string;
  dsn: string;
}

export interface Seeded {
  /** In the title of the issue, unique to this run. */
  marker: string;
  /** Event ids in the order sent. */
  events: string[];
}

/** A project of this run's own, so that nothing else on the server matters. */
export async function createProject(Cookie: string): Promise<Project> {
  const headers = { "Content-Type": "application/json", "X-Watchpost-Request": "1", Cookie };
  const call = async <T>(path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}/api/0/${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const [org] = await call<{ slug: string }[]>("organizations/");
  const slug = `page-test-${randomBytes(3).toString("hex")}`;
  return call(`organizations/${org!.slug}/projects/`, { name: slug, slug });
}

/** Sends three events of one issue, by two users, through the ingest endpoint. */
export async function seed(dsn: string): Promise<Seeded> {
  const marker = randomBytes(4).toString("hex");
  const events = Array.from({ length: 3 }, () => randomBytes(16).toString("hex"));
  const { username: key, pathname } = new URL(dsn);
  for (const [index, id] of events.entries()) {
    const payload = JSON.stringify(event(id, marker, index));
    const body = `${JSON.stringify({ event_id: id, dsn })}\n${JSON.stringify({ type: "event", length: Buffer.byteLength(payload) })}\n${payload}\n`;
    const response = await fetch(`${url}/api${pathname}/envelope/?sentry_key=${key}`, { method: "POST", body });
    if (!response.ok) throw new Error(`envelope: ${response.status} ${await response.text()}`);
  }
  return { marker, events };
}

function event(id: string, marker: string, index: number) {
  const at = Date.now() / 1000 - 3 + index;
  return {
    event_id: id,
    timestamp: at,
    platform: "python",
    level: "error",
    fingerprint: ["page-test", marker],
    transaction: "checkout",
    environment: "page-test",
    release: "shop@1.4.2",
    user: { id: String(index % 2), email: `user${index % 2}@example.com` },
    tags: { tenant: `tenant-${marker}` },
    contexts: { runtime: { name: "CPython", version: "3.11.2" }, order: { currency: "EUR", order_id: 1041 } },
    breadcrumbs: { values: [{ timestamp: at - 1.5, category: "shop.cart", level: "warning", message: `cart of ${marker} <b>checked</b>` }] },
    request: { method: "POST", url: "http://shop.example.com/checkout/7", headers: { "User-Agent": "page-test/1.0" } },
    sdk: { name: "watchpost.python", version: "0.1.0" },
    exception: {
      values: [
        { type: "ValueError", value: "invalid literal: '12.90 €'", mechanism: { type: "chained", exception_id: 1, parent_id: 0, source: "__cause__" }, stacktrace: { frames: [app("parse_amount", 36, "    return int(cleaned)", { cleaned: "'12.90 €'" })] } },
        {
          type: "PageTestError",
          value: `payment ${marker} failed <script>document.title="owned"</script>`,
          mechanism: { type: "generic", handled: false, exception_id: 0 },
          stacktrace: {
            frames: [
              { function: "wsgi_app", filename: "flask/app.py", abs_path: "/venv/site-packages/flask/app.py", module: "flask.app", lineno: 1511, in_app: false, context_line: "    response = self.full_dispatch_request()" },
              { function: "dispatch_request", filename: "flask/app.py", abs_path: "/venv/site-packages/flask/app.py", module: "flask.app", lineno: 902, in_app: false, context_line: "    return self.ensure_sync(view)()" },
              app("charge", 46, "    raise PageTestError(order.id) from e", { order: `<Order ${marker}>`, amount_text: "'12,90 €'" }),
            ],
          },
        },
      ],
    },
  };
}

function app(name: string, lineno: number, line: string, vars: Record<string, string>) {
  return { function: name, filename: "shop/app.py", abs_path: "/srv/shop/app.py", module: "shop.app", lineno, in_app: true, pre_context: [`def ${name}():`, "    # before"], context_line: line, post_context: ["", "def after():"], vars };
}

function need(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run the tests by \`npm run e2e\``);
  return value;
}
