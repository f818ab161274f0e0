/** Ten agents that make small changes turn by turn, so that a Run has some hundred events a second. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRepository } from "./repository";
import { useCloneDaemon } from "./sample";

/** Agents that work side by side, each at a module of its own. */
export const AGENTS = 10;

const TURNS = 24;
const CHANGES_A_TURN = 2;
const DELAY_MS = 400;

const wish = (part: number): string => `give part ${String(part).padStart(2, "0")} its steps`;
const module = (part: number): string => `parts/part_${String(part).padStart(2, "0")}.py`;

/** A module with a Todo, and a line for each change that its agent will make. */
function source(part: number): string {
  const steps = Array.from({ length: (TURNS - 2) * CHANGES_A_TURN }, (_, step) => `STEP_${step} = None`);
  return [`"""Part ${part}."""`, "", `# TODO: ${wish(part)}`, ...steps, ""].join("\n");
}

const quoted = (text: string): string => JSON.stringify(text); // a JSON string is a TOML string

function edit(path: string, old: string, replacement: string): string {
  const input = `{ edits = [{ path = ${quoted(path)}, old = ${quoted(old)}, new = ${quoted(replacement)} }] }`;
  return `[[conversation.turn.tool]]\nname = "edit"\ninput = ${input}\n`;
}

function agent(part: number): string {
  const lines = [
    `[[conversation]]\nname = "part-${part}"\nwhen.system = "parallel-task-executor"\nwhen.user = [${quoted(wish(part))}]\n`,
  ];
  for (let turn = 0; turn < TURNS - 2; turn += 1) {
    lines.push(`[[conversation.turn]]\ntext = "Step ${turn}."\ndelay_ms = ${DELAY_MS + 13 * part}\n`);
    for (let change = 0; change < CHANGES_A_TURN; change += 1) {
      const step = turn * CHANGES_A_TURN + change;
      lines.push(edit(module(part), `STEP_${step} = None\n`, `STEP_${step} = ${step}\n`));
    }
  }
  lines.push(`[[conversation.turn]]\n${edit(module(part), `# TODO: ${wish(part)}\n`, "")}`);
  lines.push(
    '[[conversation.turn]]\n[[conversation.turn.tool]]\nname = "finish"\ninput = { summary = "Steps given." }\n',
  );
  return lines.join("\n");
}

/** Writes the script of the ten agents and their planner below `folder`; returns its path. */
export function writeStreamScript(folder: string): string {
  const items = Array.from({ length: AGENTS }, (_, part) =>
    [
      "[[conversation.turn.item]]",
      `needs.todo = '^(\\d+)\\. .*: ${wish(part)}'`,
      "[conversation.turn.item.value]",
      'todos = ["{todo:number}"]',
      `title = "Part ${part}"`,
    ].join("\n"),
  );
  const plan =
    '[[conversation]]\nname = "plan"\nwhen.system = "orchestrator"\n\n[[conversation.turn]]\ncompose = "tasks"\n';
  const agents = Array.from({ length: AGENTS }, (_, part) => agent(part));
  const file = join(folder, "stream.toml");
  const about = 'about = "Ten agents at ten modules, in many small turns. Made by a program; nothing here thinks."\n';
  writeFileSync(file, [about, plan, ...items, ...agents].join("\n\n"));
  return file;
}

/** A repository of ten modules with a Todo each, and one test. */
export function prepareStream(home: string): string {
  useCloneDaemon(home);
  const folder = join(home, "stream");
  mkdirSync(folder);
  const modules = Array.from({ length: AGENTS }, (_, part) => [module(part), source(part)] as const);
  const names = Array.from({ length: AGENTS }, (_, part) => module(part).slice("parts/".length, -".py".length));
  const tests = [
    "import unittest\n\nfrom parts import (",
    ...names.map((name) => `    ${name},`),
    ")\n\n\nclass PartsTest(unittest.TestCase):\n    def test_each_part_says_what_it_is(self):",
    ...names.map((name, part) => `        self.assertEqual(${name}.__doc__, "Part ${part}.")`),
    "",
  ];
  return makeRepository(folder, {
    ".gitignore": "__pycache__/\n",
    "parts/__init__.py": "",
    "tests/__init__.py": "",
    "tests/test_parts.py": tests.join("\n"),
    ...Object.fromEntries(modules),
  });
}
