"""``kedro qa``: what is printed, what is written, and that a question is never lost."""

from __future__ import annotations

import errno
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.qa.conftest import KEY, ROOT, Model, Project

from topology_efficient_dl.qa import editor as editor_module
from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES, parse_entry
from topology_efficient_dl.qa.language_model import BASE_URL, MODEL, TIMEOUT

QUESTION = "Persistent Homology가 뭐야?"


def assert_error(result, *parts: str) -> None:
    """One line that says all of this, and no traceback."""
    assert result.exit_code == 1, result.output
    assert result.stderr.count("Error: ") == 1, result.output
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert "Traceback" not in result.output
    for part in parts:
        assert part in result.stderr


def assert_kept(project: Project, result, question: str = QUESTION) -> Path:
    """The question is in the one draft that the message names."""
    (draft,) = project.drafts()
    assert f"The question is kept in docs/qa/drafts/{draft.name}; go on with: kedro qa add --draft {draft.stem}" in (
        result.stderr
    )
    assert f"# Q: {question}\n" in draft.read_text(encoding="utf-8")
    return draft


def set_editor(monkeypatch: pytest.MonkeyPatch, script: str, *, variable: str = "EDITOR") -> None:
    """An editor that runs Python on ``path`` and ``text``."""
    code = f"import sys; path = sys.argv[1]; text = open(path, encoding='utf-8').read(); {script}"
    monkeypatch.setenv(variable, f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}")


def writes(answer: str) -> str:
    return f"open(path, 'w', encoding='utf-8').write(text.replace('## A:', '## A: ' + {answer!r}, 1))"


def test_a_stored_answer_is_given_at_once(project: Project, configured: Model) -> None:
    added = project.qa("add", QUESTION, "--answer-file", "-", given="구멍을 센다.\n")
    assert added.exit_code == 0, added.output
    (path,) = project.files()
    assert added.stdout == f"stored in docs/qa/{path.name} (topology, ko, persistent-homology)\n"
    for question in (QUESTION, "persistent homology가 무엇인가요?", "What is persistent homology"):
        asked = project.qa("ask", question)
        assert asked.exit_code == 0
        assert asked.stdout == path.read_text(encoding="utf-8")
        assert asked.stderr == f"answered in docs/qa/{path.name}\n"
    assert configured.requests == []
    assert project.files() == [path]


def test_the_language_model_answers_and_is_stored(project: Project, configured: Model) -> None:
    asked = project.qa("ask", QUESTION)
    assert asked.exit_code == 0, asked.output
    (path,) = project.files()
    entry = parse_entry(path.stem, path.read_text(encoding="utf-8"))
    assert (entry.question, entry.category, entry.lang, entry.source) == (QUESTION, "topology", "ko", "tiny")
    assert entry.summary == "It counts holes."
    assert asked.stderr == f"stored in docs/qa/{path.name}\n"
    assert project.drafts() == []
    again = project.qa("ask", QUESTION)
    assert again.stdout == asked.stdout
    assert len(configured.requests) == 1
    project.qa("ask", QUESTION, "--new")
    assert len(configured.requests) == 2
    assert len(project.files()) == 2


def test_category_language_and_tags_can_be_given(project: Project, configured: Model) -> None:
    project.qa("ask", QUESTION, "--category", "ML", "--lang", "en", "--tag", "Big Hole", "--tag", "hole")
    (path,) = project.files()
    entry = parse_entry(path.stem, path.read_text(encoding="utf-8"))
    assert (entry.category, entry.lang, entry.tags) == ("ml", "en", ("big-hole", "hole"))
    assert "Answer in English" in configured.requests[0]["messages"][0]["content"]


