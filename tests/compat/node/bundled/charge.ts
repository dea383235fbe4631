/** What a cart costs. */
export interface Cart {
  id: number;
  amount: string;
}

export class ChargeError extends Error {
  override name = "ChargeError";
}

function parseAmount(text: string): bigint {
  const cleaned = text.trim();
  return BigInt(cleaned);
}

export function charge(cart: Cart): bigint {
  try {
    return parseAmount(cart.amount);
  } catch (error) {
    throw new ChargeError(`cart ${cart.id} cannot be charged`, { cause: error });
  }
}
