const prices: Record<number, { cents: number }> = { 1: { cents: 499 } };

export function Price({ product }: { product: number }) {
  const price = prices[product];
  return <b id="price">{format(price.cents)}</b>;
}

function format(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
