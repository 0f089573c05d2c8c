"""Text of others made harmless for a terminal: none of its characters moves the cursor or turns the text round."""

from __future__ import annotations

import unicodedata

KEPT = "\n\t"
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of text, so that it reads as something else than it is."""


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


def _is_harmful(letter: str) -> bool:
    if letter in KEPT:
        return False
    return letter in TURNING or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def _written_out(letter: str) -> str:
    return letter.encode("unicode_escape", errors="backslashreplace").decode("ascii")
