/** Hostile words in a tooltip stay words. */
import { expect, test } from "vitest";
import { paragraphs } from "../../extension/src/plainMarkdown";

test("neither links nor pictures come of what a repository or an agent says", () => {
  const hostile = "![x](https://evil.example/a.png) [y](command:z) <img src=x>";
  const text = paragraphs("Title_with_marks", [hostile, "", "plain"]);
  expect(text).not.toMatch(/(?<!\\)[[\]()<>!]/);
  expect(text.split("\n\n")).toHaveLength(3);
  expect(text).toMatch(/^\*\*Title\\_with\\_marks\*\*/);
});

test("without a heading there are paragraphs alone", () => {
  expect(paragraphs("", ["a", "", "b"])).toBe("a\n\nb");
});
