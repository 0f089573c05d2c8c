"""Every number of the README's results, computed from the files in docs/results; run it to print them.

``blocks()`` are Markdown tables and sentences. The README holds each of them word for word, and no other numbers stand
in those sections (tests/test_readme.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "results"
CONTACTS = ("primary_school", "high_school_2013", "workplace_InVS15", "cont-workplace-15")


@cache
def document(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def rows(name: str, **wanted: Any) -> list[dict[str, Any]]:
    return [row for row in document(name)["results"] if all(row.get(key) == value for key, value in wanted.items())]


def row(name: str, **wanted: Any) -> dict[str, Any]:
    (found,) = rows(name, **wanted)
    return found


def verdicts(name: str, **wanted: Any) -> list[dict[str, Any]]:
    return [v for v in document(name)["verdicts"] if all(v.get(key) == value for key, value in wanted.items())]


def table(header: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def short(value: float, digits: int = 4) -> str:
    """A share without its zero: .8706."""
    return f"{value:.{digits}f}".removeprefix("0")


def three(value: float) -> str:
    """Three significant digits, no exponent."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def span(values: Iterable[float], form: Any = three) -> str:
    values = list(values)
    least, most = form(min(values)), form(max(values))
    return least if least == most else f"{least} to {most}"


def signed(value: float, digits: int = 1) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def interval(pair: Sequence[float], sign: float = 1.0, digits: int = 1) -> str:
    """An interval, of gains where ``sign`` is -1."""
    ends = sorted(sign * end for end in pair)
    return f"[{', '.join(f'{end:.{digits}f}' for end in ends)}]".replace("-", "−")


def by_set(found: Sequence[dict[str, Any]]) -> str:
    counts = Counter(v["status"] for v in found)
    return ", ".join(f"{counts[s]} {s}" for s in ("confirmed", "inconclusive", "refuted") if counts[s])


# ------------------------------------------------------------------------------------------------------------ track A

ARCHIVE = {
    "betti_ridge": "**betti ridge** (level sets, ridge)",
    "multirocket_hydra": "MultiRocket-Hydra (aeon), same run",
    "betti_beta0": "numbers of components alone, 60 levels a filter",
    "betti_tiny": "betti tiny, at most 20,000 stored numbers",
    "minirocket": "MiniRocket (aeon), same run",
    "inceptiontime_ensemble": "InceptionTime, five networks, published",
    "inception_network_mean": "one Inception network, published",
}
HEAVY = ["DodgerLoopDay", "PigAirwayPressure"]


@cache
def archive() -> tuple[pd.DataFrame, pd.Series]:
    """Accuracy by set and model on the sets that have published numbers, and median milliseconds by model."""
    cells = pd.read_csv(RESULTS / "track_a_archive.csv")
    published = pd.read_csv(ROOT / "reference" / "ucr_published_accuracy.csv").set_index("dataset")
    own = cells.groupby(["dataset", "model"])["accuracy"].mean().unstack()
    accuracy = own.join(published[["inceptiontime_ensemble", "inception_network_mean"]]).dropna()
    times = cells[cells["dataset"].isin(accuracy.index)].groupby(["dataset", "model"])["latency_ms"].mean()
    return accuracy, times.groupby("model").median()


def archive_table() -> str:
    accuracy, times = archive()
    without = accuracy.drop(index=HEAVY)
    body = [
        (
            words,
            short(accuracy[name].mean()),
            short(accuracy[name].median()),
            short(without[name].mean()),
            three(times[name]) if name in times else "",
        )
        for name, words in ARCHIVE.items()
    ]
    head = [f"UCR archive, {len(accuracy)} sets", "mean accuracy", "median", "mean without two sets", "ms per series"]
    return table(head, body)


def independent_table() -> str:
    found = document("independent_a/check.json")
    names = {
        "multirocket_hydra": "MultiRocket-Hydra (aeon)",
        "betti_ridge": "**betti ridge**",
        "InceptionTime, five networks (published)": "InceptionTime, five networks, published",
        "minirocket": "MiniRocket (aeon)",
        "one Inception network (published)": "one Inception network, published",
    }
    tally = found["betti_ridge_wins_ties_losses"]
    body = [
        (words, short(found["mean_accuracy"][name]), " / ".join(map(str, tally[name])) if name in tally else "")
        for name, words in names.items()
    ]
    return table([f"{found['n_datasets']} further sets", "mean accuracy", "betti ridge wins / ties / losses"], body)


SEVEN = {
    "inception_time": "InceptionTime",
    "betti_ridge": "**betti ridge**",
    "betti_tiny": "betti tiny",
    "betti_mlp": "betti mlp",
    "ph_hybrid": "ph hybrid (homology of a network's maps)",
    "ph_mlp": "ph mlp (Takens, Rips, landscape)",
    "minirocket": "MiniRocket",
    "multirocket_hydra": "MultiRocket-Hydra",
}


