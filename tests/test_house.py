"""How large the parts of the house may be: modules, functions, lists of parameters, and no twins by name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "topology_efficient_dl"
MODULES = {path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}

MOST_LINES, MOST_IN_FUNCTION, MOST_PARAMETERS = 400, 50, 7

_LOOP = "a compiled loop takes plain arrays"
_NODE = "a node has one parameter for each catalog entry that it reads"
_OPTIONS = "one parameter for each option of the file or complex, all but the first by name"

WIDER = {
    "tda/level_sets/vectorised.py:_count": _LOOP,
    "tda/level_sets/vectorised.py:_count_parallel": _LOOP,
    "tda/level_sets/vectorised.py:_count_series": _LOOP,
    "tda/level_sets/vectorised.py:_count_view": _LOOP,
    "tda/level_sets/compiled.py:_count_all": _LOOP,
    "tda/level_sets/vector_code.py:count_levels": _LOOP,
    "models/graph_baselines/fused_attention.py:_score_pairs": _LOOP,
    "models/graph_baselines/fused_attention.py:_push_sums": _LOOP,
    "models/graph_baselines/fused_attention.py:_push_pairs": _LOOP,
    "pipelines/evaluate/nodes.py:report": _NODE,
    "pipelines/evaluate/nodes.py:measure_graph_efficiency": _NODE,
    "pipelines/simplicial_build/nodes.py:propagate_features": _NODE,
    "models/simplicial/inputs.py:complex_input": _OPTIONS,
    "data/graphs/group_readers.py:read_timed_simplices": _OPTIONS,
    "tensor/attention.py:forward": "the call of torch.nn.MultiheadAttention",
}
"""Functions with more parameters, and why."""


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for name, text in MODULES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield f"{name}:{node.name}", node


def _length(function: ast.FunctionDef) -> int:
    """Lines without the docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def _n_parameters(function: ast.FunctionDef) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def test_no_module_is_longer_than_it_can_be_read_in_one_go() -> None:
    assert {name: n for name, text in MODULES.items() if (n := len(text.splitlines())) > MOST_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    assert {name: n for name, function in _functions() if (n := _length(function)) > MOST_IN_FUNCTION} == {}


def test_only_constructors_and_what_is_named_here_have_many_parameters() -> None:
    many = {name for name, each in _functions() if _n_parameters(each) > MOST_PARAMETERS}
    assert {name for name in many if not name.endswith(":__init__")} == set(WIDER)


@pytest.mark.parametrize("kind", ["graph_", "forecast_", "compression_"])
def test_no_two_modules_of_a_room_are_the_same_step_for_two_kinds(kind: str) -> None:
    rooms = {(path.parent, path.name) for path in SOURCE.rglob("*.py")}
    assert [str(folder / name) for folder, name in rooms if (folder, kind + name) in rooms] == []
