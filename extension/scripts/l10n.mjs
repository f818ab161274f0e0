/**
 * The words that people read, in every language: those of package.json (package.nls.json) and those that the extension
 * says with `vscode.l10n.t` (extension/l10n). English derives from the sources; other languages are written by people,
 * and are held complete: no key missing, none left over, no placeholder, link or code dropped.
 *
 * What models read stays English.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestFaults, wordsApart } from "./manifestWords.mjs";
import { importPackage } from "./node.mjs";
import { root } from "./steps.mjs";

/** The languages beside English. */
export const languages = ["de"];

const manifestFile = "package.json";
const sources = join("extension", "src");
/** The two kinds of words: where the English is, and a language's own. */
const kinds = [
  { english: "package.nls.json", of: (language) => `package.nls.${language}.json` },
  {
    english: join("extension", "l10n", "bundle.l10n.json"),
    of: (language) => join("extension", "l10n", `bundle.l10n.${language}.json`),
  },
];

const read = (file) => (existsSync(join(root, file)) ? JSON.parse(readFileSync(join(root, file), "utf8")) : {});
const written = (value) => `${JSON.stringify(value, null, 2)}\n`;

function sourceFiles() {
  const names = readdirSync(join(root, sources), { recursive: true }).filter((name) => name.endsWith(".ts"));
  return names.sort().map((name) => ({ name, contents: readFileSync(join(root, sources, name), "utf8") }));
}

/** What the sources say, keyed as VS Code looks it up. */
async function spokenWords(files) {
  const { getL10nJson } = (await importPackage("@vscode/l10n-dev", "dist/main.js")).default;
  const found = await getL10nJson(files.map(({ contents }) => ({ extension: ".ts", contents })));
  return Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Calls of `l10n.t` whose words are no literal: nobody could translate them. */
export function unreadableCalls({ name, contents }) {
  const calls = [...contents.matchAll(/\bl10n\.t\((?!\s*["{])\s*(.{1,40})/g)];
  return calls.map(([, start]) => `${name}: l10n.t(${start.trim()}…: the words must be a literal in double quotes`);
}

/** What a translation must hold as it stands: placeholders, code, and where links lead. */
function fixedParts(text) {
  const parts = [...text.matchAll(/\{\w+\}|`[^`]+`|\]\([^)]+\)|\$\([\w-]+\)/g)].map(([part]) => part);
  return [...new Set(parts)].sort();
}

const textOf = (entry) => (typeof entry === "string" ? entry : entry?.message);
/** Of a text keyed by a name, a translation keeps the English that it was made from. */
const madeFrom = (entry) => (typeof entry === "string" ? undefined : entry?.comment);

/**
 * What is wrong with `translated` beside `english`, each a sentence that names the file and the key.
 *
 * @param {boolean} named whether keys are names; otherwise they are the English itself
 */
export function translationFaults(file, english, translated, named) {
  const faults = [];
  for (const [key, entry] of Object.entries(english)) {
    const source = textOf(entry);
    const text = textOf(translated[key]);
    if (text === undefined || text === "") {
      const line = named ? { message: "", comment: source } : "";
      faults.push(`${file} lacks this; add it, translated:\n  ${JSON.stringify(key)}: ${JSON.stringify(line)},`);
      continue;
    }
    if (named && madeFrom(translated[key]) !== source)
      faults.push(`${file}: the English of ${key} is now "${source}"; translate that, and set its "comment" to it`);
    const dropped = fixedParts(source).filter((part) => !fixedParts(text).includes(part));
    if (dropped.length > 0) faults.push(`${file}: ${key} drops ${dropped.join(", ")}`);
    const invented = fixedParts(text).filter((part) => !fixedParts(source).includes(part));
    if (invented.length > 0) faults.push(`${file}: ${key} holds ${invented.join(", ")}, which the English does not`);
  }
  for (const key of Object.keys(translated))
    if (!(key in english)) faults.push(`${file}: nothing says ${key} any more`);
  return faults;
}

/** The generated files of words: path below the root, and text as it ought to be. Translations are put in order. */
export async function wordFiles() {
  const { manifest, english } = wordsApart(read(manifestFile), read(kinds[0].english));
  const spoken = await spokenWords(sourceFiles());
  const files = [[manifestFile, written(manifest)]];
  for (const [at, words] of [english, spoken].entries()) {
    files.push([kinds[at].english, written(words)]);
    for (const language of languages) {
      const file = kinds[at].of(language);
      const known = read(file);
      const kept = Object.keys(words).filter((key) => key in known);
      files.push([file, written(Object.fromEntries(kept.map((key) => [key, known[key]])))]);
    }
  }
  return files;
}

/** Prints what is wrong with the words of any language. @returns {Promise<boolean>} whether nothing is. */
export async function wordsAreComplete() {
  const faults = [
    ...manifestFaults(read(manifestFile), read(kinds[0].english)),
    ...sourceFiles().flatMap(unreadableCalls),
  ];
  for (const [at, { english, of }] of kinds.entries())
    for (const language of languages)
      faults.push(...translationFaults(of(language), read(english), read(of(language)), at === 0));
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}
