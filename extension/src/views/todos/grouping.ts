/** Todos in groups, and those that a filter leaves. Pure. */
import { l10n } from "vscode";
import type { TodoFactView } from "../../generated/protocol";
import type { PlacedTodo } from "../../store";

/** What Todos can be grouped by. */
export type Grouping = "file" | "tag" | "owner" | "age" | "arranged";

/** The groupings in the order in which they are offered. */
export const GROUPINGS: readonly Grouping[] = ["file", "tag", "owner", "age", "arranged"];

/** Groupings that have a heading for each group. */
type Headed = Exclude<Grouping, "file" | "arranged">;

/** Todos under one heading. */
export interface TodoGroup {
  readonly key: string;
  readonly label: string;
  /** The id of its icon. */
  readonly icon: string;
  readonly todos: readonly PlacedTodo[];
}

type FactOf = (placed: PlacedTodo) => TodoFactView | undefined;

/** A grouping's name. */
export function groupingText(by: Grouping): string {
  const words: Record<Grouping, string> = {
    file: l10n.t("File"),
    tag: l10n.t("Tag"),
    owner: l10n.t("Owner"),
    age: l10n.t("Age"),
    arranged: l10n.t("As Arranged"),
  };
  return words[by];
}

/** The Todos in which every word of the filter stands: in text, path, marker, tag, owner, author or symbol. */
export function filtered(todos: readonly PlacedTodo[], filter: string, factOf: FactOf): readonly PlacedTodo[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return todos;
  return todos.filter((placed) => {
    const { todo } = placed;
    const owner = todo.owner === null ? "" : `@${todo.owner}`;
    const tags = todo.tags.map((tag) => `#${tag}`);
    const issue = todo.issue === null ? "" : `#${todo.issue}`;
    const said = [todo.text, todo.path, todo.marker, owner, issue, ...tags, todo.symbol ?? "", factOf(placed)?.author];
    const text = said.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The Todos by tag, owner or age; a Todo with several tags stands below each. */
export function grouped(todos: readonly PlacedTodo[], by: Headed, factOf: FactOf): readonly TodoGroup[] {
  const groups = new Map<string, { label: string; icon: string; todos: PlacedTodo[] }>();
  for (const placed of todos) {
    for (const { key, label, icon } of headings(placed, by, factOf(placed))) {
      const known = groups.get(key);
      if (known) known.todos.push(placed);
      else groups.set(key, { label, icon, todos: [placed] });
    }
  }
  return [...groups].map(([key, group]) => ({ key, ...group })).sort(by === "age" ? byAge : byName);
}

const AGES: readonly TodoFactView["age"][] = ["uncommitted", "week", "month", "year", "older"];

const byAge = (one: TodoGroup, other: TodoGroup): number =>
  AGES.indexOf(one.key as TodoFactView["age"]) - AGES.indexOf(other.key as TodoFactView["age"]);

/** By name; what has none comes last. */
const byName = (one: TodoGroup, other: TodoGroup): number =>
  Number(one.key === "") - Number(other.key === "") || one.label.localeCompare(other.label);

function headings({ todo }: PlacedTodo, by: Headed, fact: TodoFactView | undefined) {
  if (by === "age") {
    return fact === undefined
      ? [{ key: "", label: l10n.t("Not known yet"), icon: "history" }]
      : [{ key: fact.age, label: capitalised(fact.ageText), icon: "history" }];
  }
  if (by === "owner") {
    const name = todo.owner ?? fact?.author ?? "";
    return [{ key: name, label: name === "" ? l10n.t("Nobody") : name, icon: "person" }];
  }
  const tags = [...(todo.marker === "TODO" ? [] : [todo.marker]), ...todo.tags];
  if (tags.length === 0) return [{ key: "", label: l10n.t("No tag"), icon: "tag" }];
  return [...new Set(tags)].map((tag) => ({ key: tag, label: tag, icon: "tag" }));
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
