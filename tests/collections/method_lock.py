"""The lock of versioned methods: which source each of them reaches inside the package, as digests.

    python tests/collections/method_lock.py

writes `method_lock.json` anew. That acknowledges that the results of no method changed whose version is still the same.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import io
import json
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import topology_efficient_dl
from topology_efficient_dl.collections.fingerprint import NAMESPACE, method_identity

PACKAGE = "topology_efficient_dl"
SOURCE = Path(topology_efficient_dl.__file__).parent
LOCK = Path(__file__).with_name("method_lock.json")
NOT_IMPORTED = (f"{PACKAGE}.settings", f"{PACKAGE}.__main__")


@cache
def modules() -> dict[str, Path]:
    """Every module of the package and its file."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def methods() -> dict[str, str]:
    """By identity, such as ``training.cells:fit_cell@2``, the module of every versioned method."""
    found = {}
    for name in modules():
        if name in NOT_IMPORTED:
            continue
        for value in vars(importlib.import_module(name)).values():
            if inspect.isfunction(value) and value.__module__ == name and hasattr(value, "__method_version__"):
                found[method_identity(value).removeprefix(NAMESPACE)] = name
    return found


@cache
def digest_of(module: str) -> str:
    """Of a module's code: neither comments nor docstrings nor blank lines count."""
    text = modules()[module].read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for first, last in _docstrings(ast.parse(text)):
        lines[first - 1 : last] = [""] * (last - first + 1)
    code = "\n".join(line.rstrip() for line in lines if line.strip())
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def _docstrings(tree: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            for statement in body:
                if (
                    isinstance(statement, ast.Expr)
                    and isinstance(statement.value, ast.Constant)
                    and isinstance(statement.value.value, str)
                ):
                    yield statement.lineno, statement.end_lineno or statement.lineno


@cache
def imports_of(module: str) -> frozenset[str]:
    """Modules of the package that a module names in its imports, wherever they stand."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
            found.add(f"{PACKAGE}.{node.value.partition(':')[0]}")  # of a lazy table: "models.linear:Ridge"
    return frozenset(found & set(modules()))


@cache
def reached(module: str) -> frozenset[str]:
    """A module and everything that it reaches by imports inside the package."""
    found, waiting = {module}, [module]
    while waiting:
        new = imports_of(waiting.pop()) - found
        found |= new
        waiting += new
    return frozenset(found)


def current_lock() -> dict[str, Any]:
    """Digests of the modules that any method reaches, and of what each method reaches."""
    known = methods()
    used = sorted({name for module in known.values() for name in reached(module)})
    digests = {name.removeprefix(f"{PACKAGE}."): digest_of(name) for name in used}
    of_method = {
        identity: hashlib.sha256(
            "".join(name + digest_of(name) for name in sorted(reached(module))).encode()
        ).hexdigest()[:16]
        for identity, module in sorted(known.items())
    }
    return {"methods": of_method, "modules": digests}


def complaints(stored: dict[str, Any], current: dict[str, Any], reach: dict[str, frozenset[str]]) -> list[str]:
    """What the lock has to say, a line a method: source that changed where the version did not.

    Parameters
    ----------
    stored, current : locks
    reach : by identity, the modules that the method reaches
    """
    found = []
    for identity, digest in current["methods"].items():
        if identity in stored["methods"] and stored["methods"][identity] != digest:
            names = sorted(name.removeprefix(f"{PACKAGE}.") for name in reach[identity])
            changed = [name for name in names if current["modules"][name] != stored["modules"].get(name)]
            found.append(f"{identity}: {', '.join(changed) or 'modules that it no longer reaches'}")
    return found


if __name__ == "__main__":
    LOCK.write_text(json.dumps(current_lock(), indent=1) + "\n", encoding="utf-8")
    print(f"{len(current_lock()['methods'])} methods locked in {LOCK.name}")
