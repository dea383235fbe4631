import { attributesToJson, plainAttributes, type Attributes } from "./attribute";
import { getClient, say } from "./client";
import { active } from "./context";
import { toText } from "./json";
import type { Scope } from "./scope";

/** A measurement, as `beforeSendMetric` sees it. */
export interface Metric {
  name: string;
  type: "counter" | "gauge" | "distribution";
  value: number;
  unit?: string;
  attributes?: Attributes;
}

/** What may be said beside a measurement. */
export interface MetricOptions {
  /** `millisecond`, `byte`, or words of your own. */
  unit?: string | undefined;
  attributes?: Attributes | undefined;
  scope?: Scope | undefined;
}

/** Measurements; the option `enableMetrics` switches them off. */
export const metrics = {
  /** Counts how often something happened. */
  count(name: string, value = 1, options?: MetricOptions): void {
    note("counter", name, value, options);
  },
  /** Notes how much there is of something now. */
  gauge(name: string, value: number, options?: MetricOptions): void {
    note("gauge", name, value, options);
  },
  /** Notes one value of many, like a duration. */
  distribution(name: string, value: number, options?: MetricOptions): void {
    note("distribution", name, value, options);
  },
};

function note(kind: Metric["type"], name: string, value: number, options: MetricOptions | undefined): void {
  const client = getClient();
  if (!client?.isEnabled) return;
  try {
    const { isolation, current } = active();
    const measure = (): string | null =>
      client.native.metric(
        isolation.handle(),
        (options?.scope ?? current).handleIfUsed(),
        kind,
        toText(name),
        typeof value === "number" ? value : Number.NaN,
        options?.unit === undefined ? undefined : toText(options.unit),
        attributesToJson(options?.attributes),
        client.metricDispatcher,
      );
    const refused = client.metricDispatcher
      ? client.hooks.during({ hint: {}, processors: [] }, measure)
      : measure();
    if (refused) say(`a measurement was refused: ${refused}`);
  } catch (error) {
    say(`a measurement failed: ${toText(error)}`);
  }
}

/** From the core's words to those of `beforeSendMetric`. @internal */
export function toMetric(metric: Metric): Metric {
  return { ...metric, attributes: plainAttributes(metric.attributes) };
}
