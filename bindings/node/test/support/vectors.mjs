// The menu of hooks of the vectors, and their values that are too long to be written down.
import assert from "node:assert/strict";

import * as Sentry from "watchpost";

// `{"$repeat": x, "times": n, "from": 0, "then": y}` stands for `n` times `x` and then `y`; `{i}` is the round.
export function expand(value) {
  // Numbers that a double cannot hold are written as texts by `read`.
  if (typeof value === "string" && value.startsWith(BIG)) return BigInt(value.slice(BIG.length));
  if (Array.isArray(value)) return value.map(expand);
  if (typeof value !== "object" || value === null) return value;
  if (!("$repeat" in value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item)]));
  if (typeof value.$repeat === "string" && !value.$repeat.includes("{i}")) {
    return value.$repeat.repeat(value.times) + expand(value.then ?? "");
  }
  const text = JSON.stringify(value.$repeat);
  const round = (_, at) => expand(JSON.parse(text.replaceAll("{i}", String(at + (value.from ?? 0)))));
  const rounds = Array.from({ length: value.times }, round);
  if ("then" in value) rounds.push(expand(value.then));
  if (typeof rounds[0] === "string") return rounds.join("");
  return Array.isArray(rounds[0]) ? rounds.flat() : Object.assign({}, ...rounds);
}

// A vector from its text.
export function read(text) {
  return expand(JSON.parse(text.replace(/([[:,]\s*)(-?\d{17,})(?=\s*[,\]}])/g, `$1"${BIG}$2"`)));
}

const BIG = "a whole number: ";

export function eventHook(name) {
  if (name.startsWith("mark:")) {
    const order = (event) => (event.tags?.order ?? "") + name.slice("mark:".length);
    return (event) => ({ ...event, tags: { ...event.tags, order: order(event) } });
  }
  if (name === "add_secret") return (event) => ({ ...event, extra: { ...event.extra, password: "hush" } });
  if (name === "set_tag") return (event) => ({ ...event, tags: { ...event.tags, hook: "ran" } });
  if (name === "set_fingerprint") return (event) => ({ ...event, fingerprint: ["hooked", "{{ default }}"] });
  if (name === "set_message") return (event) => ({ ...event, message: "hooked" });
  if (name === "shout") return (event) => ({ ...event, message: event.message.toUpperCase() });
  return anyHook(name);
}

export function crumbHook(name) {
  if (name === "add_secret") return (crumb) => ({ ...crumb, data: { ...crumb.data, password: "hush" } });
  if (name === "set_tag") return (crumb) => ({ ...crumb, data: { ...crumb.data, hook: "ran" } });
  return anyHook(name);
}

function anyHook(name) {
  const hooks = {
    echo: (item) => item,
    drop: () => null,
    throw: () => {
      throw new Error("hook failed");
    },
    bad_type: () => 42,
    capture: (item) => {
      Sentry.captureMessage("from the hook");
      return item;
    },
    add_breadcrumb: (item) => {
      Sentry.addBreadcrumb({ message: "from the hook" });
      return item;
    },
  };
  assert.ok(hooks[name], `unknown hook ${name}`);
  return hooks[name];
}
