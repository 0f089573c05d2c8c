"""How many simplices a complex may have, and the refusal of more."""

from __future__ import annotations

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.params.complexes import SimplicialParams


def refuse_beyond(n: int, params: SimplicialParams, what: str, way_out: str) -> None:
    """Nothing where ``n`` simplices are allowed.

    Parameters
    ----------
    n : simplices found or estimated
    params : their limit
    what : what they are, after their number
    way_out : what would make them fewer

    Raises
    ------
    DataError : more than ``params.max_simplices``
    """
    if n > params.max_simplices:
        raise too_many(n, params, what, way_out)


def too_many(n: int, params: SimplicialParams, what: str, way_out: str) -> DataError:
    """The refusal of ``n`` simplices; the arguments are those of :func:`refuse_beyond`."""
    return DataError(
        f"simplicial complex: {n:,} {what}; simplicial.max_simplices allows {params.max_simplices:,}. {way_out}, or "
        f"raise max_simplices (about {_gigabytes(n):.1f} GB for these)"
    )


def _gigabytes(n: int) -> float:
    """Memory of as many triangles while they are merged: vertices, weight, times, and as much again for their order."""
    return n * 2 * (3 + 3) * 8 / 1e9
