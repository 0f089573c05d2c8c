"""The categories of questions, and which one a question is proposed for."""

from __future__ import annotations

import re

from topology_efficient_dl.errors import QuestionError, did_you_mean
from topology_efficient_dl.qa.wording import folded, slug_of

CATEGORIES = {
    "topology": {"en": "Topology", "ko": "위상"},
    "algebra": {"en": "Algebra", "ko": "대수"},
    "geometry": {"en": "Geometry", "ko": "기하"},
    "ml": {"en": "Machine learning", "ko": "기계 학습"},
    "statistics": {"en": "Statistics", "ko": "통계"},
    "general": {"en": "General", "ko": "일반"},
}
"""By name, what a chapter is called in each language; in the order of the merged document."""

WORDS = {
    "topology": (
        "topolog persisten homolog barcode betti euler characteristic nerve rips vietoris filtration sublevel "
        "superlevel simplicial simplex simplices complex cohomolog landscape takens level-set boundary-operator hole "
        "loop cycle hodge boundar "
        "위상 호지 경계 지속 호몰로지 바코드 베티 오일러 신경 립스 필트레이션 여과 단체 복합체 복체 구멍 "
        "다이어그램 타켄스"
    ),
    "algebra": (
        "algebra tensor rank matrix matrices tucker decomposition factoris factoriz eigen svd vector-space "
        "linear-map kernel-of laplacian cp-decomposition "
        "대수 텐서 랭크 계수 행렬 터커 분해 고유 벡터-공간 군론 라플라시안 라플라스"
    ),
    "geometry": (
        "geometr distance metric-space curvature manifold embedding delaunay voronoi wasserstein bottleneck hausdorff "
        "point-cloud alpha-complex convex euclid "
        "기하 거리 곡률 다양체 임베딩 들로네 보로노이 점구름 점-구름 볼록 유클리드"
    ),
    "ml": (
        "learn neural network train attention transformer message-passing classifier flop latency gpu batch gradient "
        "overfit distillation pruning quantis quantiz inference pareto convolution layer "
        "학습 신경망 훈련 어텐션 메시지 분류기 지연 배치 경사 과적합 증류 가지치기 추론 파레토 합성곱"
    ),
    "statistics": (
        "statistic test-statistic p-value significan wilcoxon holm bootstrap confidence interval paired variance "
        "hypothesis t-test sample-mean distribution median regression correlation "
        "통계 검정 유의 윌콕슨 부트스트랩 신뢰 구간 대응 분산 가설 분포 중앙값 회귀 상관"
    ),
}
"""Beginnings of words that speak for a category; a hyphen stands for a space or a hyphen."""

QUESTION_COUNTS = 5
"""How many mentions in the answer one in the question or in a tag outweighs."""


def check_category(name: str) -> str:
    """The category of that name.

    Raises
    ------
    QuestionError : there is none

    Examples
    --------
    >>> check_category(" Topology ")
    'topology'
    """
    wanted = folded(name).strip()
    if wanted not in CATEGORIES:
        raise QuestionError(
            f"unknown category '{name}'{did_you_mean(wanted, CATEGORIES) or '.'} There are: {', '.join(CATEGORIES)}"
        )
    return wanted


def propose_category(question: str, answer: str = "", tags: tuple[str, ...] = ()) -> str:
    """The category whose words the question, its tags and its answer use most; ``general`` when none.

    Examples
    --------
    >>> propose_category("Persistent Homology가 뭐야?"), propose_category("When is a paired test right?")
    ('topology', 'statistics')
    >>> propose_category("Who wrote this?")
    'general'
    """
    asked, answered = folded(" ".join([question, *tags])), folded(answer)
    scores = {
        name: QUESTION_COUNTS * len(pattern.findall(asked)) + len(pattern.findall(answered))
        for name, pattern in _PATTERNS.items()
    }
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] else "general"


def propose_tags(question: str) -> tuple[str, ...]:
    """The words of the question that speak for a category, in their order; neighbours make one tag; at most four.

    Examples
    --------
    >>> propose_tags("How do persistent homology and attention compare?")
    ('persistent-homology', 'attention')
    """
    found: list[str] = []
    text, end = folded(question), -2
    for match in _ANY.finditer(text):
        if match.start() == end + 1 and text[end] in " -":
            found[-1] += f" {match[0]}"
        else:
            found.append(match[0])
        end = match.end()
    return tuple(dict.fromkeys(map(slug_of, found)))[:4]


def _pattern(words: str) -> re.Pattern[str]:
    stems = sorted((re.escape(word).replace(r"\-", "[- ]") for word in words.split()), key=len, reverse=True)
    latin = "|".join(stem for stem in stems if stem[0].isascii())
    hangul = "|".join(stem for stem in stems if not stem[0].isascii())
    return re.compile(rf"(?<![a-z0-9])(?:{latin})[a-z]*|(?:{hangul})")


_PATTERNS = {name: _pattern(words) for name, words in WORDS.items()}
_ANY = _pattern(" ".join(WORDS.values()))
