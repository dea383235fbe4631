import { say } from "../client";
import { toText } from "../json";
import type { RequestLike } from "./request";

// Express names the mount path of a router only while that router answers, and an error is told when it is over. Where a route
// stands is found in the tree of routers instead, when somebody asks, and remembered for each route.

/** A route, as Express notes it on the request. */
interface Route {
  path?: unknown;
}

/** One entry of a router: a middleware, a router, an application, or a route. */
interface Layer {
  route?: Route;
  handle?: unknown;
  /** What was given to `use`; since version 2.3 of `router`. */
  rawPath?: unknown;
  /** True where everything matches. */
  slash?: boolean;
  /** Of Express 5. */
  matchers?: ((path: string) => Match | false)[];
  /** Of Express 4. */
  regexp?: RegExp & { fast_slash?: boolean; fast_star?: boolean };
  keys?: { name: string | number }[];
}

/** An application, as far as we read it. */
export interface ApplicationLike {
  mountpath?: unknown;
  parent?: ApplicationLike;
}

interface Match {
  path: string;
  params: Record<string, unknown>;
}

/** The mounts on the way to a route, outermost first. */
type Way = readonly Layer[];

/** Routers in routers are followed so far. */
const DEEPEST = 32;

const ways = new WeakMap<Route, readonly Way[]>();
/** Where a route stood last without parameters on its way, and what it was called. */
const plain = new WeakMap<Route, { mount: string; name: string }>();

/** The pattern of the route that a request took, with those of the routers and applications that hold it. Never throws. */
export function expressRoute(request: RequestLike): string | undefined {
  try {
    return find(request);
  } catch (error) {
    say(`a route could not be named: ${toText(error)}`);
    return undefined;
  }
}

function find(request: RequestLike): string | undefined {
  const route = request.route;
  if (route === undefined) return undefined;
  const known = plain.get(route);
  // While a router answers; at the end of one that has failed there is no `baseUrl`.
  if (known !== undefined && known.mount === request.baseUrl) return known.name;
  const target = request.originalUrl ?? request.url ?? "/";
  const end = target.indexOf("?");
  const path = end < 0 ? target : target.slice(0, end);
  const own = patternOfRoute(route.path, path);
  if (own === undefined) return undefined;
  const mount = mountOf(route, request.app, path) ?? (request.baseUrl || frontOf(path, own));
  const name = own === "/" && mount !== "" ? mount : mount + own;
  if (mount !== "" && mount === request.baseUrl && !Array.isArray(route.path)) plain.set(route, { mount, name });
  return name;
}

function mountOf(route: Route, app: ApplicationLike | undefined, path: string): string | undefined {
  if (app === undefined) return undefined;
  // An application in another one answers at its own mount path. Where it handed an error on, it is gone from the request.
  const outer = app.parent && typeof app.mountpath === "string" ? outerMount(app) : "";
  const rest = outer === "" ? path : path.slice(segments(path, outer).length);
  const known = ways.get(route);
  const found = known && along(known, rest);
  if (found !== undefined) return outer + found;
  const all: Layer[][] = [];
  walk(stackOf(app), route, [], all);
  if (all.length === 0) return undefined;
  ways.set(route, all);
  const mount = along(all, rest);
  return mount === undefined ? undefined : outer + mount;
}

function outerMount(app: ApplicationLike): string {
  let mount = "";
  for (let at: ApplicationLike | undefined = app, depth = 0; at?.parent && depth < DEEPEST; at = at.parent, depth += 1) {
    if (typeof at.mountpath === "string" && at.mountpath !== "/") mount = at.mountpath + mount;
  }
  return mount;
}

/** As many segments of a path as a pattern has. */
function segments(path: string, pattern: string): string {
  return path.split("/").slice(0, pattern.split("/").length).join("/");
}

/** Of an application, or of a router. */
function stackOf(holder: unknown): Layer[] | undefined {
  if (typeof holder !== "function" && (typeof holder !== "object" || holder === null)) return undefined;
  const router = holder as { stack?: unknown; _router?: { stack?: unknown }; router?: { stack?: unknown } };
  // In Express 4 `router` throws, but `_router` is there.
  const found = router.stack ?? (router._router ?? router.router)?.stack;
  return Array.isArray(found) ? (found as Layer[]) : undefined;
}

function walk(stack: Layer[] | undefined, route: Route, above: readonly Layer[], found: Layer[][]): void {
  if (!stack || above.length > DEEPEST) return;
  for (const layer of stack) {
    if (layer.route === route) found.push([...above]);
    else if (!layer.route && typeof layer.handle === "function") walk(stackOf(layer.handle), route, [...above, layer], found);
  }
}

/** The patterns of the first way that leads along a path. */
function along(known: readonly Way[], path: string): string | undefined {
  for (const way of known) {
    let mount = "";
    let rest = path;
    const leads = way.every((layer) => {
      const match = matchOf(layer, rest);
      if (!match) return false;
      mount += patternOf(layer, match);
      rest = rest.slice(match.path.length);
      return true;
    });
    if (leads) return mount;
  }
  return undefined;
}

/** Asks a layer without changing it. */
function matchOf({ slash, matchers, regexp, keys = [] }: Layer, path: string): Match | undefined {
  if (slash || regexp?.fast_slash) return { path: "", params: {} };
  for (const matcher of matchers ?? []) {
    const match = matcher(path === "" ? "/" : path);
    if (match) return match;
  }
  const found = regexp?.exec(path === "" ? "/" : path);
  if (!found) return undefined;
  return { path: found[0], params: Object.fromEntries(keys.map(({ name }, at) => [name, found[at + 1]])) };
}

/** What was written, or else what matched, with the names of its parameters in the place of their values. */
function patternOf({ rawPath }: Layer, { path, params }: Match): string {
  if (typeof rawPath === "string") return rawPath === "/" ? "" : rawPath.replace(/\/+$/, "");
  const names = new Map(Object.entries(params).map(([name, value]) => [value, name]));
  return path
    .replace(/\/+$/, "")
    .split("/")
    .map((part) => {
      const name = names.get(part) ?? names.get(decoded(part));
      return part === "" || name === undefined ? part : `:${name}`;
    })
    .join("/");
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function patternOfRoute(pattern: unknown, path: string): string | undefined {
  if (typeof pattern === "string") return pattern;
  if (pattern instanceof RegExp) return String(pattern);
  if (!Array.isArray(pattern)) return undefined;
  return String(pattern.find((one) => typeof one === "string" && endsLike(path, one)) ?? pattern.join(","));
}

/** True if the last parts of a path are those of a pattern, but for its parameters. */
function endsLike(path: string, pattern: string): boolean {
  const own = pattern.split("/").filter((part) => part !== "");
  const parts = path.split("/").filter((part) => part !== "");
  const last = parts.slice(Math.max(0, parts.length - own.length));
  return last.length === own.length && own.every((part, at) => part.startsWith(":") || part === last[at]);
}

/** What stands before a route of so many segments: a guess, where the tree holds no such route. */
function frontOf(path: string, route: string): string {
  if (!/^\/[\w:./-]*$/.test(route)) return "";
  const parts = path.replace(/\/+$/, "").split("/");
  const own = route === "/" ? 0 : route.replace(/\/+$/, "").split("/").length - 1;
  return parts.slice(0, Math.max(1, parts.length - own)).join("/");
}
