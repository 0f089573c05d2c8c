"""End-to-end inference of level-set models against one Inception network and aeon's MiniRocket, as ratios.

Run it alone on the machine: ``make bench``. Series in, labels out, one thread; the models take turns in every round and the
ratio within a round is what is reported. The extra columns say how far the vector kernel is from its arithmetic limit.
"""

from __future__ import annotations

import timeit

import numpy as np
import pytest
import torch
from tests.benchmarks.vector_peak import seconds_per_addition

from topology_efficient_dl.data.split import Split
from topology_efficient_dl.efficiency.latency import latency_ratio, measure_latency
from topology_efficient_dl.models.trained import TrainedModel, build_network
from topology_efficient_dl.params.models import LevelSetRecipe, ModelSpec, RocketRecipe
from topology_efficient_dl.params.training import EfficiencyParams, TrainParams
from topology_efficient_dl.tasks.cells import fit_cell
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tda.level_sets.cost import transform_cost

pytest.importorskip("pytest_benchmark")

LENGTHS = [96, 152, 500, 945]
ROUNDS = EfficiencyParams(rounds=9, min_run_seconds=0.05, threads=1)
TRANSFORMS = {
    "betti_ridge": ("ridge", {}, LevelSetRecipe()),
    "betti_tiny": ("ridge", {"max_parameters": 20_000}, LevelSetRecipe(levels_per_filter=6, max_dilations=6)),
    "minirocket": ("aeon_ridge", {}, RocketRecipe(kind="minirocket")),
}


def random_walks(n: int, length: int, n_classes: int = 2) -> Split:
    """Walks of as many roughnesses as classes."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    steps = rng.normal(size=(n, 1, length)) + labels[:, None, None] * rng.normal(size=(n, 1, 1)) * 0.1
    walks = steps.cumsum(axis=2)
    walks = ((walks - walks.mean(2, keepdims=True)) / walks.std(2, keepdims=True)).astype(np.float32)
    series = {"train": walks, "validation": walks[: n // 4], "test": walks}
    codes = {"train": labels, "validation": labels[: n // 4], "test": labels}
    return Split("walks", series, codes, tuple(map(str, range(n_classes))), "made up")


def inception(length: int) -> TrainedModel:
    """One Inception network as it is initialised: its time does not depend on its weights."""
    card = {
        "architecture": "inception_time", "size": "medium", "options": {}, "members": 1, "n_channels": 1,
        "n_timepoints": length, "n_classes": 2, "n_features": None, "recipe": None,
    }  # fmt: skip
    torch.manual_seed(0)
    return TrainedModel(card, build_network(card).state_dict())


def calls(length: int, split: Split):
    """Series to labels, by model."""
    models = {"inception_time": inception(length)}
    for name, (architecture, options, recipe) in TRANSFORMS.items():
        spec = ModelSpec(architecture=architecture, features=name, options=options)
        models[name] = fit_cell((split, (name, spec), 42, recipe), TrainParams())
    predictors = {name: model.predictor() for name, model in models.items()}
    return {name: lambda x, p=p: p(x).argmax(axis=1) for name, p in predictors.items()}


@pytest.mark.parametrize("batch", [1, 64])
@pytest.mark.parametrize("length", LENGTHS)
def test_end_to_end_against_inception_and_minirocket(benchmark, length, batch):
    benchmark.group = f"series to label, length {length}, batch {batch}"
    split = random_walks(100, length)
    given = calls(length, split)
    batches = {batch: split.series["test"][:batch]}
    records = benchmark.pedantic(measure_latency, (given, batches, ROUNDS), rounds=1, iterations=1)
    micros = {record.model: 1000 * record.median_ms for record in records}
    line = ", ".join(f"{name} {value:.1f} us" for name, value in micros.items())
    for ours in ("betti_ridge", "betti_tiny"):
        for peer in ("inception_time", "minirocket"):
            ratio = latency_ratio(records, peer, ours, batch)
            low, high = ratio.low or 0.0, ratio.high or 0.0
            benchmark.extra_info[f"{peer} / {ours}"] = f"{ratio.median:.1f} [{low:.1f}, {high:.1f}]"
            line += f"; {peer} / {ours} = {ratio.median:.1f} [{low:.1f}, {high:.1f}]"
    print(f"\nlength {length}, batch {batch}, per series: {line}")
    assert set(micros) == set(given)


def counting(length, **changes):
    """Counts of 64 series of a length without features, and what one of them costs."""
    split = random_walks(64, length)
    curves = ConvolutionalBettiCurves(LevelSetRecipe(**changes)).fit(split.series["train"])
    whole = curves.whole_numbers(split.series["train"])
    cost = transform_cost(curves, 1, length)
    return lambda: [curves._lanes[name].count(values) for name, values in whole.items()], cost


@pytest.mark.parametrize("length", LENGTHS)
def test_vector_kernel_against_its_arithmetic_limit(benchmark, length):
    """Filtering and counting, 64 series: nanoseconds per step of 32 filters, one level and one time point.

    A step is six vector instructions. What the processor needs for as many additions, measured by ``vector_peak``, is
    the least that it could take. Twice the levels on the same filtered series say what counting takes without the
    filters.
    """
    benchmark.group = f"counting the level sets of one series, length {length}"
    (count, cost), (count_twice, cost_twice) = counting(length), counting(length, levels_per_filter=60)
    benchmark.pedantic(count, rounds=15, warmup_rounds=2)
    per_addition = seconds_per_addition()
    least, least_twice = (min(timeit.repeat(run, number=1, repeat=25)) / 64 for run in (count, count_twice))
    per_step = (least_twice - least) / (cost_twice.vector_steps - cost.vector_steps)
    seconds = benchmark.stats.stats.median / 64
    print(
        f"\nlength {length}: {1e6 * seconds:.1f} us a series, {cost.operations / seconds / 1e9:.0f} G operations/s, "
        f"{cost.bytes_written / seconds / 1e9:.1f} GB/s of filtered values written; "
        f"{1e9 * seconds / cost.vector_steps:.2f} ns per vector step with filters, {1e9 * per_step:.2f} ns without "
        f"({per_step * cost.vector_steps / least:.0%} of the time); six vector additions take "
        f"{6e9 * per_addition:.2f} ns"
    )
    assert seconds > 0


@pytest.mark.parametrize("threads", [1, 2])
def test_vector_kernel_on_threads(benchmark, threads):
    benchmark.group = "features of 256 series of 500 samples"
    split = random_walks(256, 500)
    curves = ConvolutionalBettiCurves(LevelSetRecipe(), threads=threads).fit(split.series["train"])
    features = benchmark.pedantic(curves.transform, (split.series["train"],), rounds=9, warmup_rounds=2)
    assert np.isfinite(features).all()
