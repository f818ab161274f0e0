/** Dollars of the wire as people read them. */

/** `$1,234.50`, `$0.0123` or, below a hundredth of a cent, two digits of it: the daemon's own wording. */
export function dollars(decimal: string): string {
  const amount = Number(decimal);
  if (amount === 0) return "$0.00";
  if (Math.abs(amount) < 0.0001) return `$${Number(amount.toPrecision(2)).toFixed(10).replace(/0+$/, "")}`;
  const digits = Math.abs(amount) >= 0.99995 ? 2 : 4;
  return amount.toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}
