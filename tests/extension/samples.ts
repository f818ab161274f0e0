/** Views of the wire for tests, complete by type; a test names only the fields that it is about. */
import type {
  AttemptView,
  BillView,
  CostView,
  EvidenceView,
  FileChange,
  MeterView,
  Overlap,
  PriceView,
  QuoteView,
  RunView,
  SuggestionView,
  TaskQuoteView,
  TaskView,
  Todo,
  TodoFactView,
} from "../../extension/src/generated/protocol";

export function bill(over: Partial<BillView> = {}): BillView {
  return {
    dollars: "0.0123",
    text: "$0.0123",
    atSonnet: "0.1757",
    atSonnetText: "$0.1757",
    saving: "93 %",
    requests: 4,
    unpriced: 0,
    estimated: 0,
    inputTokens: 12_000,
    cacheReadTokens: 9000,
    outputTokens: 800,
    ...over,
  };
}

export function todo(over: Partial<Todo> = {}): Todo {
  return {
    id: "t_1",
    path: "parcel/money.py",
    line: 6,
    column: 5,
    endLine: 6,
    marker: "TODO",
    text: "round half up",
    owner: null,
    issue: null,
    tags: [],
    symbol: null,
    language: "python",
    ...over,
  };
}

export function change(path: string, over: Partial<FileChange> = {}): FileChange {
  return { path, before: "a1", after: "b2", insertions: 3, deletions: 1, flag: "", ...over };
}

export function evidence(over: Partial<EvidenceView> = {}): EvidenceView {
  return {
    verdict: "green",
    command: "python -m unittest",
    exitCode: 0,
    tree: "c3",
    durationMs: 1240,
    newlyFailing: [],
    testsRemoved: [],
    testsWeakened: [],
    outdated: [],
    rewritten: [],
    proof: "",
    outputTail: "OK",
    whole: true,
    reused: false,
    ...over,
  };
}

export function attempt(over: Partial<AttemptView> = {}): AttemptView {
  return {
    number: 1,
    role: "executor",
    rung: { model: "claude-haiku-5-5", effort: "low", text: "Haiku 5.5, low" },
    reason: "",
    startedAt: 1,
    endedAt: 2,
    turns: 6,
    outcome: "green",
    summary: "",
    bill: bill(),
    evidence: null,
    ...over,
  };
}

export function task(over: Partial<TaskView> = {}): TaskView {
  return {
    id: "round",
    title: "Round half up",
    brief: "Round as invoices do.",
    wave: 1,
    todoIds: ["t_1"],
    dependsOn: [],
    state: "working",
    halted: null,
    stateText: "An agent is at work. Nothing to do; you can tell it something.",
    waitsForProcessor: false,
    paused: false,
    isToBegin: false,
    reason: "",
    rung: { model: "claude-haiku-5-5", effort: "low", text: "Haiku 5.5, low" },
    turn: 4,
    attempts: [attempt()],
    bill: bill(),
    files: [],
    changes: [],
    evidence: null,
    question: null,
    worktree: null,
    branch: null,
    port: null,
    commit: null,
    summary: "",
    remaining: "",
    salvage: null,
    checkoutText: null,
    heldText: null,
    mergedText: "",
    bouncedText: "",
    toMerge: [],
    ...over,
  };
}

export function run(over: Partial<RunView> = {}): RunView {
  return {
    id: "r_1",
    repository: "/code/parcel",
    title: "Two TODOs",
    driver: "here",
    state: "running",
    stateText: "Agents are at work. Nothing to do: what they ask and make is shown.",
    reason: "",
    parkedBy: null,
    createdAt: 100,
    updatedAt: 100,
    endedAt: null,
    branch: "main",
    base: "d4",
    gate: "python -m unittest",
    budget: "2.00",
    budgetText: "$2.00",
    taskBudgetText: "",
    requestBudgetText: "",
    maxRequests: null,
    agents: 4,
    offline: true,
    runCommand: null,
    waves: [["round"]],
    tasks: [task()],
    bill: bill(),
    costs: [],
    ghost: null,
    ghostEvidence: null,
    changes: [],
    review: [],
    comments: [],
    acceptedAs: null,
    madeBranch: null,
    pulls: [],
    issues: [],
    forgeText: "",
    forgeWaits: "",
    undoneText: "",
    notes: [],
    liveOverlaps: [],
    canAccept: false,
    canUndo: false,
    sequence: 1,
    ...over,
  };
}

