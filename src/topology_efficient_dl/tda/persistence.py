"""Persistence diagrams of point clouds, images and series, each in one call.

Engines meet on common ground: all Rips engines get the same float32 distances, so their diagrams agree to
rounding; repeated points are dropped first and the filtration ends at the enclosing radius, both without any effect
on the diagram (a cone has no homology). Intervals that rounding of the data can make are left out
(``diagrams.rounding_length``): a periodic series, whose delay vectors repeat up to the last digit, has no others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

from topology_efficient_dl.errors import ParameterError, did_you_mean
from topology_efficient_dl.params.series import FiltrationParams
from topology_efficient_dl.tda.combinations import MAX_FIELD, check_alpha_dimension
from topology_efficient_dl.tda.diagrams import (
    Diagram,
    FloatArray,
    canonical_diagram,
    rounding_length,
    value_resolution,
)
from topology_efficient_dl.tda.landmarks import maxmin_landmarks, unique_points

Intervals = list[FloatArray]

GIOTTO_PH_FROM = 500
"""Points from which giotto-ph is faster than gudhi's edge collapse, in H0 and H1 of delay embeddings."""


def rips_diagram(
    points: FloatArray,
    homology_dimensions: Sequence[int] = (0, 1),
    engine: str = "ripser",
    max_edge_length: float | None = None,
    field: int = 2,
    resolution: float | None = None,
) -> Diagram:
    """Vietoris-Rips persistence of a point cloud; births and deaths are edge lengths.

    Parameters
    ----------
    points : (n_points, n_coordinates) float array
    homology_dimensions : dimensions to keep
    engine : ``ripser``, ``giotto`` (giotto-tda), ``giotto_ph`` (giotto-ph called directly, one thread), ``gudhi`` (edge
        collapse and expansion), or ``auto``: the one that is fastest for so many points
    max_edge_length : where the filtration ends, in units of the coordinates; the enclosing radius when None, from
        which on the complex is a cone. An earlier end leaves essential classes in every dimension
    field : coefficients in Z/field, a prime
    resolution : how far rounding may have moved a coordinate; from the points' own type and size when None

    Raises
    ------
    ParameterError : no such engine

    References
    ----------
    Bauer, "Ripser: efficient computation of Vietoris-Rips persistence barcodes" (2021).
    Perez, Hauke, Lupo, Caorsi and Dassatti, "giotto-ph" (2021).
    Tauzin et al., "giotto-tda: a topological data analysis toolkit for machine learning and data exploration" (2021).

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> rips_diagram(square, homology_dimensions=[1]).as_array().round(3)
    array([[1.   , 1.414, 1.   ]])
    """
    shortest = rounding_length(points, resolution, points.shape[1])
    points = unique_points(np.asarray(points, np.float64))
    engine = fastest_engine(len(points), field) if engine == "auto" else engine
    if engine not in RIPS_ENGINES:
        hint = did_you_mean(engine, RIPS_ENGINES)
        raise ParameterError(f"rips: unknown engine '{engine}'{hint or '.'} Allowed: {', '.join(RIPS_ENGINES)}")
    distances = squareform(pdist(points)).astype(np.float32)
    threshold = float(distances.max(axis=1).min())
    if max_edge_length is not None:
        threshold = min(threshold, max_edge_length)
    intervals = RIPS_ENGINES[engine](distances, max(homology_dimensions), threshold, field)
    single = float(np.finfo(np.float32).eps)  # of the distances
    return _keep(diagram_from_ripser(intervals, shortest, single), homology_dimensions)


def fastest_engine(n_points: int, field: int = 2) -> str:
    """The Rips engine that takes least time for a cloud of so many points; all give the same diagrams.

    giotto-ph wins on large clouds, and starts up too slowly for small ones, where gudhi's edge collapse leads.

    Examples
    --------
    >>> fastest_engine(90), fastest_engine(900)
    ('gudhi', 'giotto_ph')
    """
    return "giotto_ph" if n_points > GIOTTO_PH_FROM and field <= MAX_FIELD["giotto_ph"] else "gudhi"


def _ripser_intervals(distances: NDArray[np.float32], top: int, threshold: float, field: int) -> Intervals:
    from ripser import ripser

    return ripser(distances, distance_matrix=True, maxdim=top, thresh=threshold, coeff=field)["dgms"]


def _giotto_intervals(distances: NDArray[np.float32], top: int, threshold: float, field: int) -> Intervals:
    from gtda.homology import VietorisRipsPersistence

    rips = VietorisRipsPersistence(
        metric="precomputed",
        homology_dimensions=tuple(range(top + 1)),
        coeff=field,
        max_edge_length=threshold,
        infinity_values=np.inf,
        reduced_homology=False,
    )
    diagram = rips.fit_transform(distances[None])[0]
    return [diagram[diagram[:, 2] == k, :2] for k in range(top + 1)]