def speed_factors(model: str, batch: int = 1) -> list[float]:
    """How many times less time than InceptionTime in PyTorch, by set."""
    key = f"latency_ms_b{batch}"
    base = {r["dataset"]: r[key] for r in rows("track_a.json", model="inception_time")}
    return [base[r["dataset"]] / r[key] for r in rows("track_a.json", model=model)]


def seven_table() -> str:
    body = []
    for model, words in SEVEN.items():
        found = rows("track_a.json", model=model)
        mean = short(sum(r["f1_macro_mean"] for r in found) / len(found), 3)
        times = "1" if model == "inception_time" else span(speed_factors(model), lambda v: three(float(f"{v:.2g}")))
        over_all = verdicts("track_a.json", model=model, dataset="all")
        if over_all:
            (v,) = over_all
            gain = f"{signed(-v['f1_drop_pp'])} {interval(v['f1_drop_interval'], -1)}"
            single = [x for x in verdicts("track_a.json", model=model) if x["dataset"] != "all"]
            body.append((words, mean, gain, times, f"**{v['status']}**", by_set(single)))
        else:
            body.append((words, mean, "", times, "", ""))
    return table(["seven sets", "macro-F1", "gained, pp", "times faster, batch 1", "over all", "by set"], body)


def onnx_factors(model: str, batch: int = 1) -> list[float]:
    """Time of a network of track C in onnxruntime over betti_ridge's, on the sets that both studies have."""
    key = f"latency_ms_b{batch}"
    ridge = {r["dataset"]: r[key] for r in rows("track_a.json", model="betti_ridge")}
    found = rows("track_c.json", part="inception_time", model=model)
    return [r[f"onnx_{key}"] / ridge[r["dataset"]] for r in found if r["dataset"] in ridge]


def track_a() -> list[str]:
    accuracy, times = archive()
    best = (accuracy["betti_ridge"] - accuracy["inception_network_mean"]).round(10)
    heavy = {name: accuracy.loc[name] for name in HEAVY}
    hydra = speed_factors("betti_ridge")
    ridge, dense = rows("track_a.json", model="betti_ridge"), rows("track_a.json", model="inception_time")
    small = ["inception_time.bottleneck", "inception_time.small"]
    four = {v["model"]: v["status"] for v in verdicts("peers_a/track_a.json", dataset="all")}
    return [
        seven_table(),
        archive_table(),
        independent_table(),
        f"`ph mlp` loses {span((v['f1_drop_pp'] for v in verdicts('track_a.json', model='ph_mlp') if v['dataset'] != 'all'), lambda v: f'{v:.0f}')} points of macro-F1",
        f"{span(hydra, lambda v: f'{v:.0f}')} times less time than PyTorch takes for InceptionTime at batch 1, "
        f"{span(speed_factors('betti_ridge', 64), lambda v: f'{v:.0f}')} times at batch 64",
        f"onnxruntime takes {span(onnx_factors('inception_time'), lambda v: f'{v:.0f}')} times the time of betti ridge",
        f"for a narrowed or a small Inception network {span([f for m in small for f in onnx_factors(m)], lambda v: f'{v:.0f}')} times",
        f"MiniRocket is {span(speed_factors('minirocket'), lambda v: f'{v:.0f}')} times faster than InceptionTime too",
        f"(DodgerLoopDay {short(heavy[HEAVY[0]]['inception_network_mean'], 3)} against {short(heavy[HEAVY[0]]['betti_ridge'], 3)}, "
        f"PigAirwayPressure {short(heavy[HEAVY[1]]['inception_network_mean'], 3)} against {short(heavy[HEAVY[1]]['betti_ridge'], 3)})",
        f"in about a {round(times['multirocket_hydra'] / times['betti_ridge'], -2):.0f}th of its time",
        f"it wins on {(best > 0).sum()} of {len(best)}, {(best == 0).sum()} ties",
        f"{span((r['peak_memory_mb'] for r in ridge), lambda v: f'{v:.0f}')} MB over the imported libraries for one inference, "
        f"against {span((r['peak_memory_mb'] for r in dense), lambda v: f'{v:.0f}')} MB",
        f"over the four sets of [`peers_a`](docs/results/peers_a/track_a/report.md) betti ridge is *{four['betti_ridge']}*",
    ]


# ------------------------------------------------------------------------------------------------------------ track B

TOLOKERS = {
    "simplicial_mlp": "**simplicial MLP**",
    "graph_sage": "GraphSAGE",
    "gat": "GAT",
    "gatv2": "GATv2",
    "gcn": "GCN",
}


def tolokers(model: str) -> dict[str, Any]:
    return row("track_b.json", part="tolokers", dataset="tolokers", model=model)