export function price(over: Partial<PriceView> = {}): PriceView {
  return {
    low: "0.01",
    likely: "0.02",
    high: "0.04",
    atSonnet: "0.31",
    text: "$0.0100 to $0.0400, likely $0.0200",
    likelyText: "$0.0200",
    atSonnetText: "$0.3100",
    ...over,
  };
}

export function taskQuote(over: Partial<TaskQuoteView> = {}): TaskQuoteView {
  return {
    id: "round",
    title: "Round half up",
    brief: "Round as invoices do.",
    wave: 1,
    todoIds: ["t_1"],
    files: ["parcel/money.py"],
    dependsOn: [],
    gate: null,
    complexity: "simple",
    rung: { model: "claude-haiku-5-5", effort: "low", text: "Haiku 5.5, low" },
    start: 0,
    reason: "",
    kind: "one file",
    explored: false,
    price: price(),
    pinned: false,
    ...over,
  };
}

export function overlap(over: Partial<Overlap> = {}): Overlap {
  return {
    first: "round",
    second: "insure",
    path: "parcel/money.py",
    symbol: "to_cents",
    kind: "calls",
    strong: true,
    reason: "“Round half up” changes `to_cents()`, which “Insure” uses.",
    inOrder: false,
    allowed: false,
    ...over,
  };
}

export function quote(over: Partial<QuoteView> = {}): QuoteView {
  return {
    id: "q_1",
    repository: "/code/parcel",
    title: "Two TODOs",
    todos: [],
    tasks: [taskQuote()],
    waves: [["round"]],
    overlaps: [],
    price: price(),
    planningText: "$0.0031",
    budget: "2.00",
    budgetText: "$2.00",
    agents: 4,
    taskBudgetText: "",
    requestBudgetText: "",
    maxRequests: null,
    gate: "python -m unittest",
    baseline: null,
    warnings: [],
    offline: false,
    ladder: [
      { model: "claude-haiku-5-5", effort: "low", text: "Haiku 5.5, low" },
      { model: "claude-opus-5-5", effort: "medium", text: "Opus 5.5, medium" },
    ],
    forecastText: null,
    sentText: "Nothing leaves this machine.",
    leftOut: [],
    sentTo: "",
    sentFiles: [],
    sentFilesText: "",
    canRestore: false,
    ...over,
  };
}

export function meter(over: Partial<MeterView> = {}): MeterView {
  return {
    text: "$0.0123",
    saving: "93 %",
    runId: "r_1",
    level: "running",
    lines: [{ label: "executor · Haiku 5.5", amount: "$0.0092", detail: "3 requests" }],
    today: bill({ text: "$0.1200" }),
    offline: false,
    fenceLack: "",
    ...over,
  };
}

export function suggestion(over: Partial<SuggestionView> = {}): SuggestionView {
  return {
    id: "gate-retries",
    sentence: "Climb without it, about $0.86 a week.",
    weekly: "0.8592",
    weeklyText: "$0.86 a week",
    computed: "The last retry helped 0 of 12.",
    evidence: "0 of 12",
    apply: { key: "contextune.gateRetries", valueJson: "0", text: "gate_retries = 0" },
    ...over,
  };
}

export function costs(over: Partial<CostView> = {}): CostView {
  return {
    total: bill(),
    today: bill({ text: "$0.0012" }),
    days: [],
    runs: [],
    unstarted: { quotes: 0, bill: bill({ requests: 0 }) },
    roles: [],
    models: [],
    repositories: [],
    rates: [],
    misses: [],
    cliffs: { avoided: 0, passed: 0, dollars: "0", text: "0 price cliffs avoided, $0.00 less" },
    patterns: [],
    suggestions: [],
    perTodo: [],
    perTodoMethod: "Failures and planning included.",
    remarks: [],
    method: "At Sonnet's price.",
    ...over,
  };
}

/** What is known of a Todo beyond its comment. */
export const fact = (id: string, more: Partial<TodoFactView> = {}): TodoFactView => ({
  id,
  likely: "0.0154",
  likelyText: "about $0.0154",
  priceText: "$0.0014 to $0.1460, likely $0.0154",
  author: "Ada",
  writtenAt: 1_700_000_000_000,
  age: "year",
  ageText: "in the last year",
  doubtText: "",
  ...more,
});
