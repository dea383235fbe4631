import { types } from "node:util";

/**
 * What a promise has been fulfilled with, if it has been by now. JavaScript tells that only later, which is too late in a process that
 * ends; the debugger, asked from the same thread, tells at once. It takes milliseconds the first time.
 */
export function fulfilled(promise: unknown): { value: unknown } | undefined {
  if (!types.isPromise(promise)) return undefined;
  const name = `watchpost.peek.${process.hrtime.bigint()}`;
  const shared: { promise: unknown; value?: unknown } = { promise };
  const holder = globalThis as { [key: symbol]: unknown };
  holder[Symbol.for(name)] = shared;
  try {
    // Not every build of Node has it.
    const { Session } = require("node:inspector") as typeof import("node:inspector");
    const session = new Session();
    session.connect();
    let found: { value: unknown } | undefined;
    const expression = `globalThis[Symbol.for(${JSON.stringify(name)})]`;
    // Every answer is there before `post` returns.
    session.post("Runtime.evaluate", { expression: `${expression}.promise`, silent: true }, (_failure, answer) => {
      const objectId = answer?.result.objectId;
      if (objectId === undefined) return;
      session.post("Runtime.getProperties", { objectId, ownProperties: true }, (_error, properties) => {
        const inside = new Map(properties?.internalProperties?.map(({ name: key, value }) => [key, value]));
        const result = inside.get("[[PromiseResult]]");
        if (inside.get("[[PromiseState]]")?.value !== "fulfilled") return;
        if (result?.objectId === undefined) {
          found = { value: result?.value as unknown };
          return;
        }
        const functionDeclaration = `function () { ${expression}.value = this; }`;
        session.post("Runtime.callFunctionOn", { objectId: result.objectId, functionDeclaration, silent: true });
        found = { value: shared.value };
      });
    });
    session.disconnect();
    return found;
  } catch {
    return undefined;
  } finally {
    delete holder[Symbol.for(name)];
  }
}