def _giotto_ph_intervals(distances: NDArray[np.float32], top: int, threshold: float, field: int) -> Intervals:
    from gph import ripser_parallel

    result = ripser_parallel(distances, metric="precomputed", maxdim=top, thresh=threshold, coeff=field, n_threads=1)
    return result["dgms"]


def _gudhi_intervals(distances: NDArray[np.float32], top: int, threshold: float, field: int) -> Intervals:
    from gudhi import SimplexTree

    tree = SimplexTree.create_from_array(distances.astype(np.float64), max_filtration=threshold)
    tree.collapse_edges()
    tree.expansion(top + 1)
    return _tree_intervals(tree, top, field)


RIPS_ENGINES: dict[str, Callable[[NDArray[np.float32], int, float, int], Intervals]] = {
    "ripser": _ripser_intervals,
    "giotto": _giotto_intervals,
    "giotto_ph": _giotto_ph_intervals,
    "gudhi": _gudhi_intervals,
}


def alpha_diagram(
    points: FloatArray,
    homology_dimensions: Sequence[int] = (0, 1),
    field: int = 2,
    resolution: float | None = None,
) -> Diagram:
    """Alpha complex persistence of a point cloud; values are twice the alpha radius, so edge lengths.

    Homotopy equivalent to the union of balls (the Cech filtration) at a fraction of the cost of Rips. On this scale
    H0 equals that of Rips.

    Parameters
    ----------
    points : (n_points, n_coordinates) float array, of few coordinates
    homology_dimensions : dimensions to keep, below n_coordinates
    field : coefficients in Z/field, a prime
    resolution : how far rounding may have moved a coordinate; from the points' own type and size when None

    Raises
    ------
    ParameterError : more coordinates than a Delaunay triangulation can bear

    References
    ----------
    Edelsbrunner and Muecke, "Three-dimensional alpha shapes" (1994).

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> alpha_diagram(square, homology_dimensions=[1]).as_array().round(3)
    array([[1.   , 1.414, 1.   ]])
    """
    from gudhi import AlphaComplex

    check_alpha_dimension(points.shape[1], tuple(homology_dimensions))
    tree = AlphaComplex(points=unique_points(np.asarray(points, np.float64))).create_simplex_tree()
    squared = _tree_intervals(tree, max(homology_dimensions), field)
    lengths = [2.0 * np.sqrt(np.maximum(part, 0.0)) for part in squared]
    return _keep(
        diagram_from_ripser(lengths, rounding_length(points, resolution, points.shape[1])), homology_dimensions
    )


def _tree_intervals(tree: Any, top: int, field: int) -> Intervals:
    """Intervals of a gudhi simplex tree; its highest dimension counts only when no simplices were cut off above."""
    tree.compute_persistence(homology_coeff_field=field, persistence_dim_max=tree.dimension() <= top)
    return [np.asarray(tree.persistence_intervals_in_dimension(k)).reshape(-1, 2) for k in range(top + 1)]


def cubical_diagram(
    image: FloatArray,
    homology_dimensions: Sequence[int] = (0, 1),
    field: int = 2,
    resolution: float | None = None,
) -> Diagram:
    """Sublevel persistence of an image whose pixels are the vertices of a cubical complex.

    Valleys are classes of H0 and, by duality, ridges around them classes of H1.

    Parameters
    ----------
    image : (height, width) float array, or an array of any dimension
    homology_dimensions : dimensions to keep
    field : coefficients in Z/field, a prime
    resolution : how far rounding may have moved a pixel; from the image's own type and size when None

    References
    ----------
    Wagner, Chen and Vucini, "Efficient computation of persistent homology for cubical data" (2012).

    Examples
    --------
    >>> ring = np.array([[0.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    >>> cubical_diagram(ring).as_array()
    array([[ 0., inf,  0.],
           [ 0.,  5.,  1.]])
    """
    from gudhi import CubicalComplex

    shortest = rounding_length(image, resolution)
    cells = CubicalComplex(vertices=np.asarray(image, np.float64))
    cells.compute_persistence(homology_coeff_field=field)
    intervals = [cells.persistence_intervals_in_dimension(k) for k in range(max(homology_dimensions) + 1)]
    return _keep(diagram_from_ripser(intervals, shortest), homology_dimensions)


