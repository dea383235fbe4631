import type { Step } from "./trail";

/** Breadcrumbs that a scope has not handed over, as texts. What is made does not change, so that forks share it. */
export class HeldTrail {
  readonly #text: string;
  readonly #fields: number;
  readonly #steps: number;
  /** As many as an event takes along, from before those. */
  readonly #older: Step | undefined;

  private constructor(text: string, fields: number, steps: number, older: Step | undefined) {
    this.#text = text;
    this.#fields = fields;
    this.#steps = steps;
    this.#older = older;
  }

  /** The trail with one more at its end; `most` is how many an event takes along. */
  static after(held: HeldTrail | undefined, { text, fields }: Step, most: number): HeldTrail {
    if (held === undefined) return HeldTrail.#of(text, fields, 1, undefined, most);
    if (held.#steps === 0) return HeldTrail.#of(text, fields, 1, held.#older, most);
    return HeldTrail.#of(held.#text + text, held.#fields + fields, held.#steps + 1, held.#older, most);
  }

  static #of(text: string, fields: number, steps: number, older: Step | undefined, most: number): HeldTrail {
    if (steps < most) return new HeldTrail(text, fields, steps, older);
    // What was older still is too old for every event, and never leaves here.
    return new HeldTrail("", 0, 0, { text, fields });
  }

  /** Characters that are held. */
  get length(): number {
    return this.#text.length + (this.#older?.text.length ?? 0);
  }

  /** All of them as one text. */
  all(): Step {
    const older = this.#older;
    if (older === undefined) return { text: this.#text, fields: this.#fields };
    if (this.#steps === 0) return older;
    return { text: older.text + this.#text, fields: older.fields + this.#fields };
  }
}
