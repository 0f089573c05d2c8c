"""Full-text search over questions, tags and answers, in English and Korean, without an index to keep up to date.

What is counted are the words of the query alone: English words by whole words (in singular and plural), Korean by pairs
of letters, so that neither spaces nor particles matter. Counting a few words is fast enough for a thousand entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.qa.entry import Entry
from topology_efficient_dl.qa.pairs import pairs_of
from topology_efficient_dl.qa.wording import (
    HANGUL,
    folded,
    question_key,
    terms_of,
)

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k1 and b of Okapi BM25."""

WEIGHTS = {"question": 4.0, "tags": 3.0, "answer": 1.0}
"""How much a part of the entry counts."""

COVERED, ALIKE = 0.75, 0.5
"""An entry answers a question if it knows that share of what is asked and that share of what it answers was asked."""

ANSWER_COUNTS = 0.5
"""What a word is worth that only the answer knows."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Hit:
    """An entry that was found, and how well it fits."""

    entry: Entry
    score: float


def search(entries: Sequence[Entry], query: str) -> list[Hit]:
    """Entries in which the query's words occur, the best first; ties by name.

    The score is the weighted sum of Okapi BM25 over question, tags and answer.

    References
    ----------
    Robertson and Zaragoza, *The Probabilistic Relevance Framework: BM25 and Beyond* (2009), equation 3.15.
    """
    terms = terms_of(query) or _bare_terms(query)
    if not terms or not entries:
        return []
    scores = _scores(entries, terms)
    hits = [Hit(entry, round(float(score), 4)) for entry, score in zip(entries, scores, strict=True) if score > 0]
    return sorted(hits, key=lambda hit: (-hit.score, hit.entry.name))


def find_answer(entries: Sequence[Entry], question: str, lang: str) -> Entry | None:
    """The entry that answers a question already; None when none does.

    It is the same question but for its writing; or it knows nearly everything that is asked (rare words count more),
    and what it answers, by its own question or by its first tag, is what was asked. Entries in the given language come
    first, then those whose first tag is asked for, then those that fit best; of a pair, the one in the given language.
    """
    key, asked = question_key(question), terms_of(question)
    chosen = [entry for entry in entries if question_key(entry.question) == key]
    if not chosen:
        rarity = dict(zip(asked, _rarity(_document_counts(entries, asked), len(entries)), strict=True))
        chosen = [
            hit.entry for hit in search(entries, question) if _knows(hit.entry, rarity) and _is_about(hit.entry, asked)
        ]
    best = min(chosen, key=lambda entry: (entry.lang != lang, not _has_topic(entry, asked)), default=None)
    return best if best is None or best.lang == lang else pairs_of(entries).get(best.name, best)


def _knows(entry: Entry, rarity: Mapping[str, float]) -> bool:
    """Whether nearly all terms that are asked for occur in it."""
    own = {*terms_of(entry.question), *terms_of(" ".join(entry.tags)), *terms_of(_without_spaces(entry.question))}
    answer = folded(entry.answer)
    known = sum(
        rare * (1.0 if term in own else ANSWER_COUNTS * bool(_count(answer, term))) for term, rare in rarity.items()
    )
    return bool(rarity) and known >= COVERED * sum(rarity.values())


def _without_spaces(text: str) -> str:
    """Korean words joined, since some write spaces where others do not."""
    return re.sub(r"(?<=[가-힣]) +(?=[가-힣])", "", text)


def _is_about(entry: Entry, asked: Sequence[str]) -> bool:
    """Whether what it answers, by its question or by its first tag, is asked for."""
    about = terms_of(entry.question)
    share = sum(term in asked for term in about) / max(1, len(about))
    return share >= ALIKE or _has_topic(entry, asked)


def _has_topic(entry: Entry, asked: Sequence[str]) -> bool:
    """Whether its first tag is asked for."""
    topic = terms_of(entry.tags[0]) if entry.tags else []
    return bool(topic) and set(topic) <= set(asked)


def _document_counts(entries: Sequence[Entry], terms: Sequence[str]) -> FloatArray:
    """In how many questions, with their tags, each term occurs."""
    known = [folded(f"{entry.question} {' '.join(entry.tags)}") for entry in entries]
    return np.array([sum(bool(_count(text, term)) for text in known) for term in terms], dtype=np.float64)


def _rarity(n_with: FloatArray, n: int) -> FloatArray:
    """Inverse document frequency, never negative."""
    return np.asarray(np.log1p((n - n_with + 0.5) / (n_with + 0.5)), dtype=np.float64)


def _scores(entries: Sequence[Entry], terms: Sequence[str]) -> FloatArray:
    """(n_entries,) scores: those of question, tags and answer, weighted."""
    texts = {
        "question": [folded(entry.question) for entry in entries],
        "tags": [folded(" ".join(entry.tags)) for entry in entries],
        "answer": [folded(entry.answer) for entry in entries],
    }
    counts = {
        part: np.array([[_count(text, term) for term in terms] for text in texts[part]], dtype=np.float64)
        for part in WEIGHTS
    }
    with_term = np.any(np.stack([found > 0 for found in counts.values()]), axis=0).sum(axis=0)
    rarity = _rarity(with_term.astype(np.float64), len(entries))
    saturated = sum(weight * _saturated(counts[part], texts[part]) for part, weight in WEIGHTS.items())
    return np.asarray(saturated @ rarity, dtype=np.float64)


def _saturated(counts: FloatArray, texts: Sequence[str]) -> FloatArray:
    """(n_texts, n_terms) counts, of which every further one adds less, and the less the longer the text."""
    lengths = np.array([len(text) + 1.0 for text in texts])
    longer = 1 - LENGTH_SHARE + LENGTH_SHARE * lengths / lengths.mean()
    return np.asarray(counts / (counts + SATURATION * longer[:, None]), dtype=np.float64)


def _count(text: str, term: str) -> int:
    """Occurrences of a Korean pair of letters anywhere, of another word as a whole, its plural too."""
    if term not in text and term[:-1] not in text:
        return 0
    if HANGUL.match(term):
        return text.count(term)
    return len(_whole(term).findall(text))


@lru_cache(maxsize=256)
def _whole(term: str) -> re.Pattern[str]:
    stem = f"{re.escape(term[:-1])}(?:y|ies)" if term.endswith("y") and len(term) > 3 else f"{re.escape(term)}(?:e?s)?"
    return re.compile(rf"(?<![^\W_가-힣]){stem}(?![^\W_가-힣])")


def _bare_terms(query: str) -> list[str]:
    """Words of a query that has nothing else than question words, such as ``why``."""
    return list(dict.fromkeys(re.findall(r"[^\W_]+", folded(query))))
