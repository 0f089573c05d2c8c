"""Small splits as fixtures."""

from tests.small_splits import features, make_split, one_thread, split

__all__ = ["features", "make_split", "one_thread", "split"]
