"""No published number comes silently out of old code: source that a method reaches changes with its version, or by word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.collections import method_lock as lock

WHAT_TO_DO = """
The code that these methods reach has changed, and their versions have not. Do one of two things:
- raise the version in @versioned(...) of every method whose results change, so that stored items are computed again;
- or acknowledge that no result changes.
Then run: python tests/collections/method_lock.py
"""


def test_code_changes_with_its_version_or_by_word() -> None:
    stored, current = json.loads(lock.LOCK.read_text(encoding="utf-8")), lock.current_lock()
    reach = {identity: lock.reached(module) for identity, module in lock.methods().items()}
    found = lock.complaints(stored, current, reach)
    assert not found, "\n".join([*found, WHAT_TO_DO])
    assert sorted(stored["methods"]) == sorted(current["methods"]), "run: python tests/collections/method_lock.py"


def test_a_change_is_named_until_the_version_rises() -> None:
    stored = {"methods": {"a:f@1": "x", "b:g@1": "x"}, "modules": {"a": "1", "c": "1"}}
    current = {"methods": {"a:f@1": "y", "b:g@1": "x"}, "modules": {"a": "1", "c": "2"}}
    reach = {"a:f@1": frozenset({"topology_efficient_dl.a", "topology_efficient_dl.c"}), "b:g@1": frozenset()}
    assert lock.complaints(stored, current, reach) == ["a:f@1: c"]
    raised = {"methods": {"a:f@2": "y", "b:g@1": "x"}, "modules": current["modules"]}
    assert lock.complaints(stored, raised, reach) == []


def test_prose_does_not_count_and_code_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "plain": "def f(x):\n    return x + 1\n",
        "prose": '"""Words."""\n\n# more\ndef f(x):\n    """Text\n    of two lines."""\n    return x + 1  # why\n',
        "other": "def f(x):\n    return x + 2\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(lock, "modules", lambda: {name: tmp_path / name for name in texts})
    plain, prose, other = (lock.digest_of.__wrapped__(name) for name in texts)
    assert plain == prose != other


def test_what_is_reached_is_found_through_imports_inside_functions_too() -> None:
    reach = lock.reached("topology_efficient_dl.tda.splits")
    assert "topology_efficient_dl.tda.vectorization.giotto" in reach
    assert "topology_efficient_dl.training.loop" not in reach
