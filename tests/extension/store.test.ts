/** The store: views are replaced whole, never by older ones, and listeners hear of each. */
import { expect, test } from "vitest";
import { type Change, Store } from "../../extension/src/store";
import { fact, meter, run, task, todo } from "./samples";

function listen(store: Store): Change[] {
  const heard: Change[] = [];
  store.onChange((change) => heard.push(change));
  return heard;
}

test("a newer view of a Run replaces an older one, an older one does not, and one of the same age does", () => {
  const store = new Store();
  const heard = listen(store);
  const first = run({ sequence: 2 });
  const newer = run({ sequence: 5, state: "review" });
  const same = run({ sequence: 5, canAccept: true, state: "review" });
  expect([first, newer, run({ sequence: 4 }), same].map((view) => store.setRun({ run: view }))).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(store.run("r_1")).toBe(same);
  expect(heard).toEqual([
    { kind: "run", before: undefined, run: first },
    { kind: "run", before: first, run: newer },
    { kind: "run", before: newer, run: same },
  ]);
});

test("Runs come newest first", () => {
  const store = new Store();
  for (const [id, createdAt] of [
    ["a", 10],
    ["b", 30],
    ["c", 20],
  ] as const)
    store.setRun({ run: run({ id, createdAt }) });
  expect(store.runs().map(({ id }) => id)).toEqual(["b", "c", "a"]);
});

test("Todos are found by file and by line, several lines of text included", () => {
  const store = new Store();
  const long = todo({ id: "t_2", line: 20, endLine: 22 });
  store.setTodos({
    folder: "/code/parcel",
    todos: [todo(), long, todo({ id: "t_3", path: "a.py", line: 20, endLine: 20 })],
  });
  const file = "/code/parcel/parcel/money.py";
  const ids = (first: number, last: number) => store.todosOfLines(file, first, last).map(({ todo }) => todo.id);
  expect(store.todosOfFile(file).map(({ todo }) => todo.id)).toEqual(["t_1", "t_2"]);
  expect([ids(6, 6), ids(7, 19), ids(22, 22), ids(1, 100)]).toEqual([["t_1"], [], ["t_2"], ["t_1", "t_2"]]);
  expect(store.todo("t_3")).toEqual({ folder: "/code/parcel", todo: expect.objectContaining({ path: "a.py" }) });
  expect(store.filesWithTodos()).toEqual([file, "/code/parcel/a.py"]);
});

test("new Todos of a folder replace its old ones, and a closed folder takes its Todos along", () => {
  const store = new Store();
  store.setTodos({ folder: "/one", todos: [todo()] });
  store.setTodos({ folder: "/two", todos: [todo({ id: "t_9" })] });
  store.setTodos({ folder: "/one", todos: [] });
  expect(store.allTodos().map(({ folder, todo }) => [folder, todo.id])).toEqual([["/two", "t_9"]]);
  const heard = listen(store);
  store.dropFolder("/two");
  store.dropFolder("/two");
  expect(heard).toEqual([{ kind: "todos", folder: "/two" }]);
  expect(store.todosOfFile("/two/parcel/money.py")).toEqual([]);
});

test("two clones of a repository have Todos of the same ids, and each its own facts and Runs", () => {
  const store = new Store();
  const [one, two] = ["/one", "/two"].map((folder) => ({ folder, todo: todo() }));
  if (one === undefined || two === undefined) throw new Error("There are two.");
  store.setFacts({ folder: "/one", facts: [fact(one.todo.id)] });
  store.setRun({ run: run({ repository: "/two", tasks: [task({ todoIds: [two.todo.id] })] }) });
  expect([store.fact(one), store.fact(two)]).toEqual([expect.objectContaining({ id: one.todo.id }), undefined]);
  expect([store.workOn(one), store.workOn(two)?.run.repository]).toEqual([undefined, "/two"]);
});

test("of a closed folder's Runs those stay that are not over", () => {
  const store = new Store();
  for (const [id, state] of [
    ["r_1", "review"],
    ["r_2", "accepted"],
    ["r_3", "running"],
  ] as const)
    store.setRun({ run: run({ id, state, repository: "/two" }) });
  store.setRun({ run: run({ id: "r_4", state: "accepted", repository: "/one" }) });
  const heard = listen(store);
  store.dropRuns(({ repository }) => repository === "/two");
  expect(
    store
      .runs()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(["r_1", "r_3", "r_4"]);
  expect(heard).toHaveLength(1);
});

test("a drive letter's case does not matter", () => {
  const store = new Store();
  store.setTodos({ folder: "C:", todos: [todo({ path: "a.py" })] });
  expect(store.todosOfFile("c:/a.py")).toHaveLength(1);
  expect(store.todosOfFile("C:/a.py")).toHaveLength(1);
});

test("a listener that has left hears nothing", () => {
  const store = new Store();
  const heard: Change[] = [];
  const leave = store.onChange((change) => heard.push(change));
  store.setMeter(meter());
  leave();
  store.setMeter(meter({ text: "$1.00" }));
  expect(heard).toEqual([{ kind: "meter" }]);
  expect(store.meter?.text).toBe("$1.00");
});

test("Tasks that were not sent are as they were, in the order that was told; one that was never sent is named", () => {
  const store = new Store();
  const [first, second] = [task({ id: "a" }), task({ id: "b" })];
  store.setRun({ run: run({ sequence: 1, tasks: [first, second] }) });
  const moved = task({ id: "b", turn: 9 });
  store.setRun({ run: run({ sequence: 2, tasks: [moved] }), taskIds: ["a", "b"] });
  expect(store.run("r_1")?.tasks).toEqual([first, moved]);
  expect(() => store.setRun({ run: run({ sequence: 3, tasks: [] }), taskIds: ["a", "c"] })).toThrow("Task c of r_1");
});
