"""What a run made of its networks, in words: recipes, the peers they are compared with, layers left dense."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from topology_efficient_dl.params.compression import CompressionRecipe
from topology_efficient_dl.tensor.design import NARROWED


def recipe_words(recipe: CompressionRecipe, temperature: bool = True) -> str:
    """A recipe in a sentence; temperatures have no part in squared errors.

    Examples
    --------
    >>> recipe_words(CompressionRecipe(method="int8"))
    'int8'
    >>> recipe_words(CompressionRecipe(method="tt", rank=16, layers=("ffn",)))
    'tt of ffn, rank 16; 50 epochs of fine-tuning at 0.001, 50 % of the loss from the dense model at temperature 2'
    """
    if recipe.method == "int8":
        return "int8"
    tune = recipe.fine_tune
    if recipe.method == "small_dense" and tune.distillation == 0:
        return f"small_dense, keep {recipe.keep:g}; trained from scratch as the dense model was"
    words = f"{recipe.method} of {', '.join(recipe.layers)}" if recipe.is_tensor else recipe.method
    if tune.epochs == 0 and recipe.method != "small_dense":
        return f"{words}, {_bound(recipe)}; not trained on"
    epochs = (
        "as many epochs as the dense model had at most"
        if recipe.method == "small_dense"
        else f"{tune.epochs} epochs of fine-tuning at {tune.learning_rate:g}"
    )
    shares = f"{tune.distillation:.0%} of the loss from the dense model".replace("%", " %")
    if temperature:
        shares += f" at temperature {tune.temperature:g}"
    rising = ", ranks rising" if recipe.is_tensor and recipe.schedule == "increasing" else ""
    return f"{words}, {_bound(recipe)}{rising}; {epochs}, {shares}"


def _bound(recipe: CompressionRecipe) -> str:
    names = ("rank", "energy", "latency") if recipe.is_tensor else ()
    given = next((name for name in names if getattr(recipe, name) is not None), "keep")
    return f"{given} {getattr(recipe, given):g}"


def left_dense_limits(layers: pd.DataFrame | None) -> list[str]:
    """By model, how many layers were left dense, and why."""
    if layers is None or "left_dense" not in layers:
        return []
    left = layers[~layers["left_dense"].fillna("").astype(str).isin(["", NARROWED])]
    found = []
    for model, rows in left.groupby("model", sort=False):
        reasons = rows.drop_duplicates("layer")
        shown = "; ".join(f"{row.layer} ({row.left_dense})" for row in reasons.head(3).itertuples())
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        found.append(f"{model}: left dense: {shown}{more}.")
    return found


_PEERS = {
    "prune_weights": "pruning", "prune_channels": "pruning", "small_dense": "a smaller dense network",
    "int8": "eight bits", "lora": "adapters", "continued": "the dense network trained on",
}  # fmt: skip


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
