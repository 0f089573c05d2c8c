"""Links in Markdown: found outside code and formulas, and given other targets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

from topology_efficient_dl.qa.markdown import map_text, text_lines

Retarget = Callable[[str], str]

_INLINE = re.compile(
    r"(!?\[(?:[^\[\]]|\[[^\[\]]*\])*\])"  # the words, which may hold a picture
    r"\(\s*(<[^<>]*>|[^\s()<>]*(?:\([^\s()]*\)[^\s()]*)*)"  # the target
    r"(\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"  # a title
)
_PICTURE = re.compile(r"!\[[^\[\]]*\]\([^()\s]*\)")
_DEFINITION = re.compile(r"^ {0,3}\[([^\]^]+)\]:\s*(<[^<>]*>|\S+)(\s+(?:\"[^\"]*\"|'[^']*'|\([^)]*\)))?\s*$")
_REFERENCE = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:\[([^\[\]]*)\])?(?![\[(:])")
_ATTRIBUTE = re.compile(r"(<(?:a|img)\b[^>]*?\s(?:href|src)=)([\"'])(.*?)\2", flags=re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[\^([^\]\s]+)\]")


def is_relative(target: str) -> bool:
    """Whether a target lies beside the document: neither an address, nor from the root, nor empty.

    Examples
    --------
    >>> [is_relative(target) for target in ("../a.md", "#part", "https://x.org", "mailto:me@x.org", "/a", "")]
    [True, True, False, False, False, False]
    """
    return bool(target) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|/", target)


def split_target(target: str) -> tuple[str, str]:
    """Path and fragment of a target, percent signs decoded, letters composed."""
    path, _, fragment = target.partition("#")
    return unicodedata.normalize("NFC", unquote(path)), unicodedata.normalize("NFC", unquote(fragment))


def retarget(text: str, change: Retarget) -> str:
    """The same Markdown with every relative target of a link or picture changed.

    Links by reference become links in place, so that texts can be joined.

    Examples
    --------
    >>> retarget("[a](b.md) `[a](b.md)` [c][1]\\n\\n[1]: d.md", lambda target: f"x/{target}")
    '[a](x/b.md) `[a](b.md)` [c](x/d.md)\\n'
    """
    text, definitions = _without_definitions(text)

    def change_line(line: str) -> str:
        if "](" in line:
            line = _INLINE.sub(lambda match: _changed(match, change), line)
        if definitions and "[" in line:
            line = _REFERENCE.sub(lambda match: _in_place(match, definitions, change), line)
        if "<" in line:
            line = _ATTRIBUTE.sub(lambda m: f"{m[1]}{m[2]}{_target(m[3], change)}{m[2]}", line)
        return line

    return map_text(text, change_line, ("[", "<") if definitions else ("](", "<"))


def targets_of(text: str) -> list[str]:
    """Every relative target in a text."""
    found: list[str] = []

    def note(target: str) -> str:
        found.append(target)
        return target

    retarget(text, note)
    return found


def number_footnotes(text: str, number: int) -> str:
    """Footnotes under names that no other entry of a joined document has."""
    if "[^" not in text:
        return text
    return map_text(text, lambda line: _FOOTNOTE.sub(rf"[^{number}-\1]", line), ("[^",))


def _changed(match: re.Match[str], change: Retarget) -> str:
    words = match[1]
    if "![" in words[1:]:
        words = words[0] + _PICTURE.sub(lambda inner: _INLINE.sub(lambda m: _changed(m, change), inner[0]), words[1:])
    return f"{words}({_target(match[2], change)}{match[3] or ''})"


def _target(written: str, change: Retarget) -> str:
    bare = written[1:-1] if written.startswith("<") else written
    if not is_relative(bare):
        return written
    changed = change(bare)
    return f"<{changed}>" if " " in changed else changed


def _without_definitions(text: str) -> tuple[str, dict[str, tuple[str, str]]]:
    """The text without definitions of references, and those by name as target and title."""
    if "]:" not in text:
        return text, {}
    lines, kept = text.split("\n"), []
    definitions: dict[str, tuple[str, str]] = {}
    for number, is_text in text_lines(lines):
        match = _DEFINITION.match(lines[number]) if is_text else None
        if match:
            definitions.setdefault(_reference_key(match[1]), (match[2], match[3] or ""))
        else:
            kept.append(lines[number])
    return "\n".join(kept), definitions


def _in_place(match: re.Match[str], definitions: dict[str, tuple[str, str]], change: Retarget) -> str:
    found = definitions.get(_reference_key(match[3] or match[2]))
    return match[0] if found is None else f"{match[1]}[{match[2]}]({_target(found[0], change)}{found[1]})"


def _reference_key(name: str) -> str:
    return " ".join(name.casefold().split())
