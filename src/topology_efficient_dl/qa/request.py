"""What is asked: the question with what the user said of it, and the entry that an answer makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.categories import check_category, propose_category, propose_tags
from topology_efficient_dl.qa.entry import (
    MAX_QUESTION,
    STAMP,
    Entry,
    tidy_answer,
)
from topology_efficient_dl.qa.wording import clean, language_of, slug_of


@dataclass(frozen=True)
class Request:
    """A question in one line of composed text; category, language and tags are proposed where they are not given."""

    question: str
    category: str | None = None
    lang: str | None = None
    tags: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, question: str, category: str | None = None, lang: str | None = None, tags: Iterable[str] = ()
    ) -> Request:
        """A request for a question as it was typed.

        Raises
        ------
        QuestionError : the question is empty
        """
        text = clean(question)
        if not any(letter.isalnum() for letter in text):
            raise QuestionError('the question is empty; write it in quotes, such as "What is persistent homology?"')
        return cls(text, category, lang, tuple(dict.fromkeys(slug_of(tag) for tag in tags)))

    @property
    def language(self) -> str:
        """The language given, or that of the question."""
        return self.lang or language_of(self.question)

    def check(self) -> None:
        """Refuse what no entry can have.

        Raises
        ------
        QuestionError : the question is too long or there is no such category
        """
        if len(self.question) > MAX_QUESTION:
            raise QuestionError(
                f"the question has {len(self.question):,} letters; at most {MAX_QUESTION} are kept. Ask a shorter one"
            )
        if self.category is not None:
            check_category(self.category)

    def entry(self, date: datetime, answer: str, source: str | None = None) -> Entry:
        """The entry that an answer makes.

        Raises
        ------
        QuestionError : the category is unknown, the question too long, the answer empty or too large
        """
        self.check()
        text = tidy_answer(answer)
        tags = self.tags or propose_tags(self.question)
        category = check_category(self.category) if self.category else propose_category(self.question, text, tags)
        name = f"{date:{STAMP}}-{slug_of(self.question)}"
        return Entry(name, date, tags, category, self.language, self.question, text, None, source)
