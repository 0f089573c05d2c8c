"""Questions as text: cleaned, their language, their words in English and Korean, their slug."""

from __future__ import annotations

import re
import unicodedata

LANGUAGES = {"en": "English", "ko": "한국어"}
MAX_SLUG = 60
"""Characters; a Korean letter takes three bytes of the 255 that a file name may have."""

HANGUL = re.compile(r"[가-힣]")
_RUN = re.compile(r"[가-힣]+|[^\W_가-힣]+")
_PARTICLE = re.compile(
    r"(?<=[가-힣]{2})(?:이란|으로|에서|에게|까지|부터|라는|란|은|는|이|가|을|를|의|에|로|와|과|도|만)$"
)
_ASKING = re.compile(r"^(?:무엇|무슨|뭐|뭔|왜|어떻게|어떤|언제|인가|설명|알려|대해|대한|정의)")
_STOP_WORDS = """
what is are was does do did the a an of in on for to and or how why when which who it its this that with by from be can
we i you use used using mean means meaning s between as at explain define describe about there has have
"""
_STOP = frozenset(_STOP_WORDS.split())


def clean(text: str) -> str:
    """One line of composed (NFC) text: control characters and runs of space become one space.

    Examples
    --------
    >>> clean("  What\\nis  homology? ")
    'What is homology?'
    """
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in composed).split())


def language_of(text: str) -> str:
    """``ko`` when there is a Korean letter in it, else ``en``.

    Examples
    --------
    >>> language_of("Persistent Homology가 뭐야?"), language_of("What is a nerve?")
    ('ko', 'en')
    """
    return "ko" if HANGUL.search(unicodedata.normalize("NFC", text)) else "en"


def slug_of(text: str) -> str:
    """Words in lower case joined by hyphens, letters of every script kept; at most `MAX_SLUG` characters.

    Examples
    --------
    >>> slug_of("Persistent Homology가 뭐야?"), slug_of("CP, Tucker & tensor train"), slug_of("?!")
    ('persistent-homology가-뭐야', 'cp-tucker-tensor-train', 'question')
    """
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).lower())
    slug = "-".join(words)
    if len(slug) > MAX_SLUG:
        slug = slug[: MAX_SLUG + 1].rpartition("-")[0] or slug[:MAX_SLUG]
    return slug or "question"


def question_key(text: str) -> str:
    """What two writings of the same question have in common: its letters and digits.

    Examples
    --------
    >>> question_key("What's a Barcode?") == question_key("what is the barcode")
    True
    >>> question_key("Why barcodes?") == question_key("What are barcodes?")
    False
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    words = re.findall(r"[^\W_]+", re.sub(r"\b(what|how|why|where)'s\b", r"\1 is", folded))
    return "".join(word for word in words if word not in ("a", "an", "the"))


def folded(text: str) -> str:
    """Text as it is searched: compatibility forms and case do not matter."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def terms_of(text: str) -> list[str]:
    """What a question is about: words in the singular, pairs of Korean letters; neither question words nor particles.

    Examples
    --------
    >>> terms_of("What are persistence diagrams?")
    ['persistence', 'diagram']
    >>> terms_of("지속 호몰로지가 뭐야?")
    ['지속', '호몰', '몰로', '로지']
    """
    return list(dict.fromkeys(term for run in _RUN.findall(folded(text)) for term in _terms_of_run(run)))


def _terms_of_run(run: str) -> list[str]:
    if HANGUL.match(run):
        stem = _PARTICLE.sub("", run)
        if len(stem) < 2 or _ASKING.match(stem):
            return []
        return [stem[start : start + 2] for start in range(len(stem) - 1)]
    return [] if run in _STOP else [singular(run)]


def singular(word: str) -> str:
    """An English word without its plural ending; close enough to find one by the other.

    Examples
    --------
    >>> [singular(word) for word in ("diagrams", "homologies", "loss", "complexes", "ms")]
    ['diagram', 'homology', 'loss', 'complex', 'ms']
    """
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
