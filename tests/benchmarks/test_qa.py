"""The question-and-answer store with a thousand entries: reading, listing, searching, merging, each under a second.

Run it alone on the machine: ``make bench``. The command itself takes a few seconds more, which is Kedro's start.
"""

from __future__ import annotations

import pytest
from tests.qa.many import make_many

from topology_efficient_dl.qa.listing import choose, table
from topology_efficient_dl.qa.merge import merge_entries
from topology_efficient_dl.qa.report import merge_report
from topology_efficient_dl.qa.search import find_answer
from topology_efficient_dl.qa.store import QuestionStore

pytest.importorskip("pytest_benchmark")

N_ENTRIES = 1000
GROUP = f"questions and answers, {N_ENTRIES} entries, files read included"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> QuestionStore:
    return QuestionStore(make_many(tmp_path_factory.mktemp("many") / "docs" / "qa", N_ENTRIES))


def test_list(benchmark, store):
    benchmark.group = GROUP
    shown = benchmark(lambda: table(choose(store.read())))
    assert len(shown.splitlines()) == N_ENTRIES + 1


@pytest.mark.parametrize("query", ["homology", "지속 호몰로지와 낱말의 뜻"])
def test_search(benchmark, store, query):
    benchmark.group = GROUP
    assert benchmark(lambda: choose(store.read(), query=query))


def test_find_an_answer(benchmark, store):
    benchmark.group = GROUP
    assert benchmark(lambda: find_answer(store.read().entries, "Explain topic word320", "en"))


def test_merge(benchmark, store):
    benchmark.group = GROUP

    def merge():
        contents = store.read()
        return merge_entries(contents), merge_report(contents)

    text, report = benchmark(merge)
    assert text.count("\n### ") == report["entries"] == N_ENTRIES