@njit(cache=True)
def merge_tree_pairs(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Births and deaths of the components of the sublevel sets of a series, by union-find.

    Parameters
    ----------
    values : (n_timepoints,) float64 array

    Returns
    -------
    Two (n_components,) float64 arrays, intervals of positive length; the oldest component dies at +inf.

    References
    ----------
    Edelsbrunner and Harer, *Computational Topology* (2010), chapter VII: the elder rule.

    Examples
    --------
    >>> merge_tree_pairs(np.array([0.0, 2.0, 1.0]))
    (array([1., 0.]), array([ 2., inf]))
    """
    n = len(values)
    parent = np.full(n, -1)
    births, deaths = np.empty(n), np.empty(n)
    count = 0
    for i in np.argsort(values, kind="mergesort"):
        parent[i] = i
        for neighbour in (i - 1, i + 1):
            if neighbour < 0 or neighbour >= n or parent[neighbour] < 0:
                continue
            # a root is the lowest point of its component, and every path leads to it
            a, b = i, neighbour
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            old, young = (a, b) if values[a] <= values[b] else (b, a)
            parent[young] = old
            if values[young] < values[i]:
                births[count], deaths[count] = values[young], values[i]
                count += 1
    if n > 0:
        births[count], deaths[count] = values.min(), np.inf
        count += 1
    return births[:count], deaths[:count]


def sublevel_diagram(values: NDArray[np.floating], resolution: float | None = None) -> Diagram:
    """H0 of the sublevel sets of a series, the path graph's lower-star filtration.

    Exact and nearly linear in time after sorting; H0 does not depend on the field.

    Parameters
    ----------
    values : (n_timepoints,) float array
    resolution : how far rounding may have moved a value; from the values' own type and size when None

    Examples
    --------
    >>> sublevel_diagram(np.array([0.0, 2.0, 1.0])).as_array()
    array([[ 0., inf,  0.],
           [ 1.,  2.,  0.]])
    """
    birth, death = merge_tree_pairs(np.ascontiguousarray(values, np.float64))
    shortest = rounding_length(values, resolution)
    return canonical_diagram(birth, death, np.zeros(len(birth), np.int64), shortest=shortest)


def superlevel_diagram(values: NDArray[np.floating], resolution: float | None = None) -> Diagram:
    """H0 of the superlevel sets of f: that of the sublevel sets of -f, with the values of -f.

    Examples
    --------
    >>> superlevel_diagram(np.array([3.0, 0.0, 2.0])).as_array()
    array([[-3., inf,  0.],
           [-2.,  0.,  0.]])
    """
    moved = value_resolution(values) if resolution is None else resolution
    return sublevel_diagram(0.0 - np.asarray(values, np.float64), moved)


def filtration_diagram(embedded: FloatArray, params: FiltrationParams, resolution: float | None = None) -> Diagram:
    """The diagram of one embedded sample.

    The channels of a series or of a spectrogram are pooled: the homology of their disjoint union. Fields that a
    filtration does not read are ignored, so that variants of one recipe can inherit them.

    Parameters
    ----------
    embedded : points (n, d), images (n_channels, height, width) or a series (n_channels, n_timepoints)
    params : a valid combination
    resolution : how far rounding may have moved a value of the series (`value_resolution`)
    """
    if params.filtration in ("rips", "alpha"):
        return _point_cloud_diagram(embedded, params, resolution)
    if params.filtration == "cubical":  # powers of a spectrogram are not values of the series
        return _pooled([cubical_diagram(image, params.homology_dimensions, params.field) for image in embedded])
    by_level = sublevel_diagram if params.filtration == "sublevel" else superlevel_diagram
    return _pooled([by_level(channel, resolution) for channel in embedded])


def _point_cloud_diagram(points: FloatArray, params: FiltrationParams, resolution: float | None) -> Diagram:
    if params.max_points is not None and params.max_points < len(points):
        points = points[maxmin_landmarks(np.ascontiguousarray(points), params.max_points)]
    if params.filtration == "alpha":
        return alpha_diagram(points, params.homology_dimensions, params.field, resolution)
    return rips_diagram(
        points, params.homology_dimensions, params.engine, params.max_edge_length, params.field, resolution
    )


def _keep(diagram: Diagram, homology_dimensions: Sequence[int]) -> Diagram:
    keep = np.isin(diagram.dimension, homology_dimensions)
    return Diagram(diagram.birth[keep], diagram.death[keep], diagram.dimension[keep])


def _pooled(diagrams: Sequence[Diagram]) -> Diagram:
    if len(diagrams) == 1:
        return diagrams[0]
    return canonical_diagram(
        np.concatenate([d.birth for d in diagrams]),
        np.concatenate([d.death for d in diagrams]),
        np.concatenate([d.dimension for d in diagrams]),
    )


def diagram_from_ripser(intervals: Sequence[FloatArray], shortest: float = 0.0, relative: float = 0.0) -> Diagram:
    """The diagram of one sample from (n, 2) arrays, one per homology dimension from 0 up; zero lengths dropped.

    So are intervals no longer than ``shortest``, or than ``relative`` times their death.

    Examples
    --------
    >>> diagram_from_ripser([np.array([[0.0, np.inf]]), np.array([[1.0, 2.0]])]).as_array()
    array([[ 0., inf,  0.],
           [ 1.,  2.,  1.]])
    """
    parts = [np.asarray(part, np.float64).reshape(-1, 2) for part in intervals]
    stacked = np.concatenate(parts) if parts else np.empty((0, 2))
    dimension = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    birth, death = stacked.T
    dying = np.where(np.isfinite(death), np.abs(death), 0.0)
    return canonical_diagram(birth, death, dimension, shortest=np.maximum(shortest, relative * dying))
