"""What a cell is known by: parameters that say how, and those that came later, leave old cells known."""

from topology_efficient_dl.params import IngestParams


def test_a_parameter_that_came_later_changes_nothing_at_its_default() -> None:
    before, same = IngestParams(), IngestParams(held_out=0.0)
    assert "held_out" not in before.identity()
    assert before.identity() == same.identity()
    assert IngestParams(held_out=0.3).identity()["held_out"] == 0.3


def test_where_files_lie_does_not_matter() -> None:
    assert IngestParams(root="a").identity() == IngestParams(root="b").identity()
    assert IngestParams(normalise=False).identity() != IngestParams().identity()
