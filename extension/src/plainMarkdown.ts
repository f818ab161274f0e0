/** Words of repositories, agents and programs within Markdown: shown as they are, and never a link or a picture. */

/** The text with everything escaped that Markdown would read as more than text. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~]/g, "\\$&");
}

/** A heading in bold and paragraphs below it; empty ones are left out. */
export function paragraphs(heading: string, texts: readonly string[]): string {
  const shown = texts.filter((text) => text !== "").map(escapeMarkdown);
  return [...(heading === "" ? [] : [`**${escapeMarkdown(heading)}**`]), ...shown].join("\n\n");
}
