"""Every Python block of the entries runs and asserts; a block that several entries have is run once."""

from __future__ import annotations

import ast
import contextlib
import io
from pathlib import Path

import pytest
from tests.places import chdir
from tests.qa.committed import CONTENTS

from topology_efficient_dl.qa.entry import format_entry
from topology_efficient_dl.qa.pairs import python_blocks

MAX_PRINTED = 2_000


def examples() -> dict[str, tuple[str, int, str]]:
    """By code: the file where it first stands, the line before it, and itself."""
    found: dict[str, tuple[str, int, str]] = {}
    for entry in CONTENTS.entries:
        path = CONTENTS.folder / entry.file
        for line, code in python_blocks(path.read_text(encoding="utf-8")):
            found.setdefault(code, (str(path), line, code))
    return found


EXAMPLES = list(examples().values())
NAMES = [f"{Path(path).name}:{line}" for path, line, _ in EXAMPLES]


@pytest.mark.parametrize(("path", "line", "code"), EXAMPLES, ids=NAMES)
def test_it_runs_and_proves_its_numbers(path: str, line: int, code: str, tmp_path: Path) -> None:
    assert asserts(code), "the example asserts nothing"
    run(path, line, code, tmp_path)
    assert not list(tmp_path.iterdir()), "the example leaves files behind"


def asserts(code: str) -> bool:
    """Whether there is an assertion in it, or a call such as ``np.testing.assert_allclose``."""
    nodes = list(ast.walk(ast.parse(code)))
    called = [node.func.attr for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return any(isinstance(node, ast.Assert) for node in nodes) or any(name.startswith("assert_") for name in called)


def run(path: str, line: int, code: str, folder: Path) -> None:
    """Run a block by itself; a failure is shown at its line of the entry."""
    printed = io.StringIO()
    compiled = compile("\n" * line + code, path, "exec")
    with chdir(folder), contextlib.redirect_stdout(printed):
        exec(compiled, {"__name__": "__main__"})
    assert len(printed.getvalue()) <= MAX_PRINTED, "the example prints too much"


def test_an_example_that_is_wrong_is_shown_at_its_line(put, tmp_path: Path) -> None:
    entry = put("One?", "Two.\n\n```python\nx = 1\nassert x == 2\n```")
    text = format_entry(entry)
    ((line, code),) = python_blocks(text)
    with pytest.raises(AssertionError) as caught:
        run("entry.md", line, code, tmp_path / "..")
    last = caught.traceback[-1]
    assert text.split("\n")[last.lineno] == "assert x == 2"
