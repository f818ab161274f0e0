/** Tables: of amounts, with a bar for each, and of plain cells. */

import { besideSonnet } from "../../src/savingText";
import { element } from "./element";

/** One row of amounts. */
export interface AmountRow {
  readonly name: string;
  readonly hint?: string;
  readonly text: string;
  /** What is drawn: the whole is the greatest of all rows. */
  readonly dollars: string;
  readonly saving: string | null;
  readonly open?: { readonly label: string; readonly go: () => void };
}

/** Names, bars and amounts; the bars are for the eye, the amounts say the same. */
export function amountTable(caption: string, columns: readonly string[], rows: readonly AmountRow[]): HTMLElement {
  const most = Math.max(...rows.map(({ dollars }) => Number(dollars)), Number.MIN_VALUE);
  const [name = "", share = "", amount = "", saved = ""] = columns;
  return element(
    "table",
    { class: "amounts" },
    element("caption", {}, caption),
    element(
      "thead",
      { class: "quiet" },
      element(
        "tr",
        {},
        element("th", { scope: "col" }, name),
        element("td", { "aria-hidden": "true" }, share),
        element("th", { scope: "col" }, amount),
        element("th", { scope: "col" }, saved),
      ),
    ),
    element("tbody", {}, ...rows.map((row) => amountRow(row, Number(row.dollars) / most))),
  );
}

function amountRow({ name, hint, text, saving, open }: AmountRow, share: number): HTMLElement {
  const fill = element("span", { class: "fill" });
  fill.style.width = `${Math.max(share * 100, 1)}%`;
  const shown = open ? element("button", { class: "link", type: "button", "aria-label": open.label }, name) : name;
  if (open && shown instanceof HTMLElement) shown.addEventListener("click", open.go);
  return element(
    "tr",
    {},
    element("th", { scope: "row", title: hint ?? name }, shown),
    element("td", { "aria-hidden": "true", class: "bar" }, fill),
    element("td", { class: "amount" }, text),
    element("td", { class: "saving" }, saving === null ? "" : besideSonnet(saving)),
  );
}

/** A table of cells; the first of each row names it. */
export function plainTable(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  hidden = false,
): HTMLElement {
  return element(
    "table",
    { class: "plain" },
    element("caption", hidden ? { class: "quiet" } : {}, caption),
    element("thead", {}, element("tr", {}, ...columns.map((column) => element("th", { scope: "col" }, column)))),
    element(
      "tbody",
      {},
      ...rows.map(([first = "", ...rest]) =>
        element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, cell))),
      ),
    ),
  );
}
