"""Text of others made harmless for a terminal: none of its characters moves the cursor or turns the text round."""

from __future__ import annotations

import logging
import re
import unicodedata

KEPT = "\n\t"
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of text, so that it reads as something else than it is."""


SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]"
)
"""An escape sequence: control sequence (CSI), operating system command (OSC), or one of two characters."""


def harmless(text: str) -> str:
    r"""The text with every control character, line separator and mark of direction written out as an escape.

    New lines and tabs stay. Without its first character an escape sequence (CSI, OSC, C1) is plain text.

    Examples
    --------
    >>> harmless("\x1b[31mred\x1b[0m, 호몰로지\n")
    '\\x1b[31mred\\x1b[0m, 호몰로지\n'
    >>> harmless("a\u202eb\x9b2J\r")
    'a\\u202eb\\x9b2J\\r'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written_out(letter) if _is_harmful(letter) else letter for letter in text)


def without_commands(text: str) -> str:
    r"""The text without what `harmless` writes out, and without the escape sequences (CSI, OSC) that such begin.

    Examples
    --------
    >>> without_commands("\x1b[31mred\x1b[0m \x1b]0;title\x07text\u202e")
    'red text'
    """
    return "".join(letter for letter in SEQUENCE.sub("", text) if not _is_harmful(letter))


def harmless_json(text: str) -> str:
    r"""JSON that says the same in characters that a terminal only shows.

    Examples
    --------
    >>> harmless_json('"a\x9b"')
    '"a\\u009b"'
    """
    return "".join(f"\\u{ord(letter):04x}" if _is_harmful(letter) else letter for letter in text)


def harmless_record(record: logging.LogRecord) -> bool:
    """A filter of log handlers: names of data sets, models and files in a line move no cursor."""
    record.msg, record.args = harmless(record.getMessage()), ()
    return True


def _is_harmful(letter: str) -> bool:
    if letter in KEPT:
        return False
    return letter in TURNING or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def _written_out(letter: str) -> str:
    return letter.encode("unicode_escape", errors="backslashreplace").decode("ascii")
