"""The language model: a stand-in on this machine answers, hangs, fails and talks nonsense; the key is never told."""

from __future__ import annotations

import json
import socket

import pytest
from tests.qa.conftest import KEY, Model

from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES
from topology_efficient_dl.qa.language_model import (
    API_KEY,
    BASE_URL,
    MODEL,
    TIMEOUT,
    LanguageModel,
    LanguageModelError,
)


def ask(model: Model, timeout: float = 5.0, key: str = KEY) -> str:
    return LanguageModel(model.url, "tiny", key, timeout).answer("지속 호몰로지가 뭐야?", "ko")


def test_it_is_asked_in_the_language_of_the_question(model: Model) -> None:
    model.says("구멍이다.")
    assert ask(model) == "구멍이다."
    (request,) = model.requests
    assert (request["path"], request["model"]) == ("/v1/chat/completions", "tiny")
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert "Answer in 한국어" in request["messages"][0]["content"]
    assert "쉽게 말하면" in request["messages"][0]["content"]
    assert request["messages"][1]["content"] == "지속 호몰로지가 뭐야?"
    assert model.keys == [f"Bearer {KEY}"]


def test_a_local_model_needs_no_key(model: Model) -> None:
    model.says("Yes.")
    assert ask(model, key="") == "Yes."
    assert model.keys == [None]


NONSENSE = {
    "not json": b"<html>hello</html>",
    "empty": b"",
    "another object": b'{"error": "no"}',
    "a list": b"[1]",
    "no choices": b'{"choices": []}',
    "no message": b'{"choices": [{"text": "x"}]}',
    "deep": b"[" * 100_000,
    "not utf-8": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_refused(model: Model, what: str) -> None:
    model.body = NONSENSE[what]
    with pytest.raises(
        LanguageModelError, match=r"'tiny' at 127\.0\.0\.1:\d+ answered with something else than a chat"
    ):
        ask(model)


@pytest.mark.parametrize("text", ["", "  \n", None, 5, ["x"]])
def test_an_empty_answer_is_refused(model: Model, text) -> None:
    model.says(text)
    with pytest.raises(LanguageModelError, match="answered with an empty text"):
        ask(model)


def test_an_answer_that_was_cut_off_is_refused(model: Model) -> None:
    model.says("It is the", finish_reason="length")
    with pytest.raises(LanguageModelError, match="was cut off before its answer ended"):
        ask(model)


def test_an_error_of_the_server_is_told_in_its_words(model: Model) -> None:
    model.status, model.body = 500, json.dumps({"error": {"message": "out of\nmemory"}}).encode()
    with pytest.raises(LanguageModelError, match=r"answered with status 500: out of memory$"):
        ask(model)
    model.status, model.body = 401, b""
    with pytest.raises(LanguageModelError, match=r"answered with status 401$"):
        ask(model)


def test_a_server_that_hangs_is_left(model: Model) -> None:
    model.wait = 60
    with pytest.raises(LanguageModelError, match=r"gave no answer within 0\.2 s; QA_LLM_TIMEOUT sets how long"):
        ask(model, timeout=0.2)


def test_a_server_that_drips_is_left(model: Model) -> None:
    model.says("x" * 2_000)
    model.drip = 0.05  # every piece comes in time, all of them take 100 s
    with pytest.raises(LanguageModelError, match=r"gave no answer within 0\.3 s"):
        ask(model, timeout=0.3)


def test_a_server_that_is_not_there(model: Model) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        LanguageModelError, match=rf"at 127\.0\.0\.1:{port} cannot be reached \(.*; check QA_LLM_BASE_URL"
    ):
        LanguageModel(f"http://127.0.0.1:{port}", "tiny", KEY, 5).answer("Why?", "en")


def test_an_endless_answer_is_left(model: Model) -> None:
    model.body = b"x" * (3 * MAX_ANSWER_BYTES)
    with pytest.raises(LanguageModelError, match="more than 2,000,000 bytes"):
        ask(model)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_key_is_not_carried_to_another_host(model: Model, status: int) -> None:
    model.status, model.headers = status, {"Location": f"{model.url}/elsewhere"}
    with pytest.raises(LanguageModelError, match=f"answered with status {status}"):
        ask(model)
    assert len(model.requests) == 1