def tolokers_table() -> str:
    body = []
    for model, words in TOLOKERS.items():
        r = tolokers(model)
        fused = r["fused_latency_ms_b1"]
        quality = f"{short(r['auroc_mean'], 3)} ± {short(r['auroc_std'], 3)}"
        model_ms = three(r["model_latency_ms_b1"]) + (f" ({three(fused)})" if fused else "")
        megabytes = three(r["peak_memory_mb"]) + (f" ({three(r['fused_peak_memory_mb'])})" if fused else "")
        body.append((words, quality, model_ms, three(r["latency_ms_b1"]), megabytes))
    return table(["tolokers, ten splits", "AUROC", "model, ms", "with preprocessing, ms", "MB"], body)


def best_attention(dataset: str) -> dict[str, Any]:
    names = ("gat", "gat_plain", "gat_bare", "gatv2", "graph_transformer")
    found = [r for r in rows("track_b.json", part="contacts", dataset=dataset) if r["model"] in names]
    return max(found, key=lambda r: r["f1_macro_mean"])


def contacts_table() -> str:
    columns = {
        "gcn": "GCN",
        "hypergraph": "hypergraph convolution",
        "simplicial_mlp": "simplicial MLP",
        "simplicial_diffusion": "label diffusion",
    }

    def entry(r: dict[str, Any]) -> str:
        times = f"{three(r['model_latency_ms_b1'])} / {three(r['latency_ms_b1'])} ms"
        return f"{short(r['f1_macro_mean'], 3)} ± {short(r['f1_macro_std'], 3)}, {times}"

    body = [
        (
            name,
            entry(best_attention(name)),
            *(entry(row("track_b.json", part="contacts", dataset=name, model=model)) for model in columns),
        )
        for name in CONTACTS
    ]
    return table(["macro-F1, model / with preprocessing", "best attention", *columns.values()], body)


def diffusion() -> list[dict[str, Any]]:
    found = verdicts("track_b.json", part="contacts", model="simplicial_diffusion")
    return [v for v in found if v["dataset"] != "all"]


def still_faster(v: dict[str, Any]) -> bool:
    """Whether the proposal takes less time than the baseline when both make their inputs first."""
    own, other = (
        row("track_b.json", part="contacts", dataset=v["dataset"], model=v[key])["latency_ms_b1"]
        for key in ("model", "baseline")
    )
    return own < other


def track_b() -> list[str]:
    mlp, gat, sage = tolokers("simplicial_mlp"), tolokers("gat"), tolokers("graph_sage")
    against = {v["baseline"]: v for v in verdicts("track_b.json", part="tolokers", dataset="tolokers")}
    confirmed = [v for v in diffusion() if v["status"] == "confirmed"]
    holds = [v for v in confirmed if still_faster(v)]
    over_all = {
        v["baseline"]: v for v in verdicts("track_b.json", part="contacts", model="simplicial_diffusion", dataset="all")
    }
    ratios = [
        row("track_b.json", part="contacts", dataset=d, model="simplicial_diffusion")["latency_ms_b1"]
        / best_attention(d)["latency_ms_b1"]
        for d in CONTACTS
    ]
    fused_end_to_end = gat["fused_latency_ms_b1"] + gat["preprocessing_ms"]
    return [
        tolokers_table(),
        contacts_table(),
        f"**{against['gat']['status'].capitalize()}** against torch-geometric's GAT: {signed(-against['gat']['f1_drop_pp'])} points of AUROC {interval(against['gat']['f1_drop_interval'], -1)}",
        f"{gat['model_latency_ms_b1'] / mlp['model_latency_ms_b1']:.0f} times less time for the model alone",
        f"with preprocessing {gat['latency_ms_b1'] / mlp['latency_ms_b1']:.1f} times less",
        f"Against the same GAT with our fused kernel ({three(gat['fused_latency_ms_b1'])} ms, and {gat['preprocessing_ms']:.0f} ms of preprocessing) it is "
        f"{mlp['latency_ms_b1'] / fused_end_to_end:.0f} times *slower* end to end",
        f"**{against['graph_sage']['status'].capitalize()}** against GraphSAGE, which takes {100 * (1 - sage['peak_memory_mb'] / mlp['peak_memory_mb']):.0f} % less memory and {mlp['latency_ms_b1'] / sage['latency_ms_b1']:.0f} times less time end to end",
        f"{signed(-against['graph_sage']['f1_drop_pp'])} points {interval(against['graph_sage']['f1_drop_interval'], -1)}",
        f"GCN is beaten by the other route, better at equal time, at {100 * (mlp['peak_memory_mb'] / tolokers('gcn')['peak_memory_mb'] - 1):+.0f} % memory",
        f"{len(confirmed)} of its {len(diffusion())} verdicts on single sets are *confirmed*",
        f"with preprocessing {len(holds) or 'none'} of these {len(confirmed)} would be",
        f"{span(ratios, lambda v: f'{v:.0f}')} times the time of the best attention",
        f"against `gat_plain` *{over_all['gat_plain']['status']}* ({signed(-over_all['gat_plain']['f1_drop_pp'])} {interval(over_all['gat_plain']['f1_drop_interval'], -1)})",
    ]


