/** Saves in review: one at a time, and of what is typed meanwhile the newest alone. */
import { expect, test } from "vitest";
import { Writes } from "../../extension/src/writes";

/** A save that ends when it is told to. */
function held() {
  const saved: string[] = [];
  const ends: ((failed?: Error) => void)[] = [];
  const save = (text: string) =>
    new Promise<void>((resolve, reject) => {
      saved.push(text);
      ends.push((failed) => (failed === undefined ? resolve() : reject(failed)));
    });
  return { saved, ends, save };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test("while a save is under way only the newest text waits", async () => {
  const writes = new Writes();
  const { saved, ends, save } = held();
  const all = ["a", "ab", "abc", "abcd"].map((text) => writes.write("one", text, save));
  await turn();
  // All four came before the first could begin: that is the last of them.
  expect(saved).toEqual(["abcd"]);
  const later = ["abcde", "abcdef"].map((text) => writes.write("one", text, save));
  await turn();
  expect(saved).toEqual(["abcd"]);
  ends[0]?.();
  await Promise.all(all);
  await turn();
  expect(saved).toEqual(["abcd", "abcdef"]);
  ends[1]?.();
  await Promise.all(later);
});

test("documents wait for each other, and none is left out", async () => {
  const writes = new Writes();
  const { saved, ends, save } = held();
  const all = [writes.write("one", "1", save), writes.write("two", "2", save)];
  await turn();
  expect(saved).toEqual(["1"]);
  ends[0]?.();
  await turn();
  expect(saved).toEqual(["1", "2"]);
  ends[1]?.();
  await Promise.all(all);
});

test("a save that fails tells who waited for it, and the next one goes on", async () => {
  const writes = new Writes();
  const { saved, ends, save } = held();
  const first = writes.write("one", "1", save);
  await turn();
  const second = writes.write("one", "2", save);
  ends[0]?.(new Error("no daemon"));
  await expect(first).rejects.toThrow("no daemon");
  await turn();
  expect(saved).toEqual(["1", "2"]);
  ends[1]?.();
  await second;
});
