export interface Line {
  name: string;
  cents: number;
  discount?: { percent: number };
}

export const lines: Line[] = [
  { name: "tea", cents: 499, discount: { percent: 10 } },
  { name: "cup", cents: 1290 },
];

/** Wrong on purpose: not every line has a discount. */
function discountOf(line: Line): number {
  const percent = line.discount!.percent;
  return (line.cents * percent) / 100;
}

export function totalOf(cart: Line[]): number {
  let total = 0;
  for (const line of cart) {
    total += line.cents - discountOf(line);
  }
  return total;
}

/** What a payment provider said, with the reason below it. */
export function charge(cents: number): never {
  try {
    throw new RangeError(`limit of ${cents} cents exceeded`);
  } catch (cause) {
    throw new Error("the card was refused", { cause });
  }
}

export async function reserve(name: string): Promise<void> {
  const answer = await fetch(`/api/stock?name=${name}`);
  if (!answer.ok) {
    throw new Error(`${name} is out of stock`);
  }
}
