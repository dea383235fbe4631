import { attributeToJson, type Attributes } from "./attribute";
import { objectToJson, toJson, toText } from "./json";
import type { Setter } from "./pending";
import { entries } from "./scope-context";
import type { Primitive, SeverityLevel } from "./types";

/** What is said to a scope and only the core reads. */
export abstract class ScopeSetters {
  /** Sets one thing, now or when the core's scope is made. @internal */
  abstract put(setter: Setter, key: unknown, value: unknown): this;

  /** Sets a tag; `null` and `undefined` remove it. */
  setTag(key: string, value: Primitive): this {
    if (value === null || value === undefined) return this.put("removeTag", toText(key), undefined);
    return this.put("setTag", toText(key), toText(value));
  }

  /** Sets several tags. */
  setTags(tags: Record<string, Primitive>): this {
    for (const [key, value] of entries(tags)) this.setTag(key, value as Primitive);
    return this;
  }

  /** Sets an extra value. */
  setExtra(key: string, value: unknown): this {
    return this.put("setExtra", toText(key), toJson(value));
  }

  /** Sets several extra values. */
  setExtras(extras: Record<string, unknown>): this {
    for (const [key, value] of entries(extras)) this.setExtra(key, value);
    return this;
  }

  /** Replaces the object under `contexts.<key>`; `null` removes it. */
  setContext(key: string, context: Record<string, unknown> | null): this {
    return this.put("setContext", toText(key), objectToJson(context) ?? "null");
  }

  /** Overrides the level. */
  setLevel(level: SeverityLevel | null): this {
    return this.put("setLevel", level === null || level === undefined ? undefined : toText(level), undefined);
  }

  /** Overrides the grouping; an empty list takes it back. */
  setFingerprint(fingerprint: string[]): this {
    return this.put("setFingerprint", Array.isArray(fingerprint) ? fingerprint.map((part) => toText(part)) : [], undefined);
  }

  /** Names the route or task. */
  setTransactionName(name: string | null): this {
    return this.put("setTransactionName", name === null || name === undefined ? undefined : toText(name), undefined);
  }

  /** Sets an attribute of logs, metrics and streamed spans: a plain value, or `{ value, unit }`. */
  setAttribute(key: string, value: unknown): this {
    const json = attributeToJson(value);
    return json === undefined ? this.removeAttribute(key) : this.put("setAttribute", toText(key), json);
  }

  /** Sets several attributes of logs, metrics and streamed spans. */
  setAttributes(attributes: Attributes): this {
    for (const [key, value] of entries(attributes)) this.setAttribute(key, value);
    return this;
  }

  /** Removes an attribute. */
  removeAttribute(key: string): this {
    return this.put("removeAttribute", toText(key), undefined);
  }

  /** Notes that a feature flag was asked for. */
  addFeatureFlag(flag: string, result: boolean): this {
    return this.put("addFeatureFlag", toText(flag), result === true);
  }

  /** Forgets a feature flag. */
  removeFeatureFlag(flag: string): this {
    return this.put("removeFeatureFlag", toText(flag), undefined);
  }
}
