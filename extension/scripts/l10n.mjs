/**
 * The words that people read, in every language: those of package.json (package.nls.json), those that the extension says
 * with `vscode.l10n.t` (extension/l10n) and those that the daemon says with `t` (daemon/contextune/l10n). English derives
 * from the sources; other languages are written by people, and are held complete: no key missing, none left over, no
 * placeholder, link or code dropped.
 *
 * What models read stays English.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestFaults, wordsApart } from "./manifestWords.mjs";
import { importPackage } from "./node.mjs";
import { venvProgram } from "./python.mjs";
import { read as output, root } from "./steps.mjs";

/** The languages beside English. */
export const languages = ["de"];

const manifestFile = "package.json";
const sources = join("extension", "src");
const daemon = join("daemon", "contextune");
/** The kinds of words: where the English is, and a language's own. */
const kinds = [
  { english: "package.nls.json", of: (language) => `package.nls.${language}.json` },
  {
    english: join("extension", "l10n", "bundle.l10n.json"),
    of: (language) => join("extension", "l10n", `bundle.l10n.${language}.json`),
  },
  {
    english: join(daemon, "l10n", "bundle.l10n.json"),
    of: (language) => join(daemon, "l10n", `bundle.l10n.${language}.json`),
  },
  {
    english: join(daemon, "l10n", "sentences.l10n.json"),
    of: (language) => join(daemon, "l10n", `sentences.l10n.${language}.json`),
  },
];

const read = (file) => (existsSync(join(root, file)) ? JSON.parse(readFileSync(join(root, file), "utf8")) : {});
const written = (value) => `${JSON.stringify(value, null, 2)}\n`;

function filesBelow(folder, ending) {
  const names = readdirSync(join(root, folder), { recursive: true }).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => ({ name, contents: readFileSync(join(root, folder, name), "utf8") }));
}

const inOrder = (words) => Object.fromEntries(Object.entries(words).sort(([one], [other]) => (one < other ? -1 : 1)));

/** What the extension's sources say, keyed as VS Code looks it up. */
async function extensionWords(files) {
  const { getL10nJson } = (await importPackage("@vscode/l10n-dev", "dist/main.js")).default;
  return inOrder(await getL10nJson(files.map(({ contents }) => ({ extension: ".ts", contents }))));
}

/** A string of Python; within an f-string it stands in single quotes. */
const literal = String.raw`(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`;
/** Calls of the daemon that name texts: `t("…")` and `mark("…")` the first of their arguments, `StateWords` all. */
const naming = [
  new RegExp(String.raw`(?<![\w.])(?:t|mark)\(\s*((?:${literal}\s*)+)`, "g"),
  new RegExp(String.raw`(?<![\w.])StateWords\(\s*((?:${literal}[\s,]*)+)\)`, "g"),
];

const unquoted = (text) => JSON.parse(text.startsWith('"') ? text : `"${text.slice(1, -1).replaceAll('"', '\\"')}"`);
const spelled = (literals) => [...literals.matchAll(new RegExp(literal, "g"))].map(([text]) => unquoted(text));

/** What the daemon's sources say, by its English; literals that stand side by side are one text, as in Python. */
export function daemonWords(files) {
  const contents = files.map((file) => file.contents).join("\n");
  const [firsts, all] = naming.map((calls) => [...contents.matchAll(calls)].map(([, literals]) => spelled(literals)));
  const words = [...firsts.map((parts) => parts.join("")), ...all.flat()];
  return inOrder(Object.fromEntries(words.map((text) => [text, text])));
}

/** What the daemon's lower layers say: problems, checks, stages, as templates. */
function daemonSentences() {
  return JSON.parse(
    output(venvProgram("python"), ["-I", join(root, "extension", "scripts", "sentences.py"), join(root, daemon)]),
  );
}

/** Calls of `l10n.t`, and of the daemon's `t`, whose words are no literal: nobody could translate them. */
export function unreadableCalls({ name, contents }) {
  const said = name.endsWith(".py")
    ? /(?<![\w.]|def )(?:t|mark)\((?!\s*["'])\s*(.{1,40})/g
    : /\bl10n\.t\((?!\s*["{])\s*(.{1,40})/g;
  const calls = [...contents.matchAll(said)];
  return calls.map(([, start]) => `${name}: t(${start.trim()}…: the words must be a literal`);
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
  const lacking = [];
  for (const [key, entry] of Object.entries(english)) {
    const source = textOf(entry);
    const text = textOf(translated[key]);
    if (text === undefined || text === "") {
      const line = named ? { message: "", comment: source } : "";
      lacking.push(`  ${JSON.stringify(key)}: ${JSON.stringify(line)},`);
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
  if (lacking.length > 0) faults.push(`${file} lacks these; add them, translated:\n${lacking.join("\n")}`);
  return faults;
}

/** The generated files of words: path below the root, and text as it ought to be. Translations are put in order. */
export async function wordFiles() {
  const { manifest, english } = wordsApart(read(manifestFile), read(kinds[0].english));
  const spoken = [
    await extensionWords(filesBelow(sources, ".ts")),
    daemonWords(filesBelow(daemon, ".py")),
    daemonSentences(),
  ];
  const files = [[manifestFile, written(manifest)]];
  for (const [at, words] of [english, ...spoken].entries()) {
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
  const said = [...filesBelow(sources, ".ts"), ...filesBelow(daemon, ".py")];
  const faults = [...manifestFaults(read(manifestFile), read(kinds[0].english)), ...said.flatMap(unreadableCalls)];
  for (const [at, { english, of }] of kinds.entries())
    for (const language of languages)
      faults.push(...translationFaults(of(language), read(english), read(of(language)), at === 0));
  for (const fault of faults) console.error(fault);
  return faults.length === 0;
}
