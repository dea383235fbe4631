import type { SamplingContext, SpanAttributes, TransactionSource } from "./tracing-types";

/** What the core says about a transaction that is about to start. */
export interface Sampled {
  name: string;
  op: string;
  source: TransactionSource;
  parent_sampled: boolean | null;
  parent_sample_rate: number | null;
  attributes: SpanAttributes;
}

/** What a `tracesSampler` is given. */
export function samplingContext(sampled: Sampled, custom: Record<string, unknown> | undefined): SamplingContext {
  const { name, op, source } = sampled;
  const parentSampled = sampled.parent_sampled ?? undefined;
  const parentSampleRate = sampled.parent_sample_rate ?? undefined;
  const attributes: SpanAttributes = { ...sampled.attributes, "sentry.source": source };
  if (op) attributes["sentry.op"] = op;
  return {
    ...custom,
    name,
    attributes,
    parentSampled,
    parentSampleRate,
    inheritOrSampleWith: (fallback) =>
      parentSampleRate ?? (parentSampled === undefined ? fallback : Number(parentSampled)),
    transactionContext: { name, op, parentSampled, source, metadata: { source } },
  };
}
