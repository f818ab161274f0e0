/** The whole page: controls that stay, and parts that are made anew whenever the daemon says something new. */

import { type FromPage, PERIODS, type Period, type Words } from "../../src/dashboard/messages";
import type { ComparisonView, DashboardView } from "../../src/generated/protocol";
import { element } from "./element";
import * as parts from "./sections";
import { type Chart, spendingChart } from "./spending";

/** By what an unfolded part is found again after news: the name of its card, or the words above it. */
function placeOf(details: Element): string {
  const { parentElement } = details;
  return parentElement?.ariaLabel ?? parentElement?.firstElementChild?.textContent ?? "";
}

/** The page in one language. */
export class Page {
  readonly #words: Words;
  readonly #language: string;
  readonly #send: (message: FromPage) => void;
  readonly #said: HTMLElement;
  readonly #body: HTMLElement;
  readonly #compared: HTMLElement;
  readonly #period: HTMLSelectElement;
  readonly #scope: HTMLSelectElement;
  #chart: Chart | undefined;
  #shown = "";
  #choices = "";

  constructor(
    place: HTMLElement,
    given: {
      readonly words: Words;
      readonly language: string;
      readonly folder: string | null;
      readonly period: Period;
      readonly everywhere: boolean;
      readonly send: (message: FromPage) => void;
    },
  ) {
    const { words, language, folder, send } = given;
    this.#words = words;
    this.#language = language;
    this.#send = send;
    this.#period = select(
      "period",
      PERIODS.map((key) => [key, words[key]]),
      given.period,
    );
    const scopes: [string, string][] = [
      ["", words.everywhere],
      ...(folder === null ? [] : [["1", folder] as [string, string]]),
    ];
    this.#scope = select("scope", scopes, given.everywhere || folder === null ? "" : "1");
    for (const one of [this.#period, this.#scope]) one.addEventListener("change", () => this.#choose());
    const exported = element("vscode-button", { secondary: true }, words.export);
    exported.addEventListener("click", () => send({ kind: "export" }));
    this.#said = element("p", { class: "said", role: "status" }, words.loading);
    this.#body = element("div", { class: "body" });
    this.#compared = element("div", { class: "compared" });
    place.replaceChildren(
      element(
        "header",
        {},
        element("h1", {}, words.title),
        element(
          "div",
          { class: "controls" },
          element("label", { for: "period" }, words.period),
          this.#period,
          ...(scopes.length < 2 ? [] : [element("label", { for: "scope" }, words.scope), this.#scope]),
          exported,
        ),
      ),
      this.#said,
      this.#body,
      this.#compared,
    );
  }

  /** Shows costs; what is the same as before is left alone, so that nobody loses their place. */
  show(view: DashboardView): void {
    this.#said.textContent = "";
    const news = JSON.stringify(view);
    if (news === this.#shown) return;
    this.#shown = news;
    const focus = document.activeElement?.id;
    const opened = new Set([...this.#body.querySelectorAll("details[open]")].map(placeOf));
    this.#chart?.close();
    this.#chart = undefined;
    if (view.spans.length === 0) {
      const { empty, emptyHint } = this.#words;
      this.#body.replaceChildren(
        element("div", { class: "empty" }, element("p", {}, empty), element("p", { class: "hint" }, emptyHint)),
      );
    } else this.#fill(view);
    for (const one of this.#body.querySelectorAll("details")) one.open = opened.has(placeOf(one));
    if (focus) document.getElementById(focus)?.focus();
    this.#offer(view);
  }

  /** Shows two sides. */
  compare(told: ComparisonView): void {
    this.#compared.querySelector(".result")?.replaceChildren(parts.comparison(told, this.#words));
  }

  /** Shows why something could not be done, beside what asked for it. */
  tell(problem: string, of: FromPage["kind"]): void {
    const result = of === "compare" ? this.#compared.querySelector(".result") : null;
    (result ?? this.#said).textContent = problem;
  }

  #fill(view: DashboardView): void {
    const words = this.#words;
    const place = element("div", { class: "chart", role: "img", "aria-label": words.overTimeAlt });
    const tip = element("p", { class: "tip", "aria-hidden": "true" });
    const asks = {
      openRun: (runId: string) => this.#send({ kind: "openRun", runId }),
      apply: (suggestion: string) => this.#send({ kind: "apply", suggestion }),
    };
    const suggested = parts.suggestions(view, words, asks);
    const isToAct = view.costs.suggestions.length > 0; // what can be done comes first, that there is nothing last
    this.#body.replaceChildren(
      parts.tiles(view, words, this.#language),
      parts.card(words.overTime, tip, place, parts.legend(view), parts.spansTable(view, words)),
      element(
        "div",
        { class: "grid" },
        ...[
          isToAct ? suggested : undefined,
          ...parts.groups(view, words, asks),
          parts.quoted(view, words),
          parts.success(view, words),
          parts.facts(view, words),
          isToAct ? undefined : suggested,
        ].filter((one): one is HTMLElement => one !== undefined),
      ),
    );
    this.#chart = spendingChart(place, tip);
    this.#chart.draw(view);
  }

  /** The two lists of what can be compared; they stay while their choices do. */
  #offer(view: DashboardView): void {
    const choices = JSON.stringify(view.choices);
    if (choices === this.#choices) return;
    this.#choices = choices;
    const words = this.#words;
    const lists = (["one", "other"] as const).map((id) => {
      const list = element("select", { id, class: "control" }, element("option", { value: "" }, words.pick));
      for (const [kind, label] of [
        ["period", words.periods],
        ["run", words.runs],
        ["model", words.models],
      ] as const) {
        const of = view.choices.filter((choice) => choice.kind === kind);
        if (of.length < 2) continue;
        const options = of.map(({ word, name }) => element("option", { value: word }, name));
        list.append(element("optgroup", { label }, ...options));
      }
      return list;
    });
    const [one, other] = lists;
    const ask = (): void => {
      if (one?.value && other?.value) this.#send({ kind: "compare", one: one.value, other: other.value });
    };
    for (const list of lists) list.addEventListener("change", ask);
    this.#compared.replaceChildren(
      parts.card(
        words.compare,
        element("p", { class: "hint" }, words.compareHint),
        element(
          "div",
          { class: "controls" },
          element("label", { for: "one" }, words.one),
          one,
          element("label", { for: "other" }, words.other),
          other,
        ),
        element("div", { class: "result", "aria-live": "polite" }),
      ),
    );
  }

  #choose(): void {
    const period = PERIODS.find((known) => known === this.#period.value) ?? "month";
    this.#send({ kind: "choose", period, everywhere: this.#scope.value === "" });
  }
}

function select(id: string, options: readonly (readonly [string, string])[], chosen: string): HTMLSelectElement {
  const made = options.map(([value, text]) => element("option", { value, selected: value === chosen }, text));
  return element("select", { id, class: "control" }, ...made);
}