# ------------------------------------------------------------------------------------------------------------ track C

NETWORKS = {
    "": "InceptionTime",
    ".bottleneck": "**bottlenecks narrowed**",
    ".tucker": "Tucker-2, joint",
    ".low_rank": "low rank, layer by layer",
    ".pruned_channels": "channels pruned",
    ".pruned_weights": "weights pruned",
    ".small": "small dense, from scratch",
    ".small_distilled": "small dense, distilled",
    ".int8": "eight bits (linear layers)",
    ".continued": "trained on, nothing else",
}


def shares(model: str, key: str) -> str:
    dense = {r["dataset"]: r for r in rows("track_c.json", part="inception_time", model="inception_time")}
    found = rows("track_c.json", part="inception_time", model=model)
    values = [r[key] / dense[r["dataset"]][key] for r in found if r[key] is not None]
    return span(values, lambda v: short(v, 2)) if values else ""


def networks_table() -> str:
    keys = ["latency_ms_b1", "latency_ms_b64", "onnx_latency_ms_b1", "onnx_latency_ms_b64"]
    body = []
    for variant, words in NETWORKS.items():
        model = f"inception_time{variant}"
        found = rows("track_c.json", part="inception_time", model=model)
        mean = short(sum(r["f1_macro_mean"] for r in found) / len(found))
        columns = [shares(model, key) for key in ("params", *keys)] if variant else ["1"] * 5
        body.append((words, columns[0], mean, *columns[1:]))
    head = ["eleven sets", "parameters", "macro-F1", "batch 1", "batch 64", "onnxruntime, 1", "onnxruntime, 64"]
    return table(head, body)


def bottleneck(baseline: str, batch: int) -> dict[str, Any]:
    model = "inception_time.bottleneck"
    (found,) = verdicts(
        "track_c.json", part="inception_time", dataset="all", model=model, baseline=baseline, latency_batch=batch
    )
    return found


def loss(v: dict[str, Any]) -> str:
    word = "lost" if v["f1_drop_pp"] > 0 else "gained"
    return f"{abs(v['f1_drop_pp']):.1f} points {word}"


def track_c() -> list[str]:
    dense = {batch: bottleneck("inception_time", batch) for batch in (1, 64)}
    single = [
        v
        for v in verdicts("track_c.json", part="inception_time", model="inception_time.bottleneck", latency_batch=1)
        if v["dataset"] != "all" and v["baseline"] == "inception_time"
    ]
    small = [bottleneck(f"inception_time.{name}", 64) for name in ("small", "small_distilled")]
    small_onnx = [
        a["onnx_latency_ms_b64"] / b["onnx_latency_ms_b64"]
        for a in rows("track_c.json", part="inception_time", model="inception_time.bottleneck")
        for b in rows("track_c.json", part="inception_time", model="inception_time.small", dataset=a["dataset"])
    ]
    cricket = pd.read_csv(RESULTS / "design_c" / "scores.csv").set_index(["dataset", "model"])["f1_macro"]
    of_cricket = cricket.loc["CricketX-train"]
    return [
        networks_table(),
        f"**{dense[1]['status'].capitalize()}** against the dense network: macro-F1 {loss(dense[1])}, interval of the loss {interval(dense[1]['f1_drop_interval'], 1, 2)}, allowed 1 point; "
        f"{100 * dense[1]['params_cut']:.0f} % fewer parameters, {100 * dense[1]['latency_cut']:.0f} % less time at batch 1 and {100 * dense[64]['latency_cut']:.0f} % at batch 64",
        f"by set {by_set(single)}",
        f"the small dense networks are {-small[0]['f1_drop_pp']:.1f} and {-small[1]['f1_drop_pp']:.1f} points behind, *{small[0]['status']}*",
        f"in onnxruntime at batch 64 narrowed bottlenecks take {span(small_onnx, lambda v: f'{v:.2f}')} of their time",
        f"**{bottleneck('inception_time.pruned_channels', 64)['status'].capitalize()}** against pruned channels at batch 64",
        f"{short(of_cricket['inception_time'], 3)} became {short(of_cricket['inception_time.bottleneck'], 3)} to {short(of_cricket['inception_time.long'], 3)}",
    ]


def blocks() -> list[str]:
    return [block for block in (*track_a(), *track_b(), *track_c()) if block]


if __name__ == "__main__":
    print("\n\n".join(blocks()))
