import { getClient, say } from "./client";
import { active, withIsolationScope } from "./context";
import { toJson, toText } from "./json";
import { startNewTrace } from "./propagation";
import { settled } from "./settled";

/** When a job is to run. */
export type Schedule =
  | { type: "crontab"; value: string }
  | { type: "interval"; value: number; unit: "year" | "month" | "week" | "day" | "hour" | "minute" };

/** A monitor's configuration: given with a check-in, it creates or changes the monitor. */
export interface MonitorConfig {
  schedule: Schedule;
  /** Minutes that it may begin late. */
  checkinMargin?: number;
  /** Minutes that it may run. */
  maxRuntime?: number;
  /** Like `Europe/Vienna`. */
  timezone?: string;
  failureIssueThreshold?: number;
  recoveryThreshold?: number;
  /** Who is told, like `team:backend`. */
  owner?: string;
  /** The job gets a trace of its own. */
  isolateTrace?: boolean;
}

/** How far a scheduled job is. */
export interface CheckIn {
  monitorSlug: string;
  status: "in_progress" | "ok" | "error";
  /** The id of the check-in that began the run. */
  checkInId?: string | undefined;
  /** In seconds. */
  duration?: number | undefined;
  environment?: string | undefined;
  release?: string | undefined;
}

/** Reports how far a scheduled job is. Its id, which the check-in that ends the run is to carry. With a configuration it
 * creates or changes the monitor. One that no server would take is dropped, and debug output says why. */
export function captureCheckIn(checkIn: CheckIn, upsertMonitorConfig?: MonitorConfig): string | undefined {
  const client = getClient();
  if (!client?.isEnabled) return undefined;
  try {
    const { isolation, current } = active();
    const json: Record<string, unknown> = snake(checkIn);
    if (upsertMonitorConfig) {
      const { isolateTrace: _, ...config } = upsertMonitorConfig;
      json.monitor_config = snake(config);
    }
    const text = toJson(json);
    const send = (): string | null =>
      client.native.captureCheckIn(isolation.handle(), current.handleIfUsed(), text, client.checkInDispatcher);
    const answer = client.checkInDispatcher ? client.hooks.during({ hint: {}, processors: [] }, send) : send();
    if (!answer?.startsWith("!")) return answer ?? undefined;
    say(`a check-in was refused: ${answer.slice(1)}`);
  } catch (error) {
    say(`captureCheckIn failed: ${toText(error)}`);
  }
  return undefined;
}

/**
 * Runs `callback` as a job: says `in_progress` now, and `ok` or `error` with the duration when it returns or throws, or
 * when the promise that it returned settles. It runs in an isolation scope of its own.
 */
export function withMonitor<T>(monitorSlug: string, callback: () => T, upsertMonitorConfig?: MonitorConfig): T {
  const run = (): T =>
    withIsolationScope(() => {
      const clock = getClient()?.native;
      const started = clock?.now();
      const checkInId = captureCheckIn({ monitorSlug, status: "in_progress" }, upsertMonitorConfig);
      let status: CheckIn["status"] = "ok";
      return settled(
        callback,
        () => {
          if (checkInId === undefined || clock === undefined || started === undefined) return;
          captureCheckIn({ monitorSlug, status, checkInId, duration: Math.max(0, clock.now() - started) });
        },
        () => {
          status = "error";
        },
      );
    });
  return upsertMonitorConfig?.isolateTrace ? startNewTrace(run) : run();
}

/** The names of its fields as they travel. */
function snake(given: object): Record<string, unknown> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}
