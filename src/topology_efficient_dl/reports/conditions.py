"""How a run compared its models, in sentences that follow from its data and parameters and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.params.models import CrossValidatedRecipe, ModelSpec, Transforms
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.training.ridge import PENALTIES

Row = Mapping[str, Any]

MACHINE = "Latency and memory hold for the machine that is named here; on another one ratios of models may differ too."

_CLOSED_FORMS = {
    "ridge": f"ridge regression in closed form, its penalty one of {len(PENALTIES)} by leave-one-out errors",
    "aeon_ridge": "ridge regression as in aeon, which chooses its penalty",
    "diffusion": "labels spread along given kernels, mixed by a regression",
}
_PEERS = {
    "prune_weights": "pruning", "prune_channels": "pruning", "small_dense": "a smaller dense network",
    "int8": "eight bits", "lora": "adapters", "continued": "the dense network trained on",
}  # fmt: skip


def training_words(train: TrainParams) -> str:
    """The one training loop in a sentence."""
    return (
        f"AdamW, learning rate {train.learning_rate:g}, cosine over {train.max_epochs} epochs, batches of "
        f"{train.batch_size}, weight decay {train.weight_decay:g}; early stopping on validation loss with patience "
        f"{train.patience}, counted from epoch {train.min_epochs}; "
        + (
            "then a refit on train and validation together for the chosen number of epochs"
            if train.refit
            else "the best epoch's weights are restored"
        )
    )


def fitting_conditions(
    train: TrainParams, specs: Mapping[str, ModelSpec], transforms: Transforms | None = None
) -> dict[str, str]:
    """How each model of a run is fitted, and what it chooses on train: what is not in the parameters is not said.

    Parameters
    ----------
    train : of networks that are trained by gradient descent
    specs : the models of the run
    transforms : that models of series name in ``features``
    """
    solvers: dict[str, list[str]] = {}
    for name, spec in specs.items():
        solvers.setdefault(find_architecture(spec.architecture).solver, []).append(name)
    found = {}
    if not specs or "gradient" in solvers:
        of = f" ({', '.join(solvers['gradient'])})" if len(solvers) > 1 else ""
        found[f"Training{of}"] = training_words(train)
    for solver, words in _CLOSED_FORMS.items():
        if solver in solvers:
            found[f"Fit ({', '.join(solvers[solver])})"] = f"{words}, on train and validation together"
    recipes = transforms.root if transforms else {}
    choices = {name: recipes.get(spec.features or "") for name, spec in specs.items()}
    chosen = [
        f"{name} takes one of {len(recipe.candidates)} feature transforms, by cross-validation on train"
        for name, recipe in choices.items()
        if isinstance(recipe, CrossValidatedRecipe)
    ]
    own = [f"{name}: {', '.join(f'{key} {value}' for key, value in spec.train.items())}"
           for name, spec in specs.items() if spec.train]  # fmt: skip
    found |= {"Chosen by each data set": "; ".join(chosen)} if chosen else {}
    return found | ({"Training of its own": "; ".join(own)} if own else {})


def cost_conditions(efficiency: EfficiencyParams, latency: str, memory: str) -> dict[str, str]:
    """How latency and memory were measured.

    Parameters
    ----------
    efficiency : of the run
    latency : from what to what
    memory : of what
    """
    return {
        "Latency": f"{latency}; {efficiency.threads} thread(s), {efficiency.device}; models in alternation, "
        f"{efficiency.rounds} round(s); median over rounds",
        "Memory": _memory_words(efficiency, memory),
    }


def _memory_words(efficiency: EfficiencyParams, memory: str) -> str:
    if not efficiency.memory:
        return "not measured"
    return memory if efficiency.device == "cpu" else "peak of the device's memory in one inference"


def split_words(row: Row) -> str:
    """Where train and test of a set of series come from."""
    if row.get("held_out"):
        return "a part of train stands in for test, the test file is not read"
    if row.get("official"):
        return "train and test of the UCR archive, by name and size"
    if row.get("official") is False:
        return "train and test files as given, of other sizes than the archive's of that name"
    return "train and test files as given"


def data_words(rows: Sequence[Row]) -> str:
    """Where train, validation and test of all sets come from; sets are named where they differ."""
    found = _by_words((split_words(row), row["dataset"]) for row in rows)
    reused = [row["dataset"] for row in rows if row.get("validation_is_train")]
    cut = f"validation is cut from train, stratified{', but is train itself of ' + ', '.join(reused) if reused else ''}"
    cut = "validation is train itself" if rows and len(reused) == len(rows) else cut
    return "; ".join([*found, cut, "nothing in this run is chosen on test"])


def _by_words(pairs: Iterable[tuple[str, str]]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for words, name in pairs:
        groups.setdefault(words, []).append(name)
    return [words if len(groups) == 1 else f"{words} ({', '.join(names)})" for words, names in groups.items()]


def interval_limit(evaluate: EvaluateParams, n_seeds: int) -> str:
    """What intervals are over, and so what they say nothing of."""
    seeds = f"{n_seeds} seed{'' if n_seeds == 1 else 's'}"
    if n_seeds == 1:
        return "One seed: quality has no intervals, and no verdict that needs one is settled."
    if evaluate.resample == "draws":
        return f"Intervals of quality are over {n_seeds} draws, splits or folds of the same data, not over other data."
    return f"Intervals of quality are over {seeds} and the samples of one test set each, not over other data."


def peer_words(recipes: Mapping[str, CompressionRecipe]) -> str:
    """What decompositions of a run are compared with besides the dense network; empty for nothing.

    Examples
    --------
    >>> peer_words({"small": CompressionRecipe(method="small_dense"), "tucker": CompressionRecipe()})
    'a smaller dense network'
    """
    names = dict.fromkeys(_PEERS[recipe.method] for recipe in recipes.values() if recipe.method in _PEERS)
    *most, last = [*names] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def recipe_limits(recipes: Mapping[str, CompressionRecipe]) -> list[str]:
    """What has to be known of the recipes of a run to read its numbers."""
    methods = {recipe.method for recipe in recipes.values()}
    tuned = any(recipe.fine_tune.epochs for recipe in recipes.values() if recipe.method not in ("int8", "small_dense"))
    said = {
        "Pruned weights are stored and multiplied as dense ones: their number falls, time does not.":
            "prune_weights" in methods,
        "Eight bits are torch's dynamic quantisation of linear and recurrent layers; convolutions stay in float32.":
            "int8" in methods,
        "Fine-tuning ends after a fixed number of epochs on train and validation together: nothing is chosen on them.":
            tuned,
    }  # fmt: skip
    return [words for words, holds in said.items() if holds]
