"""A language model behind any endpoint that speaks OpenAI's chat completions; its key is never shown or written."""

from __future__ import annotations

import json
import os
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES
from topology_efficient_dl.qa.wording import LANGUAGES, clean

if TYPE_CHECKING:
    import httpx

BASE_URL, API_KEY, MODEL, TIMEOUT = "QA_LLM_BASE_URL", "QA_LLM_API_KEY", "QA_LLM_MODEL", "QA_LLM_TIMEOUT"
DEFAULT_TIMEOUT = 60.0
SECRET_LENGTH = 8
"""Shorter keys are placeholders, which endpoints without keys are given."""

MAX_REPLY_BYTES = 2 * MAX_ANSWER_BYTES
INSTRUCTIONS = (
    "You answer questions on the mathematics of topological data analysis, higher-order networks, tensor "
    "decompositions and the statistics of comparing models, for readers who learn. Answer in {language}, in Markdown. "
    "The first line is the answer in one sentence, then a blank line, then the sections {sections}, each as a heading "
    "of level three. Formulas stand in $...$ or $$...$$. The example must be small enough to check by hand. Say so "
    "where you are not sure."
)
SECTIONS = {
    "en": ("In plain words", "Definition", "A worked example"),
    "ko": ("쉽게 말하면", "정의", "직접 확인하는 예"),
}


class LanguageModelError(QuestionError):
    """The language model is set up wrongly or gave no answer."""


@dataclass(frozen=True)
class LanguageModel:
    """Where the model is and what it is called.

    Examples
    --------
    >>> LanguageModel("http://localhost:8000/v1", "tiny", "secret")
    LanguageModel(base_url='http://localhost:8000/v1', name='tiny', timeout=60.0)
    """

    base_url: str
    name: str
    key: str = field(default="", repr=False)
    timeout: float = DEFAULT_TIMEOUT

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> LanguageModel | None:
        """The model that environment variables name; None when they name none.

        Raises
        ------
        LanguageModelError : a variable is missing or cannot be used
        """
        url, name, key = (environ.get(variable, "").strip() for variable in (BASE_URL, MODEL, API_KEY))
        if not url:
            return None
        if not name:
            raise LanguageModelError(f"{BASE_URL} is set and {MODEL} is not; set it to the name of the model")
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0  # port: checks it
        except ValueError:
            sound = False
        if not sound:
            raise LanguageModelError(f"{BASE_URL} is no address; expected one such as https://host/v1")
        if not (key.isascii() and key.isprintable()):
            raise LanguageModelError(f"{API_KEY} has letters that no key has; copy it again")
        return cls(url.rstrip("/"), name, key, _seconds(environ.get(TIMEOUT, "")))

    @property
    def place(self) -> str:
        """The host, as it may be shown."""
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def answer(self, question: str, lang: str) -> str:
        """The model's answer as Markdown.

        Raises
        ------
        LanguageModelError : it cannot be reached, takes too long, refuses, or says nothing that can be used
        """
        content = self._content(self._reply(question, lang))
        # A placeholder for a key, such as x, is no secret, and would be found in many words.
        return self._without_key(content) if len(self.key) >= SECRET_LENGTH else content

    def _reply(self, question: str, lang: str) -> bytes:
        import httpx  # takes 0.2 s, which commands that ask nothing need not wait

        instructions = INSTRUCTIONS.format(language=LANGUAGES[lang], sections=", ".join(SECTIONS[lang]))
        messages = [{"role": "system", "content": instructions}, {"role": "user", "content": question}]
        body = {"model": self.name, "messages": messages}
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        url, deadline = f"{self.base_url}/chat/completions", time.monotonic() + self.timeout
        try:
            # The system's certificates. Redirects are not followed: they would carry the key to another host.
            client = httpx.Client(timeout=self.timeout, verify=ssl.create_default_context(), follow_redirects=False)
            with client, client.stream("POST", url, json=body, headers=headers) as response:
                if response.is_success:
                    return self._read(response, deadline)
                raise self._error(f"answered with status {response.status_code}{self._detail(response)}")
        except httpx.TimeoutException:
            raise self._slow() from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._error(f"cannot be reached ({error}); check {BASE_URL}") from None

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        """The body, within the time for all of it and not larger than is sensible."""
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if time.monotonic() > deadline:
                raise self._slow()
            if len(body) > MAX_REPLY_BYTES:
                raise self._error(f"answered with more than {MAX_REPLY_BYTES:,} bytes")
        return bytes(body)

    def _content(self, reply: bytes) -> str:
        try:
            choice = json.loads(reply)["choices"][0]
            content = choice["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            beginning = self._without_key(clean(reply.decode("utf-8", errors="replace")))[:80]
            raise self._error(f"answered with something else than a chat completion: {beginning!r}") from None
        if not isinstance(content, str) or not content.strip():
            raise self._error("answered with an empty text")
        if choice.get("finish_reason") == "length":
            raise self._error("was cut off before its answer ended; let it write longer answers")
        return content

    def _detail(self, response: httpx.Response) -> str:
        """What the server says of an error, in a few words."""
        import httpx

        try:
            text = clean(next(response.iter_raw(2_000), b"").decode("utf-8", errors="replace"))
        except httpx.HTTPError:
            return ""
        said = re.search(r'"message":\s*("(?:[^"\\]|\\.)*")', text)
        words = self._without_key(clean(_unquoted(said[1])) if said else text)
        return f": {words[:200]}" if words else ""

    def _slow(self) -> LanguageModelError:
        return self._error(f"gave no answer within {self.timeout:g} s; {TIMEOUT} sets how long to wait")

    def _error(self, what: str) -> LanguageModelError:
        return LanguageModelError(self._without_key(f"the language model '{self.name}' at {self.place} {what}"))

    def _without_key(self, text: str) -> str:
        return text.replace(self.key, "[key]") if self.key else text


def _unquoted(text: str) -> str:
    """A JSON string as what it says; as it is where it is none."""
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def _seconds(text: str) -> float:
    if not text.strip():
        return DEFAULT_TIMEOUT
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise LanguageModelError(f"{TIMEOUT} is {text!r}; expected a number of seconds")
    return seconds
