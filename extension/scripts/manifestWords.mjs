/**
 * The words of package.json that people read, kept in package.nls.json: whoever adds a command or a setting writes its
 * English into package.json, and `npm run generate` moves it.
 */

/** The properties that people read, and those that hold one text for each value. */
const shown = new Set([
  ...["title", "label", "description", "markdownDescription", "displayName", "userDescription", "fullName"],
  ...["contents", "shortTitle", "contextualTitle", "altText", "sampleRequest"],
  ...["deprecationMessage", "markdownDeprecationMessage", "patternErrorMessage"],
]);
const shownLists = new Set(["enumDescriptions", "markdownEnumDescriptions", "enumItemLabels"]);
/** What models read, and where a property of these names is no text. */
const passedOver = new Set(["modelDescription", "inputSchema", "menus", "keybindings", "default"]);
/** The product's own name is the same in every language. */
const productName = "Contextune";

const reference = /^%([^%]+)%$/;
const keyOf = (text) => text.match(reference)?.[1];

/** The first words of a text as a name: `openAFolderTo`. */
function nameOf(text) {
  const words = (text.match(/[A-Za-z0-9]+/g) ?? ["text"]).slice(0, 4);
  return words.map((word, at) => (at === 0 ? word.toLowerCase() : word[0].toUpperCase() + word.slice(1))).join("");
}

/** What an entry of a list is called in a key: its id, and where several share one, the first words of what it says. */
function entryName(entry, at) {
  const id = entry?.command ?? entry?.id ?? entry?.view ?? entry?.name;
  const said = entry?.contents;
  if (typeof said === "string" && keyOf(said) === undefined) return id ? `${id}.${nameOf(said)}` : nameOf(said);
  return String(id ?? at);
}

/** Calls `visit(text, key, write)` for each text that people read; `write` puts another in its place. */
function walk(node, path, visit) {
  if (node === null || typeof node !== "object") return;
  if (Array.isArray(node)) {
    for (const [at, entry] of node.entries()) walk(entry, [...path, entryName(entry, at)], visit);
    return;
  }
  const key = (...parts) => [...path, ...parts].map((part) => part.replace(/^contextune\./, "")).join(".");
  for (const [property, value] of Object.entries(node)) {
    if (passedOver.has(property)) continue;
    const read = shown.has(property) || (property === "name" && path[0] === "views");
    if (read && typeof value === "string") {
      const write = (text) => {
        node[property] = text;
      };
      if (value !== productName) visit(value, key(property), write);
    } else if (shownLists.has(property)) {
      for (const [at, text] of value.entries()) {
        const write = (words) => {
          value[at] = words;
        };
        visit(text, key(property, String(node.enum?.[at] ?? at)), write);
      }
    } else {
      const inside = property === "properties" || property === "contributes" ? path : [...path, property];
      walk(value, inside, visit);
    }
  }
}

/**
 * Moves every English text that stands in `manifest` out of it, and drops those of `english` that it no longer names.
 *
 * @template T
 * @param {T} manifest
 * @param {Record<string, string>} english
 * @returns {{ manifest: T, english: Record<string, string> }} both as they ought to be, in the manifest's order
 */
export function wordsApart(manifest, english) {
  const apart = structuredClone(manifest);
  const named = new Set();
  walk(apart, [], (text) => named.add(keyOf(text)));
  const words = {};
  walk(apart, [], (text, key, write) => {
    const known = keyOf(text);
    if (known !== undefined) {
      if (known in english) words[known] = english[known];
      return;
    }
    let free = key;
    for (let number = 2; named.has(free); number++) free = `${key}.${number}`;
    named.add(free);
    words[free] = text;
    write(`%${free}%`);
  });
  return { manifest: apart, english: words };
}

/** The texts that stand in `manifest` itself, and the keys that it names and `english` lacks; both as sentences. */
export function manifestFaults(manifest, english) {
  const faults = [];
  walk(manifest, [], (text, key) => {
    const known = keyOf(text);
    if (known === undefined) faults.push(`package.json holds the words of ${key} itself: "${text}"`);
    else if (!(known in english)) faults.push(`package.nls.json lacks ${known}, which package.json names`);
  });
  return faults;
}

/** `manifest` as VS Code reads it: each key replaced by its text in `words`. */
export function withWords(manifest, words) {
  const whole = structuredClone(manifest);
  walk(whole, [], (text, _key, write) => write(words[keyOf(text)] ?? text));
  return whole;
}
