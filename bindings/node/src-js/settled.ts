/**
 * Runs `callback` and then `done`: when it returns, or when the promise that it returned settles. `failed` is called
 * before if it threw or the promise was rejected. What comes out is what `callback` gave. @internal
 */
export function settled<T>(callback: () => T, done: () => void, failed: (error: unknown) => void): T {
  let result: T;
  try {
    result = callback();
  } catch (error) {
    failed(error);
    done();
    throw error;
  }
  if (!isThenable(result)) {
    done();
    return result;
  }
  const chained = result.then(
    (value: unknown) => {
      done();
      return value;
    },
    (error: unknown) => {
      failed(error);
      done();
      throw error;
    },
  );
  return result instanceof Promise && result.constructor === Promise ? (chained as T) : lookAlike(result, chained);
}

/** A promise of a library's own making keeps its methods: only what it settles by is watched. */
function lookAlike<T extends object>(original: T, chained: PromiseLike<unknown>): T {
  return new Proxy(original, {
    get(target, key) {
      const from = (key === "then" || key === "catch" || key === "finally") && key in chained ? chained : target;
      const value: unknown = Reflect.get(from, key, from);
      return typeof value === "function" ? (value.bind(from) as unknown) : value;
    },
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> & object {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
