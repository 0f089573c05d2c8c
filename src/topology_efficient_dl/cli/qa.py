"""``kedro qa``: ask, list, show, add and merge questions and answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import click
from kedro.utils import find_kedro_project

from topology_efficient_dl.cli.errors import ReadableErrors
from topology_efficient_dl.common.terminal import harmless, harmless_json
from topology_efficient_dl.errors import QuestionError
from topology_efficient_dl.qa.asking import Desk, read_answer
from topology_efficient_dl.qa.categories import CATEGORIES
from topology_efficient_dl.qa.entry import MAX_ANSWER_BYTES, Entry, format_entry
from topology_efficient_dl.qa.listing import choose, records, table
from topology_efficient_dl.qa.merge import DOCUMENT, write_document
from topology_efficient_dl.qa.report import merge_report, report_lines
from topology_efficient_dl.qa.request import Request
from topology_efficient_dl.qa.store import Contents, shown
from topology_efficient_dl.qa.wording import LANGUAGES

_category = click.option("--category", help=f"{', '.join(CATEGORIES)}; proposed if left out.")
_lang = click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Language; that of the question if left out.")
_tag = click.option("--tag", "tags", multiple=True, help="May be given more than once; proposed if left out.")


@click.group()
def qa() -> None:
    """Questions and answers on the project's mathematics, kept in docs/qa."""


@qa.command(cls=ReadableErrors)
@click.argument("question")
@_category
@_lang
@_tag
@click.option("--new", "anew", is_flag=True, help="Answer it anew, although it is answered already.")
def ask(question: str, category: str | None, lang: str | None, tags: tuple[str, ...], anew: bool) -> None:
    """Answer from the store, else by the language model of QA_LLM_BASE_URL, else in the editor.

    A new answer is stored. Whatever fails, the question is kept in docs/qa/drafts.
    """
    desk = Desk.of(_project())
    answered = desk.ask(Request.of(question, category, lang, tags), anew=anew)
    _say(f"{'answered in' if answered.stored else 'stored in'} {shown(desk.store.folder / answered.entry.file)}")
    click.echo(harmless(format_entry(answered.entry)), nl=False)


@qa.command(name="list", cls=ReadableErrors)
@click.argument("category", required=False)
@click.option("--tag", "tags", multiple=True, help="Only entries with this tag; more than once: with all of them.")
@click.option("--search", "query", help="Only entries that fit these words, the best first.")
@click.option("--lang", type=click.Choice(list(LANGUAGES)), help="Only entries in this language.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def list_entries(
    category: str | None, tags: tuple[str, ...], query: str | None, lang: str | None, as_json: bool
) -> None:
    """List entries: all, or those of a category, with a tag, in a language, that fit a search."""
    desk = Desk.of(_project())
    contents = desk.store.read()
    hits = choose(contents, category=category, tags=tags, lang=lang, query=query)
    _say_problems(contents)
    if as_json:
        click.echo(harmless_json(json.dumps(records(hits), ensure_ascii=False, indent=1)))
    elif hits:
        click.echo(table(hits))
    else:
        _say("no entries" + (f" of {len(contents)} fit" if len(contents) else f" in {shown(contents.folder)} yet"))
    waiting = desk.drafts.names()
    if waiting:
        _say(f"waiting for an answer in {shown(desk.drafts.folder)}: {', '.join(waiting)}")


@qa.command(cls=ReadableErrors)
@click.argument("name")
def show(name: str) -> None:
    """Show the entry of that name, file, slug, or beginning of a name."""
    click.echo(harmless(format_entry(Desk.of(_project()).store.find(name))), nl=False)


@qa.command(cls=ReadableErrors)
@click.argument("question", required=False)
@click.option("--answer-file", metavar="FILE", help="The answer in Markdown; - is standard input.")
@click.option("--draft", metavar="NAME", help="Answer the question of this draft.")
@_category
@_lang
@_tag
def add(
    question: str | None,
    answer_file: str | None,
    draft: str | None,
    category: str | None,
    lang: str | None,
    tags: tuple[str, ...],
) -> None:
    """Store a question with your own answer, from a file, from standard input, or written in $EDITOR."""
    desk = Desk.of(_project())
    answer = _given_answer(answer_file)
    if (question is None) == (draft is None):
        raise QuestionError('give either a question, such as kedro qa add "What is a nerve?", or --draft NAME')
    if draft is not None:
        entry = desk.finish(draft, answer)
    else:
        request = Request.of(question or "", category, lang, tags)
        _say_stored(desk, request)
        entry = desk.add(request, answer)
    click.echo(harmless(f"stored in {shown(desk.store.folder / entry.file)} ({_described(entry)})"))


@qa.command(cls=ReadableErrors)
@click.option("--output", metavar="FILE", help=f"The document to write.  [default: {DOCUMENT}]")
def merge(output: str | None) -> None:
    """Merge all entries into one document, as the pipeline qa_merge does."""
    project = _project()
    contents = Desk.of(project).store.read()
    target = Path(output) if output else project / DOCUMENT
    write_document(contents, target)
    for line in report_lines(merge_report(contents)):
        _say(line)
    number = f"{len(contents)} {'entry' if len(contents) == 1 else 'entries'}"
    click.echo(harmless(f"{number} merged into {shown(target)}"))


def _project() -> Path:
    """The project's folder, also from a folder within it."""
    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def _say(line: str) -> None:
    """Tell people, not programs that read the output."""
    click.echo(harmless(line), err=True)


def _say_problems(contents: Contents) -> None:
    for problem in contents.problems:
        _say(f"left out: {problem}")


def _say_stored(desk: Desk, request: Request) -> None:
    stored = desk.stored(request)
    if stored is not None:
        _say(f"there is an answer already: {shown(desk.store.folder / stored.file)}")


def _described(entry: Entry) -> str:
    return ", ".join(filter(None, (entry.category, entry.lang, *entry.tags)))


def _given_answer(file: str | None) -> Callable[[], str] | None:
    """What reads the answer: from the file, from what is piped in, or nothing, which stands for the editor."""
    if file is not None and file != "-":
        return lambda: _from_file(Path(file))
    if file == "-":
        return lambda: read_answer(_piped(), "standard input")
    piped = b"" if sys.stdin is None or sys.stdin.isatty() else _piped()
    if not piped.strip():
        return None
    return lambda: read_answer(piped, "standard input")


def _piped() -> bytes:
    return sys.stdin.buffer.read(MAX_ANSWER_BYTES + 1)


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return read_answer(file.read(MAX_ANSWER_BYTES + 1), str(path))
    except OSError as error:
        raise QuestionError(f"the answer in '{path}' cannot be read: {error.strerror}") from error
