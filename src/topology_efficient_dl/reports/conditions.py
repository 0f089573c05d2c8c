"""How a run compared its models, in sentences that follow from its data and parameters and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from topology_efficient_dl.data.graphs.task import TASK_OF
from topology_efficient_dl.models.registry import find_architecture
from topology_efficient_dl.params.models import CrossValidatedRecipe, ModelSpec, Transforms
from topology_efficient_dl.params.training import EfficiencyParams, EvaluateParams, TrainParams
from topology_efficient_dl.training.ridge import PENALTIES

Row = Mapping[str, Any]

MACHINE = "Latency and memory hold for the machine that is named here; on another one ratios of models may differ too."

FLOPS = "FLOPs are those of the network; elementwise work, softmax over edges included, is not counted for any model."
SPLITS = {
    "draws": "draws of labels",
    "given splits": "splits that came with the set",
    "given folds": "folds that came with the set",
    "made folds": "folds made here",
}
"""By ``split_kind`` of a set of graphs."""

_CLOSED_FORMS = {
    "ridge": f"ridge regression in closed form, its penalty one of {len(PENALTIES)} by leave-one-out errors",
    "aeon_ridge": "ridge regression as in aeon, which chooses its penalty",
    "diffusion": "labels spread along given kernels, mixed by a regression",
}


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
    train: TrainParams, specs: Mapping[str, ModelSpec], transforms: Transforms | None = None, of_training: str = ""
) -> dict[str, str]:
    """How each model of a run is fitted, and what it chooses on train: what is not in the parameters is not said.

    Parameters
    ----------
    train : of networks that are trained by gradient descent
    specs : the models of the run
    transforms : that models of series name in ``features``
    of_training : what else is to be known of training by gradient descent
    """
    solvers: dict[str, list[str]] = {}
    for name, spec in specs.items():
        solvers.setdefault(find_architecture(spec.architecture).solver, []).append(name)
    found = {}
    if not specs or "gradient" in solvers:
        of = f" ({', '.join(solvers['gradient'])})" if len(solvers) > 1 else ""
        found[f"Training{of}"] = training_words(train) + of_training
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
    return found | ({"Training of its own": "; ".join(own) + of_training} if own else {})


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


def split_kinds(rows: Sequence[Row]) -> str:
    """Over what sets of graphs repeat: draws of labels, splits or folds."""
    kinds = dict.fromkeys(SPLITS[row["split_kind"]] for row in rows if row.get("split_kind"))
    return " or ".join(kinds) or "draws"


def targets(rows: Sequence[Row]) -> list[str]:
    """What is classified: nodes, graphs, or some of both."""
    tasks = {row["task"] for row in rows}
    return [f"{kind}s" for kind, task in TASK_OF.items() if task in tasks]


def graph_caption(rows: Sequence[Row]) -> str:
    """How the results table of a run on graphs is to be read."""
    found = targets(rows)
    answers = {"nodes": "for all nodes of one graph (batch 1)", "graphs": "per graph of a set"}
    return (
        f"Mean ± standard deviation over {split_kinds(rows)}. The model alone answers "
        f"{', or '.join(answers[name] for name in found)}, on inputs that were made once; latency begins with the "
        "complex and the features of its nodes, and includes all preprocessing from there. Samples per second are "
        f"{' or '.join(found)}, of the model alone."
    )


def graph_limits(rows: Sequence[Row]) -> list[str]:
    """What has to be known of the sets of a run on graphs to read its numbers."""
    drawn = [row["dataset"] for row in rows if row.get("split_kind") == "draws"]
    held = [row["dataset"] for row in rows if row.get("held_out")]
    said = {
        f"Draws of labels from one graph overlap ({', '.join(drawn)}): intervals and tests speak of draws from these "
        "graphs, not of others.": drawn,
        "Node tasks are transductive: contacts, features and complexes are of all nodes, and labels of test are "
        "seen by no model.": "nodes" in targets(rows),
        f"Validation stands in for test ({', '.join(held)}).": held,
        FLOPS: True,
    }
    return [words for words, holds in said.items() if holds]
