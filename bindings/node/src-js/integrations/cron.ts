import { captureObserved } from "../capture";
import { withMonitor, type MonitorConfig } from "../monitor";

type Task = (...given: unknown[]) => unknown;

/** Jobs of scheduling libraries as monitors; each needs a name, by which its monitor is known. */
export const cron = { instrumentNodeCron, instrumentCron, instrumentNodeSchedule };

interface NodeCron {
  schedule(expression: string, task: Task | string, options?: { name?: string; timezone?: string }): unknown;
}

/**
 * `node-cron` whose `schedule` reports each run. The name stands in its options.
 *
 * @example
 * const cron = Sentry.cron.instrumentNodeCron(require("node-cron"));
 * cron.schedule("0 * * * *", clean, { name: "clean" });
 */
function instrumentNodeCron<C extends NodeCron>(library: C, config: Partial<MonitorConfig> = {}): C {
  const schedule = library.schedule;
  const watched: NodeCron["schedule"] = (expression, task, options) => {
    const name = options?.name;
    const job =
      typeof name === "string" && typeof task === "function"
        ? monitored(name, task, expression, { ...(options?.timezone ? { timezone: options.timezone } : {}), ...config })
        : task;
    return schedule.call(library, expression, job, options);
  };
  return new Proxy(library, {
    get: (target, key, receiver) => (key === "schedule" ? watched : (Reflect.get(target, key, receiver) as unknown)),
  });
}

interface CronParameters {
  cronTime: unknown;
  onTick: Task;
  timeZone?: string;
}

type CronClass = (new (...given: never[]) => object) & { from(parameters: CronParameters): object };

/**
 * `CronJob` of `cron` that reports each run of the monitor `name`.
 *
 * @example
 * const CleanJob = Sentry.cron.instrumentCron(CronJob, "clean");
 * new CleanJob("0 * * * *", clean, null, true);
 */
function instrumentCron<C>(library: C, name: string, config: Partial<MonitorConfig> = {}): C {
  const job = (expression: unknown, task: unknown, zone: unknown): unknown => {
    if (typeof expression !== "string" || typeof task !== "function") return task;
    return monitored(name, task as Task, expression, { ...(typeof zone === "string" ? { timezone: zone } : {}), ...config });
  };
  return new Proxy(library as CronClass, {
    construct: (target, given: unknown[], made) => {
      const [expression, task, complete, start, zone, ...rest] = given;
      return Reflect.construct(target, [expression, job(expression, task, zone), complete, start, zone, ...rest], made) as object;
    },
    get: (target, key, receiver) => {
      if (key !== "from") return Reflect.get(target, key, receiver) as unknown;
      return (given: CronParameters) => target.from({ ...given, onTick: job(given.cronTime, given.onTick, given.timeZone) as Task });
    },
  }) as C;
}

interface NodeSchedule {
  scheduleJob(...given: unknown[]): unknown;
}

/**
 * `node-schedule` whose `scheduleJob` reports each run. The name is its first argument.
 *
 * @example
 * const schedule = Sentry.cron.instrumentNodeSchedule(require("node-schedule"));
 * schedule.scheduleJob("clean", "0 * * * *", clean);
 */
function instrumentNodeSchedule<S extends NodeSchedule>(library: S, config: Partial<MonitorConfig> = {}): S {
  const watched = (...given: unknown[]): unknown => {
    const [name, expression, task, ...rest] = given;
    if (typeof name !== "string" || typeof expression !== "string" || typeof task !== "function") {
      return library.scheduleJob(...given);
    }
    return library.scheduleJob(name, expression, monitored(name, task as Task, expression, config), ...rest);
  };
  return new Proxy(library, {
    get: (target, key, receiver) => (key === "scheduleJob" ? watched : (Reflect.get(target, key, receiver) as unknown)),
  });
}

function monitored(name: string, task: Task, expression: string, config: Partial<MonitorConfig>): Task {
  const monitor: MonitorConfig = { schedule: { type: "crontab", value: withoutSeconds(expression) }, ...config };
  return function (this: unknown, ...given: unknown[]) {
    const run = (): unknown => Reflect.apply(task, this, given);
    return withMonitor(name, () => observed(run), monitor);
  };
}

/** Libraries differ in what they do with an error of a job, and most lose it. */
function observed(run: () => unknown): unknown {
  const capture = (error: unknown): never => {
    captureObserved(error, undefined, { mechanism: "auto.function.cron", handled: false });
    throw error;
  };
  try {
    const answer = run();
    return answer instanceof Promise ? answer.catch(capture) : answer;
  } catch (error) {
    return capture(error);
  }
}

/** Monitors know no seconds, and names of months and days as numbers only. */
function withoutSeconds(expression: string): string {
  const fields = expression.trim().split(/\s+/);
  const five = fields.length === 6 ? fields.slice(1) : fields;
  return five.map((field) => NAMES.reduce((text, [name, number]) => text.replace(name, number), field.toLowerCase())).join(" ");
}

const NAMES: [RegExp, string][] = [
  ...["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
    .flatMap((name, at): [RegExp, string][] => [[new RegExp(name, "g"), String(at + 1)], [new RegExp(name.slice(0, 3), "g"), String(at + 1)]]),
  ...["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
    .flatMap((name, at): [RegExp, string][] => [[new RegExp(name, "g"), String(at)], [new RegExp(name.slice(0, 3), "g"), String(at)]]),
];
