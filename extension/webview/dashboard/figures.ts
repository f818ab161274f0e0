/** What is drawn and written, as numbers and texts; knows nothing of the page. */
import type { DashboardView } from "../../src/generated/protocol";

/** For each model what is drawn: its own dollars on top of those of the models after it. */
export function stacked(spans: DashboardView["spans"], models: number): number[][] {
  return Array.from({ length: models }, (_, model) =>
    spans.map(({ dollars }) => dollars.slice(model).reduce((sum, amount) => sum + Number(amount), 0)),
  );
}

/** Amounts along the axis, with as many digits as they need. */
export function axisText(values: readonly number[]): string[] {
  const step = Math.abs((values[1] ?? 1) - (values[0] ?? 0));
  const isWhole = (digits: number): boolean => Math.abs((step * 10 ** digits) % 1) < 1e-6;
  const digits = [2, 3, 4, 5].find(isWhole) ?? 6;
  return values.map((value) => `$${value.toFixed(digits)}`);
}

/** A text with `{0}` and so on filled in. */
export function filled(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (whole, index) => String(values[Number(index)] ?? whole));
}
