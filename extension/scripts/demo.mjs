/** `npm run demo`: the main job on a real project, by the offline model: no key, no network, no money. */
import { ensurePython, venvProgram } from "./python.mjs";
import { main, run } from "./steps.mjs";

await main(import.meta, async (args) => {
  await ensurePython();
  return run(venvProgram("contextune"), ["demo", ...args], { allowFailure: true });
});