BROKEN = {
    "hangs": ({"wait": 60.0}, "gave no answer within 0.3 s"),
    "500": ({"status": 500, "body": b"<h1>no</h1>"}, "answered with status 500: <h1>no</h1>"),
    "nonsense": ({"body": b"{"}, "something else than a chat completion: '{'"),
    "10 MB": ({"body": b"x" * 10_000_000}, "more than 2,000,000 bytes"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_model_loses_no_question(
    project: Project, configured: Model, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    changes, message = BROKEN[how]
    if how == "hangs":
        monkeypatch.setenv(TIMEOUT, "0.3")
    vars(configured).update(changes)
    result = project.qa("ask", QUESTION)
    assert_error(result, "the language model 'tiny' at 127.0.0.1:", message)
    assert_kept(project, result)
    assert project.files() == []
    vars(configured).update(wait=0.0, status=200)
    configured.says("It counts holes.")
    assert project.qa("ask", QUESTION).exit_code == 0
    assert project.drafts() == []  # the draft has served


def test_a_large_answer_of_a_model_is_refused(project: Project, configured: Model) -> None:
    configured.says("x" * (MAX_ANSWER_BYTES + 1))
    result = project.qa("ask", QUESTION)
    assert_error(result, "the answer has 1,000,001 bytes; at most 1,000,000 are kept")
    assert_kept(project, result)


def test_wrong_settings_lose_no_question(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE_URL, "http://localhost:1")
    result = project.qa("ask", QUESTION)
    assert_error(result, f"{BASE_URL} is set and {MODEL} is not")
    assert_kept(project, result)


def test_the_key_is_nowhere(project: Project, configured: Model, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    printed = project.qa("ask", QUESTION).output
    configured.says(f"The key is {KEY}")
    printed += project.qa("ask", "What is a nerve?").output
    configured.status, configured.body = 401, KEY.encode()
    printed += project.qa("ask", "What is a torus?").output
    printed += project.qa("merge").output + project.qa("list", "--json").output
    assert KEY in str(configured.keys)
    assert KEY not in printed
    assert KEY not in caplog.text
    written = [path for path in project.root.rglob("*") if path.is_file()]
    assert len(written) >= 5
    assert not [path for path in written if KEY.encode() in path.read_bytes()]


def test_the_editor_is_opened_with_a_template(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    set_editor(monkeypatch, writes("구멍을 센다."))
    result = project.qa("ask", QUESTION)
    assert result.exit_code == 0, result.output
    (path,) = project.files()
    entry = parse_entry(path.stem, path.read_text(encoding="utf-8"))
    assert (entry.question, entry.answer, entry.source) == (QUESTION, "구멍을 센다.", None)
    assert project.drafts() == []


def test_what_is_changed_in_the_template_counts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    change = "text = text.replace('category: topology', 'category: ml').replace('뭐야', '무엇인가'); "
    set_editor(monkeypatch, change + writes("Holes."), variable="VISUAL")
    assert project.qa("add", QUESTION).exit_code == 0
    (path,) = project.files()
    entry = parse_entry(path.stem, path.read_text(encoding="utf-8"))
    assert (entry.category, entry.question) == ("ml", "Persistent Homology가 무엇인가?")


EDITORS = {
    "nothing written": ("pass", "no answer was written"),
    "fails": ("sys.exit(3)", "failed with status 3"),
    "breaks the front matter": (
        "open(path, 'w', encoding='utf-8').write(text.replace('topology', 'topolgy'))",
        ".md:4: unknown category 'topolgy'; did you mean 'topology'?",
    ),
    "empties the file": ("open(path, 'w').close()", ".md:1: expected the front matter"),
    "removes the file": ("import os; os.remove(path)", "cannot be read"),
    "writes too much": (writes("x") + f"; open(path, 'a').write('y' * {MAX_ANSWER_BYTES})", "at most 1,000,000"),
}


@pytest.mark.parametrize("how", EDITORS)
@pytest.mark.parametrize("command", ["ask", "add"])
def test_an_editor_that_fails_loses_no_question(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: str, how: str
) -> None:
    script, message = EDITORS[how]
    set_editor(monkeypatch, script)
    result = project.qa(command, QUESTION)
    assert_error(result, message)
    if how == "empties the file":
        assert len(project.drafts()) == 1  # the user's own doing
    else:
        assert_kept(project, result)
    assert project.files() == []


def test_without_an_editor_the_question_is_kept_and_answered_later(project: Project) -> None:
    result = project.qa("ask", QUESTION)
    assert_error(
        result, "there is no answer yet and no editor to write it in; set EDITOR, or give a file: --answer-file"
    )
    draft = assert_kept(project, result)
    assert f"waiting for an answer in docs/qa/drafts: {draft.stem}" in project.qa("list").stderr
    wrong = project.qa("add", "--draft", draft.stem, "--answer-file", "nowhere.md")
    assert_error(wrong, "the answer in 'nowhere.md' cannot be read: No such file or directory")
    assert_kept(project, wrong)
    done = project.qa("add", "--draft", f"docs/qa/drafts/{draft.name}", "--answer-file", "-", given="Holes.")
    assert done.exit_code == 0, done.output
    (path,) = project.files()
    assert f"# Q: {QUESTION}\n\n## A: Holes.\n" in path.read_text(encoding="utf-8")
    assert project.drafts() == []


def test_a_draft_is_finished_in_the_editor(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = assert_kept(project, project.qa("ask", QUESTION))
    set_editor(monkeypatch, "pass")
    assert_kept(project, project.qa("add", "--draft", draft.stem))
    set_editor(monkeypatch, writes("Holes."))
    assert project.qa("add", "--draft", draft.stem).exit_code == 0
    assert (len(project.files()), project.drafts()) == (1, [])


def test_an_editor_that_is_not_there(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor --wait")
    result = project.qa("add", QUESTION)
    assert_error(result, "the editor 'no-such-editor' cannot be started: No such file or directory")
    monkeypatch.setenv("EDITOR", "vi '")
    assert_error(project.qa("add", "Why?"), "EDITOR cannot be read: No closing quotation")


def test_an_interrupt_loses_no_question(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args, **options) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(editor_module.subprocess, "run", interrupt)
    monkeypatch.setenv("EDITOR", "vi")
    result = project.qa("ask", QUESTION)
    assert_error(result, "interrupted. The question is kept")
    assert_kept(project, result)


def test_no_draft_of_that_name(project: Project) -> None:
    assert_error(project.qa("add", "--draft", "x"), "no draft 'x' in docs/qa/drafts. There are none")
    draft = assert_kept(project, project.qa("ask", QUESTION))
    result = project.qa("add", "--draft", draft.stem[:-1], "--answer-file", "-", given="x")
    assert_error(result, f"did you mean '{draft.stem}'?")
    outside = project.root / "docs" / "x.md"
    outside.write_text(draft.read_text(encoding="utf-8"), encoding="utf-8")
    assert_error(project.qa("add", "--draft", "../../x.md", "--answer-file", "-", given="x"), "no draft '../../x.md'")
    assert outside.exists()


@pytest.mark.parametrize("command", ["ask", "add"])
@pytest.mark.parametrize("question", ["", "   ", "???"])
def test_an_empty_question(project: Project, command: str, question: str) -> None:
    assert_error(project.qa(command, question), "the question is empty; write it in quotes")
    assert not project.entries.exists()


@pytest.mark.parametrize("command", ["ask", "add"])
def test_an_unknown_category_loses_no_question(project: Project, configured: Model, command: str) -> None:
    result = project.qa(command, QUESTION, "--category", "topolgy")
    assert_error(result, "unknown category 'topolgy'; did you mean 'topology'? There are: topology, algebra, geometry")
    assert_kept(project, result)
    assert configured.requests == []
    assert_error(project.qa("list", "statistic"), "unknown category 'statistic'; did you mean 'statistics'?")


def test_a_question_that_is_too_long_is_kept(project: Project) -> None:
    question = "What is " + "x" * 600
    result = project.qa("ask", question)
    assert_error(result, "the question has 608 letters; at most 500 are kept")
    assert_kept(project, result, question)


BAD_ANSWERS = {
    "10 MB": (b"x" * 10_000_000, "the answer in {place} has more than 1,000,000 bytes"),
    "latin": (b"one\ncaf\xe9\n", "{place}:2: byte 0xe9 is not UTF-8"),
    "empty": (b" \n", "the answer is empty"),
}


@pytest.mark.parametrize("how", BAD_ANSWERS)
@pytest.mark.parametrize("place", ["answer.md", "standard input"])
def test_a_bad_answer_loses_no_question(project: Project, how: str, place: str) -> None:
    data, message = BAD_ANSWERS[how]
    (project.root / "answer.md").write_bytes(data)
    given = data if place == "standard input" else None
    result = project.qa("add", QUESTION, "--answer-file", "-" if given else place, given=given)
    assert_error(result, message.format(place=place))
    assert_kept(project, result)
    assert project.files() == []


def test_an_answer_is_piped_in(project: Project) -> None:
    assert project.qa("add", "What is a nerve?", given="Overlaps.\n").exit_code == 0
    (path,) = project.files()
    assert "## A: Overlaps.\n" in path.read_text(encoding="utf-8")
    again = project.qa("add", "What is a nerve?", given="Overlaps of sets.\n")
    assert again.stderr == f"there is an answer already: docs/qa/{path.name}\n"
    assert len(project.files()) == 2


def test_a_question_or_a_draft(project: Project) -> None:
    for arguments in ((), ("Why?", "--draft", "x")):
        assert_error(project.qa("add", *arguments), "give either a question")


def test_a_list_as_a_table_and_as_json(project: Project) -> None:
    project.qa("add", QUESTION, "--tag", "barcode", given="구멍을 센다.")
    project.qa("add", "What is a rank?", given="A number.\n\n### More\n\nText.")
    table = project.qa("list").stdout.splitlines()
    assert table[0].split() == ["date", "category", "lang", "question", "file"]
    assert len(table) == 3
    assert [row["question"] for row in json.loads(project.qa("list", "algebra", "--json").stdout)] == [
        "What is a rank?"
    ]
    (record,) = json.loads(project.qa("list", "--search", "구멍", "--tag", "Barcode", "--json").stdout)
    assert record["score"] > 0
    assert (project.entries / record["file"]).exists()
    assert record["tags"] == ["barcode"]
    assert record["summary"] == "구멍을 센다."
    assert json.loads(project.qa("list", "ml", "--json").stdout) == []
    assert project.qa("list", "ml").stderr == "no entries of 2 fit\n"


def test_what_is_unsound_is_told_beside_the_list(project: Project) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    (project.entries / "20260101-000000-x.md").write_text("---\ndate: x\n---\n")
    for arguments in (("list",), ("list", "--json"), ("merge",)):
        result = project.qa(*arguments)
        assert result.exit_code == 0
        assert "left out: docs/qa/20260101-000000-x.md:3: the front matter lacks tags, category, lang" in result.stderr
        assert "left out" not in result.stdout


def test_an_entry_is_shown(project: Project) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    (path,) = project.files()
    for name in (path.name, path.stem, "what-is-a-rank", f"docs/qa/{path.name}"):
        assert project.qa("show", name).stdout == path.read_text()
    assert_error(project.qa("show", "../../pyproject.toml"), "'../../pyproject.toml' leads out of docs/qa")
    assert_error(project.qa("show", "what-is-a-rang"), "did you mean 'what-is-a-rank'? See: kedro qa list")


def test_merging(project: Project) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    project.qa("add", "what is the rank", given="[Another](gone.md).")
    merged = project.qa("merge")
    assert merged.stdout == "2 entries merged into docs/CONCEPTS.md\n"
    first, second = (path.name for path in project.files())
    assert merged.stderr == f"asked more than once: {first}, {second}\nleads nowhere: gone.md in {second}\n"
    text = (project.root / "docs" / "CONCEPTS.md").read_bytes()
    assert project.qa("merge", "--output", "docs/other/all.md").stdout == "2 entries merged into docs/other/all.md\n"
    assert project.qa("merge", "--output", "docs/CONCEPTS.md").exit_code == 0
    assert (project.root / "docs" / "CONCEPTS.md").read_bytes() == text
    assert_error(project.qa("merge", "--output", "pyproject.toml"), "'pyproject.toml' is no merged document")
    assert_error(project.qa("merge", "--output", "docs/qa/../qa/x.md"), "lies among the entries")


def test_from_a_folder_within_the_project(project: Project) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    inner = Project(project.root / "src")
    assert "what-is-a-rank" in inner.qa("list").stdout
    assert not (inner.root / "docs").exists()


def test_a_folder_that_cannot_be_written_tells_the_question(project: Project) -> None:
    (project.root / "docs").write_text("a file, not a folder")
    result = project.qa("ask", QUESTION)
    assert_error(result, "cannot write in", f"The question was: {QUESTION}")


@pytest.mark.slow
def test_the_real_command_line(project: Project) -> None:
    def kedro(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kedro", "qa", *arguments]
        path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            command,
            cwd=project.root,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    added = kedro("add", QUESTION, given="구멍을 센다.")
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("stored in docs/qa/")
    assert "구멍을 센다." in kedro("ask", QUESTION).stdout
    wrong = kedro("list", "topolgy")
    assert (wrong.returncode, wrong.stderr.count("Error: ")) == (1, 1)
    assert "Traceback" not in wrong.stderr


PLACES = {
    "/dev/full": "is a device or a pipe; name a file",
    "/dev/zero": "is a device or a pipe; name a file",
    "pipe": "is a device or a pipe; name a file",
    "docs": "is a folder; name a file",
    "pyproject.toml/x.md": "cannot write",
    "a" * 300: "cannot write",
    "docs/" + "b" * 250 + ".md": "cannot write",
}


@pytest.mark.parametrize("place", PLACES)
def test_merging_into_what_is_no_file_ends_at_once_with_one_error(project: Project, place: str) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    os.mkfifo(project.root / "pipe")
    before = sorted(path for path in project.root.rglob("*"))
    assert_error(project.qa("merge", "--output", place), PLACES[place])
    assert sorted(path for path in project.root.rglob("*")) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_merge_that_the_file_system_refuses_leaves_what_was_there(project: Project, monkeypatch, code: int) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    project.qa("merge")
    document = project.root / "docs" / "CONCEPTS.md"
    before = document.read_bytes()
    project.qa("add", "What is a nerve?", given="Overlaps.")
    write = Path.write_bytes

    def refuse(path: Path, data: bytes) -> int:
        write(path, data[:10])  # as a disk does that fills up
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert_error(project.qa("merge"), "cannot write", os.strerror(code), "check space and rights")
    assert document.read_bytes() == before
    assert [path.name for path in document.parent.iterdir() if path.is_file()] == ["CONCEPTS.md"]


def test_a_pipe_among_entries_and_drafts_is_told_and_waited_for_by_nobody(project: Project) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    os.mkfifo(project.entries / "20260101-000000-x.md")
    (project.entries / "drafts").mkdir(exist_ok=True)
    os.mkfifo(project.entries / "drafts" / "20260101-000000-what-is-a-nerve.md")
    listed = project.qa("list")
    assert "20260101-000000-x.md:1: the file cannot be read: it is a folder, a device or a pipe" in listed.stderr
    assert "waiting" not in listed.stderr
    assert project.qa("add", "What is a nerve?", given="Overlaps.").exit_code == 0


HOSTILE = "\x1b[2J\x1b]0;owned\x07It counts holes.\x9b31m\u202e\n\n### More\n\nHoles."


def test_escape_sequences_of_a_model_are_neither_stored_nor_printed(project: Project, configured) -> None:
    configured.says(HOSTILE)
    asked = project.qa("ask", QUESTION)
    (path,) = project.files()
    assert "## A: It counts holes.\n\n### More" in path.read_text(encoding="utf-8")
    for text in (asked.output, path.read_text(encoding="utf-8")):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_escape_sequences_of_files_and_servers_are_written_out(project: Project, configured) -> None:
    project.qa("add", "What is a rank?", given="A number.")
    (path,) = project.files()
    hostile = (
        path.read_text().replace("What is a rank?", "What is a \x1b[31mrank\u202e?").replace("number", "num\x07ber")
    )
    path.write_text(hostile)
    bad = project.entries / "20260101-000000-\x1b[2J.md"
    bad.write_text("---\ndate: x\n---\n")
    configured.status, configured.body = 500, b'{"error": {"message": "no \\u001b[2J way \\u009b1m"}}'
    failed = project.qa("ask", "What is a simplex?")
    assert failed.exit_code == 1
    printed = [failed, *(project.qa(*each) for each in (["list"], ["list", "--json"], ["show", path.stem], ["merge"]))]
    for result in printed:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", result.output), result.output
    assert "What is a \\x1b[31mrank\\u202e?" in printed[1].stdout
    assert json.loads(printed[2].stdout)[0]["question"] == "What is a \x1b[31mrank\u202e?"
    assert "num\\x07ber" in printed[3].stdout
