"""Contact logs: what is repaired is counted, what cannot be is refused with its line."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology_efficient_dl.data.graphs.contact_log import ordered_contacts
from topology_efficient_dl.data.graphs.contact_readers import read_contact_log, read_messages
from topology_efficient_dl.errors import DataError


def test_a_log_with_metadata(write) -> None:
    log = read_contact_log(
        write("tij.dat.gz", "20 10 9\n40 9 100\n"),
        write("m.txt", "9\tB\tF\n10\tA\tM\n100\t?\tM\n7\tA\tF\n"),
        name="toy",
    )
    assert log.nodes.tolist() == ["9", "10", "100"]
    assert log.pairs.tolist() == [[0, 1], [0, 2]]
    assert (log.times.dtype, log.pairs.dtype, log.labels.dtype) == (np.int64, np.int64, np.int64)
    assert (log.classes, log.labels.tolist()) == (("A", "B"), [1, 0, -1])
    assert log.attributes["gender"].tolist() == ["F", "M", "M"]
    assert (log.n_nodes, log.n_contacts) == (3, 2)
    assert log.notes == ("1 node(s) of m.txt that do not occur left out", "1 node(s) without a class")


def test_every_repair_is_counted(write) -> None:
    text = "40 1 2\n20 2 1\n20 1 2\n30 3 3\n50 3 1\n"
    log = read_contact_log(write("log.csv", text), name="toy", resolution=20)
    assert log.times.tolist() == [20, 40, 50]
    assert log.pairs.tolist() == [[0, 1], [0, 1], [0, 2]]
    assert log.notes == (
        "1 contact(s) earlier than the one before: put in order of time",
        "1 contact(s) of a node with itself left out",
        "1 duplicate contact(s) left out",
        "2 time stamp(s) off the 20 s grid kept as they are",
    )


def test_classes_of_the_log_itself(write) -> None:
    log = read_contact_log(write("log.csv", "20\t1\t2\tX\tY\n40\t3\t1\t\tX\n"), name="toy")
    assert (log.classes, log.labels.tolist()) == (("X", "Y"), [0, 1, -1])
    assert log.notes == ("1 node(s) without a class",)


@pytest.mark.parametrize("name", ["none", "None", "unknown", "Unknown", "null", "NA", "n/a", "1e3"])
def test_any_text_but_two_spellings_of_missing_is_a_class(write, name: str) -> None:
    metadata = write("m.txt", f"1\t{name}\n2\tB\n3\t?\n4\tNaN\n5\t\n")
    log = read_contact_log(write("log.csv", "20 1 2\n20 3 4\n20 4 5\n"), metadata, name="toy")
    assert [log.classes[label] if label >= 0 else None for label in log.labels] == [name, "B", None, None, None]
    assert log.notes == ("3 node(s) without a class",)
    log = read_contact_log(write("log.csv", f"20,1,2,{name},B\n20,3,4,?,nan\n"), name="toy")
    assert [log.classes[label] if label >= 0 else None for label in log.labels] == [name, "B", None, None]


def test_ids_that_are_one_number_are_two_nodes(write) -> None:
    log = read_contact_log(write("log.csv", "20 007 7\n40 7 7.0\n60 1_0 10\n"), name="toy")
    assert log.nodes.tolist() == ["007", "10", "1_0", "7", "7.0"]
    assert log.n_contacts == 3


def test_columns_in_another_order(write) -> None:
    log = read_contact_log(write("log.csv", "source,target,time\n8,9,20\n"), name="toy")
    assert (log.times.tolist(), log.nodes.tolist()) == ([20], ["8", "9"])
    for text in ("8 9 20\n7 8 40\n9 7 40\n", "8,9,20\n7,8,40\n9,7,60\n"):
        with pytest.raises(
            DataError, match=r"log.csv: the first column falls and has ids of the second, and the third"
        ):
            read_contact_log(write("log.csv", text), name="toy")


def test_a_column_of_row_numbers(write) -> None:
    log = write("log.csv", "20 1 2\n20 0 1\n")
    with pytest.raises(DataError, match=r"m.csv, line 1: the first of three columns counts the rows"):
        read_contact_log(log, write("m.csv", "0,2,A\n1,0,B\n2,1,A\n"), name="toy")
    named = read_contact_log(log, write("m.csv", ",id,class\n0,2,A\n1,0,B\n2,1,A\n"), name="toy")
    assert (named.classes, named.labels.tolist()) == (("A", "B"), [1, 0, 0])


def test_two_classes_of_a_node(write) -> None:
    contacts = write("log.csv", "20,1,2,X,Y\n\n40,1,3,X,X\n40,2,3,X,X\n")
    with pytest.raises(DataError, match=r"log.csv, line 4: node '2' has the classes 'Y' and 'X'"):
        read_contact_log(contacts, name="toy")
    log = read_contact_log(contacts, write("m.txt", "1 X\n2 Y\n3 X\n"), name="toy")
    assert log.labels.tolist() == [0, 1, 0]
    assert log.notes == ("1 node(s) of another class in the log than in m.txt, whose class counts",)


def test_a_node_that_the_metadata_lack(write) -> None:
    files = write("log.csv", "# t i j\n20 1 2\n40 1 8\n"), write("m.txt", "1 X\n2 Y\n")
    with pytest.raises(
        DataError, match=r"log.csv, line 3: node '8' is not in m.txt; expected one of its 2 ids; add it"
    ):
        read_contact_log(*files, name="toy")
    log = read_contact_log(*files, name="toy", unknown_nodes="keep")
    assert log.labels.tolist() == [0, 1, -1]
    assert log.notes == ("1 node(s) that m.txt lacks kept without a class", "1 node(s) without a class")


def test_an_id_twice_in_the_metadata(write) -> None:
    with pytest.raises(DataError, match=r"m.txt, line 3: node '1' stands twice"):
        read_contact_log(write("log.csv", "20 1 2\n"), write("m.txt", "1 X\n2 Y\n1 Y\n"), name="toy")


def test_a_log_with_a_header(write) -> None:
    log = read_contact_log(write("log.csv", "t,i,j\n20,1,2\n"), name="toy", header=True)
    assert log.n_contacts == 1


def test_times_that_could_stand_first_or_last_are_doubted(write) -> None:
    doubt = (
        "warning: log.csv is read as t i j, and could be i j t, since its first and last column rise; name the columns"
    )
    for text in ("1 2 20\n2 3 40\n", "1 5 20\n2 6 40\n3 7 60\n"):
        assert read_contact_log(write("log.csv", text), name="toy").notes[0].startswith(doubt)
    for text in ("t i j\n1 2 20\n2 3 40\n", "20 1 2\n40 1 8\n", "20 1 2\n40 2 3\n60 3 1\n"):
        assert not any("i j t" in note for note in read_contact_log(write("log.csv", text), name="toy").notes)


contacts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(contacts)
def test_order_agrees_with_a_set_of_contacts(rows) -> None:
    table = np.array(rows, dtype=np.int64)
    times, pairs, _ = ordered_contacts(table[:, 0], table[:, 1:])
    expected = sorted({(t, min(i, j), max(i, j)) for t, i, j in rows if i != j})
    assert [(t, *pair) for t, pair in zip(times.tolist(), pairs.tolist(), strict=True)] == expected


def test_messages_become_groups_of_a_sender_and_a_second(write) -> None:
    text = "1 2 10\n1 3 10\n2 1 10\n1 3 10\n4 4 20\n3 1 5\n"
    groups = read_messages(write("mail.txt", text), name="mail")
    found = [groups.members[a:b].tolist() for a, b in pairwise(groups.offsets)]
    assert groups.times.tolist() == [5, 10, 10, 20]
    assert found == [[0, 2], [0, 1, 2], [0, 1], [3]]
    assert groups.notes == (
        "6 messages gathered by sender and time",
        "1 duplicate message(s) left out",
        "1 message(s) of a node to itself",
    )


def test_large_groups_of_messages_are_left_out(write) -> None:
    groups = read_messages(write("mail.txt", "1 2 10\n1 3 10\n1 4 10\n1 2 20\n"), name="mail", max_size=3)
    assert (groups.times.tolist(), groups.members.tolist()) == ([20], [0, 1])
    assert "1 group(s) of more than 3 left out" in groups.notes
