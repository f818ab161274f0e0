/** The page of the extension in the Marketplace and in VS Code, which know no file of the repository but by its address. */

/** Where files of a repository on GitHub can be read by a browser; undefined for an address of another kind. */
function addresses(repository) {
  const path = /^(?:git\+)?https:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(repository ?? "")?.[1];
  if (path === undefined) return undefined;
  return {
    page: `https://github.com/${path}/blob/HEAD/`,
    picture: `https://github.com/${path}/raw/HEAD/`,
  };
}

/**
 * `text` of extension/README.md with its links to `../` made absolute.
 *
 * Without an address of the repository no picture could be shown, so none stands there: neither a line that is one nor a
 * table of them.
 *
 * @param {string} text
 * @param {string | undefined} repository its address, as package.json names it
 */
export function packagedReadme(text, repository) {
  const to = addresses(repository);
  if (to !== undefined)
    return text
      .replace(/!\[([^\]]*)\]\(\.\.\/([^)]+)\)/g, (_, alt, path) => `![${alt}](${to.picture}${path})`)
      .replace(/(?<!!)\[([^\]]*)\]\(\.\.\/([^)]+)\)/g, (_, words, path) => `[${words}](${to.page}${path})`);
  const blocks = text.split("\n\n").filter((block) => !block.includes("](../") || !block.includes("!["));
  return blocks.join("\n\n").replace(/\[([^\]]*)\]\(\.\.\/[^)]+\)/g, "$1");
}