def test_the_key_is_never_told(model: Model) -> None:
    model.status, model.body = 401, json.dumps({"error": {"message": f"wrong key {KEY}"}}).encode()
    with pytest.raises(LanguageModelError) as caught:
        ask(model)
    assert "wrong key [key]" in str(caught.value)
    model.status = 200
    model.says(f"Your key is {KEY}.")
    assert ask(model) == "Your key is [key]."
    model.body = f"nonsense {KEY}".encode()
    with pytest.raises(LanguageModelError) as caught:
        ask(model)
    assert KEY not in str(caught.value)
    assert KEY not in repr(LanguageModel(model.url, "tiny", KEY))


def test_no_part_of_the_key_is_told_where_words_are_cut(model: Model) -> None:
    model.status = 401
    for before in range(180, 200):
        model.body = json.dumps({"error": {"message": "x" * before + KEY}}).encode()
        with pytest.raises(LanguageModelError) as caught:
            ask(model)
        assert KEY[:5] not in str(caught.value)
    slashed = "secret/with/slashes"
    model.body = json.dumps({"error": {"message": f"wrong {slashed}"}}).replace("/", r"\/").encode()
    with pytest.raises(LanguageModelError, match=r"wrong \[key\]"):
        ask(model, key=slashed)


def test_a_placeholder_for_a_key_is_no_secret(model: Model) -> None:
    model.says("$f(x) = x^2$")
    assert ask(model, key="x") == "$f(x) = x^2$"


SETTINGS = {BASE_URL: "https://user:pass@host:8443/v1/", MODEL: "tiny", API_KEY: KEY}


def test_settings_are_read() -> None:
    model = LanguageModel.from_environment(SETTINGS)
    assert model is not None
    assert (model.base_url, model.name, model.key, model.timeout) == (
        "https://user:pass@host:8443/v1", "tiny", KEY, 60.0,
    )  # fmt: skip
    assert model.place == "host:8443"
    assert LanguageModel.from_environment({}) is None
    assert LanguageModel.from_environment({MODEL: "tiny", API_KEY: KEY}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({MODEL: ""}, "QA_LLM_BASE_URL is set and QA_LLM_MODEL is not"),
        ({BASE_URL: "host/v1"}, "QA_LLM_BASE_URL is no address"),
        ({BASE_URL: "file:///etc/passwd"}, "QA_LLM_BASE_URL is no address"),
        ({BASE_URL: "http://[::1"}, "QA_LLM_BASE_URL is no address"),
        ({BASE_URL: "http://host:80a0/v1"}, "QA_LLM_BASE_URL is no address"),
        ({BASE_URL: "http://host:99999/v1"}, "QA_LLM_BASE_URL is no address"),
        ({BASE_URL: "http://"}, "QA_LLM_BASE_URL is no address"),
        ({API_KEY: f"{KEY}\nX"}, "QA_LLM_API_KEY has letters that no key has"),
        ({API_KEY: f"{KEY}é"}, "QA_LLM_API_KEY has letters that no key has"),
        ({TIMEOUT: "soon"}, "QA_LLM_TIMEOUT is 'soon'; expected a number of seconds"),
        ({TIMEOUT: "-1"}, "QA_LLM_TIMEOUT is '-1'"),
        ({TIMEOUT: "nan"}, "QA_LLM_TIMEOUT is 'nan'"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, str], message: str) -> None:
    with pytest.raises(LanguageModelError) as caught:
        LanguageModel.from_environment({**SETTINGS, **changes})
    assert message in str(caught.value)
    assert KEY not in str(caught.value)


def test_an_address_that_cannot_be_used(model: Model) -> None:
    with pytest.raises(LanguageModelError, match="cannot be reached"):
        LanguageModel(f"{model.url}/a b\n", "tiny", KEY, 5).answer("Why?", "en")
