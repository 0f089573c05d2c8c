"""Search: Korean and English, ranking, and when a question counts as answered."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.qa.many import make_many, slug_of_number

from topology_efficient_dl.qa.categories import CATEGORIES, propose_category, propose_tags
from topology_efficient_dl.qa.listing import (
    choose,
    records,
    table,
    width,
)
from topology_efficient_dl.qa.search import find_answer, search
from topology_efficient_dl.qa.store import Contents, QuestionStore
from topology_efficient_dl.qa.wording import singular, terms_of

LIBRARY = {
    "persistent": (
        "What is persistent homology?",
        "It records the scales of holes.",
        "en",
        "persistent-homology barcode",
    ),
    "지속": ("지속 호몰로지란 무엇인가?", "구멍이 나타나고 사라지는 척도를 기록한다.", "ko", "persistent-homology"),
    "stability": (
        "Why does a small perturbation move the diagram only a little?",
        "The bottleneck distance of persistent homology is bounded by the sup norm.",
        "en",
        "stability persistent-homology",
    ),
    "betti": ("What are Betti numbers?", "They count holes. A torus has 1, 2 and 1.", "en", "betti-numbers homology"),
    "tucker": ("Tucker 분해가 뭐야?", "텐서를 작은 핵과 인자 행렬로 나눈다.", "ko", "tucker-decomposition tensor"),
    "image": ("What is a persistence image?", "A diagram smeared on a grid.", "en", "persistence-image"),
    "nerve": ("What does the nerve theorem say?", "A good cover knows the homotopy type.", "en", "nerve-theorem"),
    "wilcoxon": ("When is Wilcoxon-Holm used?", "For many models on many data sets.", "en", "wilcoxon holm"),
}


@pytest.fixture
def library(put):
    entries = {
        key: put(question, answer, lang=lang, tags=tags.split())
        for key, (question, answer, lang, tags) in LIBRARY.items()
    }
    return {entry.name: key for key, entry in entries.items()}, list(entries.values())


ANSWERED = {
    "What is persistent homology?": "persistent",
    "what's   PERSISTENT homology": "persistent",
    "Explain persistent homology": "persistent",
    "Persistent Homology가 뭐야?": "지속",
    "지속 호몰로지가 뭐야": "지속",
    "지속호몰로지는 무엇인가요?": "지속",
    "Betti number가 뭐야?": "betti",
    "what is a betti number": "betti",
    "What is the Tucker decomposition?": "tucker",
    "터커 분해?": None,
    "Tucker 분해란?": "tucker",
    "What is a persistence image": "image",
    "persistence images": "image",
    "nerve theorem": "nerve",
    "What is persistence entropy?": None,
    "Is persistent homology stable?": None,
    "How is persistent homology computed on a GPU?": None,
    "What is a tensor train?": None,
    "What?": None,
    "뭐야?": None,
    "What is a torus?": None,
}


@pytest.mark.parametrize("question", ANSWERED)
def test_what_is_answered_already(library, question: str) -> None:
    names, entries = library
    lang = "ko" if terms_of(question) and any("가" <= letter <= "힣" for letter in question) else "en"
    found = find_answer(entries, question, lang)
    assert (names[found.name] if found else None) == ANSWERED[question]


def test_of_a_pair_the_one_in_the_language_of_the_question_answers(put) -> None:
    code = "Yes.\n\n```python\nassert True\n```"
    english = put("What is persistent homology?", code)
    korean = put("지속 호몰로지란 무엇이고, 도형에 대해 무엇을 알려 주나요?", code, tags=["지속-호몰로지"])
    assert find_answer([english, korean], "Persistent Homology가 뭐야?", "ko") == korean
    assert find_answer([english, korean], "Persistent Homology?", "en") == english
    assert find_answer([english], "Persistent Homology가 뭐야?", "ko") == english


def test_nothing_is_answered_in_an_empty_store() -> None:
    assert find_answer([], "What is a nerve?", "en") is None
    assert search([], "nerve") == []


FOUND = {
    "holes": ["persistent", "betti"],
    "구멍": ["지속"],
    "호몰로지": ["지속"],
    "HOMOLOGY": {"persistent", "지속", "stability", "betti"},
    "torus": ["betti"],
    "tori": [],
    "행렬": ["tucker"],
    "images": ["image"],
    "perturbations": ["stability"],
    "nothing-like-it": [],
    "why": ["stability"],
    "": [],
}


@pytest.mark.parametrize("query", FOUND)
def test_what_is_found(library, query: str) -> None:
    names, entries = library
    found = [names[hit.entry.name] for hit in search(entries, query)]
    expected = FOUND[query]
    assert (set(found) if isinstance(expected, set) else found) == expected


def test_a_word_in_the_question_counts_more_than_in_the_answer(library) -> None:
    names, entries = library
    hits = search(entries, "persistent homology")
    assert names[hits[0].entry.name] in ("persistent", "지속")
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_words_are_whole_and_particles_do_not_matter() -> None:
    assert terms_of("What are the homologies of complexes?") == ["homology", "complex"]
    assert terms_of("텐서를") == terms_of("텐서는") == terms_of("텐서") == ["텐서"]
    assert singular("analysis") == "analysis"


def test_lists_are_chosen_by_category_tag_language_and_words(put) -> None:
    entries = (
        put("What is a nerve?", tags=["nerve", "Cover"]),
        put("What is a rank?", tags=["nerve"], category="algebra"),
        put("랭크가 뭐야?", category="algebra"),
    )
    contents = Contents(None, entries, ())  # type: ignore[arg-type]

    def chosen(**options) -> list[str]:
        return [hit.entry.question for hit in choose(contents, **options)]

    assert len(chosen()) == 3
    assert chosen(category="algebra") == ["What is a rank?", "랭크가 뭐야?"]
    assert chosen(category="algebra", lang="ko") == ["랭크가 뭐야?"]
    assert chosen(tags=["nerve"]) == ["What is a nerve?", "What is a rank?"]
    assert chosen(tags=["nerve", "cover"]) == ["What is a nerve?"]
    assert chosen(query="랭크") == ["랭크가 뭐야?"]
    assert chosen(category="ml") == []
    (record,) = records(choose(contents, query="nerve", category="topology"))
    assert record["score"] > 0
    assert record["tags"] == ["nerve", "cover"]
    rows = table(choose(contents)).splitlines()
    assert len({width(row[: row.index("2026010")]) for row in rows[1:]}) == 1


CATEGORY_OF = {
    "Persistent Homology가 뭐야?": "topology",
    "What is the Euler characteristic?": "topology",
    "베티 수가 뭐야?": "topology",
    "What is the Tucker decomposition?": "algebra",
    "텐서의 랭크는?": "algebra",
    "What is the Hausdorff distance of two point clouds?": "geometry",
    "What does attention cost?": "ml",
    "어텐션의 비용은?": "ml",
    "When is a paired test right?": "statistics",
    "신뢰 구간이 뭐야?": "statistics",
    "Who is asking?": "general",
}


@pytest.mark.parametrize("question", CATEGORY_OF)
def test_the_category_is_proposed(question: str) -> None:
    assert propose_category(question) == CATEGORY_OF[question]


def test_the_answer_helps_to_propose_and_the_question_counts_more() -> None:
    assert propose_category("Why does it matter?", "Since homology is stable.") == "topology"
    assert propose_category("What is a tensor?", "holes holes") == "algebra"
    assert set(CATEGORIES) == {"topology", "algebra", "geometry", "ml", "statistics", "general"}


def test_tags_are_proposed() -> None:
    assert propose_tags("지속 호몰로지와 attention") == ("지속-호몰로지", "attention")
    assert propose_tags("Why?") == ()


def test_one_of_a_thousand_entries_is_found(tmp_path: Path) -> None:
    contents = QuestionStore(make_many(tmp_path / "qa", 1000)).read()
    assert (len(contents), contents.problems) == (1000, ())
    for query in ("word321", "낱말321"):
        hits = search(contents.entries, query)
        assert hits[0].entry.slug == slug_of_number(321)
    assert len(search(contents.entries, "homology")) == 1000
    answer = find_answer(contents.entries, "Explain topic word320", "en")
    assert answer is not None
    assert answer.slug == slug_of_number(320)
