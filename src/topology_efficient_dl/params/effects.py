"""Parameters of the command line that do nothing in the configuration that was chosen: said, and not refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from topology_efficient_dl.params.series import TdaRecipe

Groups = Mapping[str, Any]
Rule = tuple[str, Callable[[Groups], bool], str]
"""A parameter, whether it does nothing, and why."""


def without_effect(groups: Groups, given: Mapping[str, Any], read: Iterable[str]) -> list[str]:
    """Remarks on parameters that were given and do nothing.

    Parameters
    ----------
    groups : typed parameters, of ``check_parameters``
    given : those of the command line, as nested maps
    read : parameters that the pipeline reads, as ``params:models``
    """
    known = {name.removeprefix("params:").partition(".")[0] for name in read if name.startswith("params:")}
    unread = [f"{name}: has no effect, since this pipeline does not read it" for name in given if name not in known]
    typed = set(_paths(given, ""))
    return unread + [
        f"{path}: has no effect, since {why}"
        for path, does_nothing, why in RULES
        if path in typed and path.partition(".")[0] in known and does_nothing(groups)
    ]


def _paths(given: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in given.items():
        yield f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _paths(value, f"{prefix}{key}.")


def _no_recipe(is_read: Callable[[TdaRecipe], bool]) -> Callable[[Groups], bool]:
    """Whether no recipe of diagrams that a chosen model reads makes use of a parameter."""

    def does_nothing(groups: Groups) -> bool:
        chosen = {spec.features for spec in groups["zoo"].pick(groups["models"]).values()}
        return not any(is_read(recipe) for name, recipe in groups["tda"].recipes().items() if name in chosen)

    return does_nothing


def _no_variant(place: str, is_read: Callable[[Any], bool]) -> Callable[[Groups], bool]:
    """Whether no recipe of compression makes use of a parameter."""

    def does_nothing(groups: Groups) -> bool:
        group = groups["compression"] if place == "compression" else groups[place].compression
        return not any(is_read(recipe) for recipe in group.recipes().values())

    return does_nothing


OF_TDA: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("embedding", ("takens",), ("delay", "dimension")),
    ("embedding", ("sliding_window", "spectrogram"), ("window", "stride")),
    ("filtration", ("rips",), ("engine", "max_edge_length")),
    ("vectorization", ("landscape",), ("n_layers",)),
    ("vectorization", ("image",), ("bandwidth",)),
    ("vectorization", ("image", "silhouette"), ("power",)),
)
"""A field of a recipe, words in those of its values that make use of parameters, and these."""


def _of_tda() -> Iterator[Rule]:
    for field, kinds, names in OF_TDA:
        for name in names:
            reason = f"no model reads features of {field} {' or '.join(kinds)}"
            yield f"tda.{name}", _no_recipe(_has_word(field, kinds)), reason


def _has_word(field: str, words: tuple[str, ...]) -> Callable[[TdaRecipe], bool]:
    return lambda recipe: any(word in getattr(recipe, field) for word in words)


def _of_compression() -> Iterator[Rule]:
    for place in ("compression", "compress_b", "forecast"):
        path = place if place == "compression" else f"{place}.compression"
        yield (
            f"{path}.stages",
            _no_variant(place, lambda recipe: recipe.schedule == "increasing"),
            ("no variant has the schedule increasing"),
        )
        yield f"{path}.latency_batch", _no_variant(place, lambda recipe: recipe.is_measured), "no variant times layers"
        yield (
            f"{path}.fine_tune.temperature",
            _no_variant(place, lambda recipe: recipe.fine_tune.distillation > 0),
            ("no variant is distilled"),
        )
        yield (
            f"{path}.keep",
            _no_variant(
                place,
                lambda recipe: (
                    not recipe.is_tensor or (recipe.rank, recipe.energy, recipe.latency) == (None, None, None)
                ),
            ),
            "every variant has a rank, an energy or a latency",
        )


def _of_bounds() -> Iterator[Rule]:
    """Bounds that the criterion of a track does not ask for."""
    not_asked = {
        "evaluate": ("min_params_cut",),
        "track_b.evaluate": ("min_params_cut", "min_latency_cut"),
        "track_c.evaluate": ("min_f1_gain_pp",),
        "compress_b.evaluate": ("min_f1_gain_pp",),
    }
    for place, names in not_asked.items():
        for name in names:
            yield f"{place}.{name}", lambda _: True, "the criterion of this track does not ask for it"


RULES: tuple[Rule, ...] = (
    *_of_tda(),
    *_of_compression(),
    *_of_bounds(),
    *(
        (f"ingest.{name}", lambda groups: not groups["ingest"].download, "ingest.download is off")
        for name in ("retries", "timeout_seconds", "mirrors", "sha256")
    ),
    ("parallel.jobs", lambda groups: groups["parallel"].backend == "sequential", "parallel.backend is sequential"),
    ("parallel.address", lambda groups: groups["parallel"].backend != "dask", "parallel.backend is not dask"),
    (
        "simplicial.min_count",
        lambda groups: groups["simplicial"].method not in ("auto", "cooccurrence"),
        "simplicial.method is not cooccurrence",
    ),
    (
        "simplicial.time_window",
        lambda groups: groups["simplicial"].method not in ("auto", "temporal"),
        "simplicial.method is not temporal",
    ),
)
