"""URIs as editors spell them."""

from __future__ import annotations

from pathlib import Path

import pytest

from contextune.server.places import file_path, folder_path, path_of, uri_of


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/ada/a.py", "/home/ada/a.py"),
        ("file:///home/ada/with%20space/100%25.py", "/home/ada/with space/100%.py"),
        ("file:///home/ada/semi;colon%23hash%3Fmark.py", "/home/ada/semi;colon#hash?mark.py"),
        ("file:///gr%C3%BC%C3%9F/%F0%9F%A6%80.py", "/grüß/🦀.py"),
        ("file://localhost/etc/hosts", "/etc/hosts"),
        ("file://server/share/a.py", None),
        ("untitled:Untitled-1", None),
        ("git:/home/ada/a.py?ref", None),
        ("vscode-remote://ssh/home/ada/a.py", None),
        ("file://[broken", None),
        ("file:relative.py", None),
        ("file:///nul%00byte", None),
        ("", None),
    ],
)
def test_posix(uri: str, path: str | None) -> None:
    assert file_path(uri, windows=False) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///c%3A/Users/Ada%20L/a.py", "C:\\Users\\Ada L\\a.py"),
        ("file:///C:/Users/a.py", "C:\\Users\\a.py"),
        ("file:///d:", "D:"),
        ("file://server/share/a.py", "\\\\server\\share\\a.py"),
        ("untitled:C:/a.py", None),
    ],
)
def test_windows(uri: str, path: str | None) -> None:
    assert file_path(uri, windows=True) == path


def test_a_path_survives_the_way_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "100% of; #1 grüß?.py"
    assert path_of(uri_of(path)) == path


def test_folders_are_named_by_path_or_uri(tmp_path: Path) -> None:
    assert folder_path(str(tmp_path)) == tmp_path
    assert folder_path(uri_of(tmp_path)) == tmp_path
    assert folder_path("relative/folder") is None
    assert folder_path("file://elsewhere/share") is None
