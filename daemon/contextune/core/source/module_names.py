"""Which file an import of a Python, JavaScript or TypeScript file means, told from paths alone."""

from __future__ import annotations

import posixpath

from contextune.core.source.code_facts import Imported
from contextune.core.source.script_tokens import SCRIPTS


def is_script(path: str) -> bool:
    """Whether a file is JavaScript or TypeScript."""
    return path.endswith(SCRIPTS)


def same_module(module: str, importer: str, path: str) -> bool:
    """Whether `module`, as `importer` says it, is the file at `path` or, in Python, a package around it.

    A package may hand on what its modules define.
    """
    if is_script(path):
        return _script(module, importer) == _without_ending(path)
    dotted = _absolute(module, importer)
    own = _dotted(path)
    around = own.rpartition(".")[0]
    return bool(dotted) and (_ends(own, dotted) or (bool(around) and _ends(around, dotted)))


def names_module(imported: Imported, importer: str, path: str) -> bool:
    """Whether an imported name stands for the file at `path` as a whole."""
    if is_script(path):
        return not imported.name and same_module(imported.module, importer, path)
    whole = f"{imported.module}.{imported.name}" if imported.name else imported.module
    if imported.module.endswith("."):
        whole = f"{imported.module}{imported.name}"
    return _ends(_dotted(path), _absolute(whole, importer))


def _ends(dotted: str, end: str) -> bool:
    return bool(end) and (dotted == end or dotted.endswith(f".{end}"))


def _absolute(module: str, importer: str) -> str:
    level = len(module) - len(module.lstrip("."))
    name = module.lstrip(".")
    if not level:
        return name
    parts = posixpath.dirname(importer).split("/")
    above = parts[: len(parts) - level + 1]
    return ".".join([*filter(None, above), *([name] if name else [])])


def _dotted(path: str) -> str:
    return path.removesuffix(".pyi").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _script(module: str, importer: str) -> str:
    """The path that a script's import means, without its ending; as it is said if it is no path."""
    if not module.startswith("."):
        return module
    return _without_ending(posixpath.normpath(posixpath.join(posixpath.dirname(importer), module)))


def _without_ending(path: str) -> str:
    for ending in SCRIPTS:
        if path.endswith(ending):
            path = path[: -len(ending)]
            break
    return path.removesuffix("/index")
