"""Feed-forward parts with factorised layers against dense ones: from which width, rank and batch on they are faster."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import nn

from topology_efficient_dl.collections.fingerprint import versioned
from topology_efficient_dl.efficiency.environment import check_device
from topology_efficient_dl.efficiency.flops import count_flops
from topology_efficient_dl.efficiency.latency import latency_ratio, measure_latency
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.evaluation.summary import as_records
from topology_efficient_dl.params.compression import CrossingParams
from topology_efficient_dl.params.training import EfficiencyParams
from topology_efficient_dl.reports.pages import render_page
from topology_efficient_dl.reports.style import FADED, figure_style, model_colours
from topology_efficient_dl.tensor import factorise
from topology_efficient_dl.tensor.cache_blocks import in_cache_blocks

Row = dict[str, Any]


def feed_forward(width: int, expansion: int) -> nn.Sequential:
    """The feed-forward part of an encoder layer, untrained: to ``expansion`` times the width and back."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)).eval()


@versioned(2, name="evaluation.crossing:measure_crossing")
def measure_crossing(
    point: tuple[str, int], params: CrossingParams, efficiency: EfficiencyParams, environment: str = ""
) -> list[Row]:
    """Time of factorised feed-forward parts over that of the dense one, all ranks of a width in alternation.

    On the CPU every network takes large batches in parts that fit into the cache, the dense one too. On a GPU inputs
    lie on the device before the clock starts.

    Parameters
    ----------
    point : method and width
    params : ranks, batches, tokens of a sample, expansion
    efficiency : rounds, threads and device
    environment : digest of the machine; it only keeps timings of different machines apart

    Returns
    -------
    One row for each rank and batch: ``method, width, rank, batch, tokens, params_share, flops_share, ratio, ratio_low,
    ratio_high, dense_ms`` (per sample). Ranks that make no layer smaller are left out.

    Raises
    ------
    ParameterError : CUDA is asked for and absent
    """
    check_device(efficiency.device)
    method, width = point
    dense = feed_forward(width, params.expansion)
    networks = {"dense": dense, **_factorised(dense, method, params.ranks)}
    inputs = {batch: torch.randn(batch, params.tokens, width).to(efficiency.device) for batch in params.batches}
    with torch.inference_mode():
        records = measure_latency(_deployed(networks, params.tokens, width, efficiency.device), inputs, efficiency)
    costs = {
        name: (_size(network), count_flops(network, (params.tokens, width)).flops) for name, network in networks.items()
    }
    rows = []
    for name in list(networks)[1:]:
        for batch in params.batches:
            ratio = latency_ratio(records, name, "dense", batch)
            record = next(each for each in records if (each.model, each.batch) == ("dense", batch))
            rows.append(
                {
                    "method": method, "width": width, "rank": int(name), "batch": batch, "tokens": params.tokens,
                    "params_share": costs[name][0] / costs["dense"][0],
                    "flops_share": _share(costs[name][1], costs["dense"][1]),
                    "ratio": ratio.median, "ratio_low": ratio.low, "ratio_high": ratio.high,
                    "dense_ms": record.median_ms,
                }
            )  # fmt: skip
    return rows


def _deployed(networks: dict[str, nn.Module], tokens: int, width: int, device: str) -> dict[str, nn.Module]:
    """The networks as they are timed: copies on the device, or ones that take large batches in parts."""
    if device != "cpu":
        return {name: copy.deepcopy(network).to(device) for name, network in networks.items()}
    sample = torch.zeros(1, tokens, width)
    return {name: in_cache_blocks(network, sample) for name, network in networks.items()}


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _size(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def _factorised(dense: nn.Sequential, method: str, ranks: tuple[int, ...]) -> dict[str, nn.Module]:
    found: dict[str, nn.Module] = {}
    for rank in ranks:
        try:
            layers = [
                factorise(layer, method, rank).layer if isinstance(layer, nn.Linear) else layer for layer in dense
            ]
        except ParameterError:
            continue  # the rank is above the dimensions
        network = nn.Sequential(*layers).eval()
        if _size(network) < _size(dense):
            found[str(rank)] = network
    return found


def crossings(points: pd.DataFrame) -> pd.DataFrame:
    """For each method, width and batch the largest rank that takes no longer than the dense part; null where none does.

    Parameters
    ----------
    points : rows of `measure_crossing`

    Returns
    -------
    ``method, width, batch, largest_rank, params_share, ratio`` at that rank.
    """
    rows = []
    for (method, width, batch), group in points.groupby(["method", "width", "batch"], sort=False):
        as_fast = group[group["ratio"] <= 1.0].sort_values("rank").tail(1)
        best = as_fast.iloc[0] if len(as_fast) else None
        rows.append(
            {
                "method": method, "width": width, "batch": batch,
                "largest_rank": None if best is None else int(best["rank"]),
                "params_share": None if best is None else float(best["params_share"]),
                "ratio": None if best is None else float(best["ratio"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def draw_crossing(points: pd.DataFrame) -> Figure:
    """A panel for each method and batch: time over the dense part's against the rank, a line a width."""
    methods, batches = list(dict.fromkeys(points["method"])), list(dict.fromkeys(points["batch"]))
    with figure_style():
        figure = Figure(figsize=(3.6 * len(methods), 2.8 * len(batches)))
        axes = figure.subplots(len(batches), len(methods), squeeze=False, sharey=True)
        colours = model_colours(str(width) for width in points["width"])
        for row, batch in zip(axes, batches, strict=True):
            for panel, method in zip(row, methods, strict=True):
                chosen = points[(points["method"] == method) & (points["batch"] == batch)]
                for width, line in chosen.groupby("width", sort=False):
                    line = line.sort_values("rank")
                    panel.plot(
                        line["rank"], line["ratio"], marker="o", color=colours[str(width)], label=f"width {width}"
                    )
                panel.axhline(1.0, color=FADED, linestyle=":")
                panel.set_xscale("log", base=2)
                panel.set_yscale("log", base=2)
                ranks = sorted(chosen["rank"].unique())
                panel.set_xticks(ranks, [str(rank) for rank in ranks])
                panel.set_title(f"{method}, batch {batch}")
                panel.set_xlabel("Rank")
            row[0].set_ylabel("Time over dense")
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def crossing_page(points: pd.DataFrame, params: CrossingParams, efficiency: EfficiencyParams) -> str:
    """The study as Markdown: the crossing points, then every number."""
    return render_page(
        "crossing.md.j2",
        study=params,
        device=efficiency.device,
        crossings=as_records(crossings(points)),
        points=as_records(points),
    )
