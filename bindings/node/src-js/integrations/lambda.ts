import { captureObserved } from "../capture";
import { getClient, say } from "../client";
import { withIsolationScope } from "../context";
import { toText } from "../json";
import { native } from "../native";
import type { Scope } from "../scope";

/** What the platform tells a handler beside its event. */
export interface LambdaContext {
  functionName?: string;
  functionVersion?: string;
  invokedFunctionArn?: string;
  awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
  callbackWaitsForEmptyEventLoop?: boolean;
}

/** How a handler is wrapped. */
export interface WrapperOptions {
  /** Milliseconds that a delivery may take at the end of an invocation; 2000 by default, and never beyond the deadline. */
  flushTimeout?: number;
  /** Warns when so many milliseconds of the time are left; 500 by default, 0 never. */
  timeoutWarningLimit?: number;
}

type Handler<E, R> = (event: E, context: LambdaContext, callback?: (error: unknown, result?: R) => void) => Promise<R> | R | void;

/**
 * Wraps a handler of a platform that freezes the process when the handler has answered, like AWS Lambda: errors are
 * captured and handed on, each invocation has scopes of its own, and everything leaves before the answer does, within
 * the deadline. What cannot leave in time is on disk, and follows with the next invocation.
 */
export function wrapHandler<E, R>(handler: Handler<E, R>, options: WrapperOptions = {}): (event: E, context: LambdaContext) => Promise<R> {
  const { flushTimeout = 2000, timeoutWarningLimit = 500 } = options;
  return (event, context = {}) =>
    withIsolationScope(async (scope) => {
      describe(scope, context);
      const warning = warnBefore(context, timeoutWarningLimit);
      try {
        return await run(handler, event, context);
      } catch (error) {
        captureObserved(error, undefined, { mechanism: "auto.function.aws_lambda", handled: false });
        throw error;
      } finally {
        clearTimeout(warning);
        await getClient()?.flush(native.deliveryTime(remaining(context), flushTimeout));
      }
    });
}

function run<E, R>(handler: Handler<E, R>, event: E, context: LambdaContext): Promise<R> {
  if (handler.length < 3) return Promise.resolve(handler(event, context) as Promise<R> | R);
  return new Promise<R>((resolve, reject) => {
    const answer = handler(event, context, (error, result) => {
      if (error === null || error === undefined) resolve(result as R);
      else reject(error as Error);
    });
    if (answer instanceof Promise) answer.then(resolve, reject);
  });
}

function describe(scope: Scope, context: LambdaContext): void {
  try {
    if (context.functionName) scope.setTransactionName(context.functionName);
    scope.setContext("aws.lambda", {
      function_name: context.functionName,
      function_version: context.functionVersion,
      invoked_function_arn: context.invokedFunctionArn,
      aws_request_id: context.awsRequestId,
      remaining_time_in_millis: remaining(context),
    });
  } catch (error) {
    say(`an invocation could not be described: ${toText(error)}`);
  }
}

function warnBefore(context: LambdaContext, limit: number): NodeJS.Timeout | undefined {
  const left = remaining(context);
  if (left === undefined || limit <= 0 || left <= limit) return undefined;
  const message = `${context.functionName ?? "the function"} is about to be stopped: its time is over in ${limit} ms`;
  const warn = (): void => {
    captureObserved(new Error(message), { level: "warning" }, { mechanism: "auto.function.aws_lambda", handled: true });
  };
  return setTimeout(warn, left - limit).unref();
}

function remaining(context: LambdaContext): number | undefined {
  const left = context.getRemainingTimeInMillis?.();
  return typeof left === "number" ? left : undefined;
}
