"""Which embedding goes with which filtration, and which homology each pair can have."""

from __future__ import annotations

from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.params.series import FiltrationParams

VALID_PAIRS = {
    "takens": ("rips", "alpha"),
    "sliding_window": ("rips", "alpha"),
    "spectrogram": ("cubical",),
    "series": ("sublevel", "superlevel"),
}
MAX_ALPHA_DIMENSION = 6
# the engines of Rips abort the process on larger primes, found by trying them one by one
MAX_FIELD = {"ripser": 127, "giotto": 223, "giotto_ph": 223, "gudhi": 46337}

_WHY_NOT = {
    "takens": "takens makes a point cloud",
    "sliding_window": "sliding_window makes a point cloud",
    "spectrogram": "a spectrogram is an image",
    "series": "a series is a function on a path (for the points (x_1(t), ..., x_c(t)) take takens with dimension 1)",
}


def check_combination(params: FiltrationParams) -> None:
    """Refuse parameters that contradict each other.

    Raises
    ------
    ParameterError : the filtration does not fit the embedding, the homology is zero for that kind of complex,
        or the field is not a prime that the engine supports
    """
    _check_pair(params)
    _check_homology(params)
    _check_field(params)


def check_alpha_dimension(n_coordinates: int, homology_dimensions: tuple[int, ...]) -> None:
    """Refuse an alpha complex of too many coordinates, or homology that it cannot have.

    Raises
    ------
    ParameterError : Delaunay triangulations grow as n ** ceil(d / 2), and in R^d homology stops at d - 1
    """
    if n_coordinates > MAX_ALPHA_DIMENSION:
        raise ParameterError(
            f"alpha: points have {n_coordinates} coordinates, at most {MAX_ALPHA_DIMENSION} are feasible (the "
            "Delaunay triangulation grows as n ** ceil(d / 2)). Lower tda.dimension or tda.window, or take rips"
        )
    if max(homology_dimensions) >= max(n_coordinates, 2):
        raise ParameterError(
            f"alpha: homology_dimensions {homology_dimensions} of points with {n_coordinates} coordinates; "
            f"homology stops at {n_coordinates - 1} there. Lower homology_dimensions or raise tda.dimension"
        )


def _check_pair(params: FiltrationParams) -> None:
    allowed = VALID_PAIRS[params.embedding]
    if params.filtration not in allowed:
        pairs = "; ".join(f"{embedding}: {', '.join(found)}" for embedding, found in VALID_PAIRS.items())
        raise ParameterError(
            f"tda: embedding '{params.embedding}' does not go with filtration '{params.filtration}': "
            f"{_WHY_NOT[params.embedding]}. Pairs that work: {pairs}"
        )


def _check_homology(params: FiltrationParams) -> None:
    top = {"spectrogram": 1, "series": 0}.get(params.embedding)
    if not params.homology_dimensions:
        raise ParameterError("tda: homology_dimensions is empty; expected at least one, e.g. [0, 1]")
    if top is not None and max(params.homology_dimensions) > top:
        raise ParameterError(
            f"tda: homology_dimensions {list(params.homology_dimensions)} of embedding '{params.embedding}'; all "
            f"homology above dimension {top} is zero there. Set homology_dimensions: {list(range(top + 1))}"
        )


def _check_field(params: FiltrationParams) -> None:
    engine = params.engine if params.filtration == "rips" and params.engine != "auto" else "gudhi"
    if not is_prime(params.field):
        raise ParameterError(f"tda: field {params.field} is not a prime; expected one, e.g. 2, 3, 5, 7 or 11")
    if params.field > MAX_FIELD[engine]:
        raise ParameterError(
            f"tda: field {params.field} is too large for engine '{engine}', which goes up to {MAX_FIELD[engine]}. "
            f"Take a smaller prime or, up to {MAX_FIELD['gudhi']}, engine: gudhi"
        )


def is_prime(number: int) -> bool:
    """Whether a number is prime, by trial division.

    Examples
    --------
    >>> [n for n in range(20) if is_prime(n)]
    [2, 3, 5, 7, 11, 13, 17, 19]
    """
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
