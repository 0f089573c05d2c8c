"""Text of others on a terminal: nothing in it is a command, and everything else is as it was."""

import json
import logging

import pytest

from topology_efficient_dl.common.terminal import (
    harmless,
    harmless_json,
    harmless_record,
    without_commands,
)
from topology_efficient_dl.reports.console import aligned

COMMANDS = {
    "colour": ("\x1b[31mred\x1b[0m", "red"),
    "clear the screen": ("\x1b[2J\x1b[Htext", "text"),
    "title": ("\x1b]0;owned\x07text", "text"),
    "link": ("\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"),
    "title that does not end": ("\x1b]0;owned\ntext", "\ntext"),
    "eight bits": ("\x9b31mtext\x9d0;t\x9cend", "textend"),
    "two characters": ("\x1bctext\x1b(B", "text"),
    "bell, backspace, delete": ("a\x07b\x08c\x7f", "abc"),
    "carriage return": ("good\rbad", "goodbad"),
    "override": ("a\u202eb\u2066c\u2069", "abc"),
    "line separator": ("a\u2028b", "ab"),
    "half a pair": ("a\ud800b", "ab"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_commands_are_written_out_on_a_terminal_and_left_out_of_what_is_stored(kind):
    text, stored = COMMANDS[kind]
    shown = harmless(text)
    assert all(letter.isprintable() or letter == "\n" for letter in shown)
    assert all(ord(letter) < 0x7F for letter in shown)
    assert shown != text
    assert without_commands(text) == stored
    assert json.loads(harmless_json(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", ["호몰로지 $\\beta_0$\n\ttab", "naïve — 2 × 3 → 😀", "", "a\u200db"])
def test_all_other_text_stays(text):
    assert harmless(text) == without_commands(text) == harmless_json(text) == text


def test_tables_stay_aligned_and_log_lines_are_harmless():
    header, rule, row = aligned([("model", "F1"), ("\x1b[2Jm", "0.5")]).splitlines()
    assert row == "\\x1b[2Jm  0.5"
    assert header.index("F1") == row.index("0.5") == rule.rindex("---")
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s done", ("a\x1bb",), None)
    assert harmless_record(record)
    assert record.getMessage() == "a\\x1bb done"
