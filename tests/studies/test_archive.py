"""Many data sets in one table: every number below is worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from topology_efficient_dl.errors import DataError
from topology_efficient_dl.reports.style import to_png
from topology_efficient_dl.studies.archive import (
    CELL_KEYS,
    PUBLISHED_NAMES,
    cells_table,
    critical_difference,
    render_archive,
    with_published,
)

INCEPTION, ENSEMBLE, MINI, MULTI = PUBLISHED_NAMES.values()
PUBLISHED = pd.DataFrame(
    [["Alpha", 0.8, 0.05, 0.9, 0.99, 0.7, 0.95], ["Beta", 0.5, 0.05, 0.65, 0.99, 0.6, 0.55], ["Other", *[0.1] * 6]],
    columns=["dataset", "inception_network_mean", "inception_network_sd", "inceptiontime_ensemble", "rocket_10k",
             "minirocket_10k", "multirocket_50k"],
)  # fmt: skip
ACCURACIES = {  # by data set and model, one a seed
    ("Alpha", "a"): (0.875, 0.925), ("Alpha", "b"): (0.75, 0.65),
    ("Beta", "a"): (0.5, 0.7), ("Beta", "b"): (0.6, 0.6),
    ("Gamma", "a"): (0.25, 0.75), ("Gamma", "b"): (1.0, 1.0),
}  # fmt: skip
LATENCY = {("Alpha", "a"): 1.0, ("Beta", "a"): 3.0, ("Gamma", "a"): 2.0, ("Alpha", "b"): 0.5}
PARAMS = {"a": 1200, "b": 40}


@pytest.fixture
def scores():
    rows = [
        {"dataset": dataset, "model": model, "seed": seed, "accuracy": accuracy, "f1_macro": accuracy / 2, "auroc": 0.5}
        for (dataset, model), accuracies in ACCURACIES.items()
        for seed, accuracy in zip((42, 123), accuracies, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def fits(scores):
    seconds = {"a": 2.0, "b": 8.0}
    table = scores[["dataset", "model", "seed"]].assign(epochs=0, best_epoch=0)
    return table.assign(fit_seconds=table["model"].map(seconds)).iloc[::-1]  # in another order


@pytest.fixture
def efficiency():
    rows = [
        {"dataset": dataset, "model": model, "latency_ms_b1": LATENCY.get((dataset, model)), "params": PARAMS[model],
         "flops": 7, "latency_ms_b64": 99.0}
        for dataset, model in ACCURACIES
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def cells(scores, fits, efficiency):
    return cells_table(scores, fits, efficiency)


def section(page, title):
    """The table rows below a heading, as lists of cells; its header comes first."""
    lines = f"\n{page}".split(f"\n{title}\n", 1)[1].split("\n#", 1)[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if set(row) != {"---"}]


def test_every_cell_is_a_row_with_its_own_costs(cells, scores):
    assert list(cells.columns) == CELL_KEYS
    assert cells[["dataset", "model", "seed"]].equals(scores[["dataset", "model", "seed"]])
    row = cells.set_index(["dataset", "model", "seed"]).loc[("Beta", "a", 123)]
    assert row.to_dict() == {
        "accuracy": 0.7, "f1_macro": 0.35, "fit_seconds": 2.0, "latency_ms": 3.0, "params": 1200.0
    }  # fmt: skip


def test_a_latency_that_was_not_measured_is_missing_and_the_cell_stays(cells):
    missing = cells[cells["latency_ms"].isna()]
    assert set(zip(missing["dataset"], missing["model"], strict=True)) == {("Beta", "b"), ("Gamma", "b")}
    assert (missing["params"] == 40).all()


def test_without_any_timing_all_latencies_are_missing(scores, fits, efficiency):
    cells = cells_table(scores, fits, efficiency.drop(columns="latency_ms_b1"))
    assert list(cells.columns) == CELL_KEYS
    assert cells["latency_ms"].isna().all()
    assert cells["params"].notna().all()


def test_a_cell_without_a_fit_or_costs_stays_in_the_table(scores, fits, efficiency):
    cells = cells_table(scores, fits[fits["dataset"] != "Alpha"], efficiency[efficiency["model"] != "b"])
    assert len(cells) == len(scores)
    assert cells["fit_seconds"].isna().equals(cells["dataset"] == "Alpha")
    assert cells["params"].isna().equals(cells["model"] == "b")


def test_scores_without_a_column_are_refused(scores, fits, efficiency):
    with pytest.raises(DataError, match="'scores' lacks f1_macro"):
        cells_table(scores.drop(columns="f1_macro"), fits, efficiency)


def test_published_numbers_join_the_sets_that_have_them_and_no_others(cells):
    found = with_published(cells, PUBLISHED)
    assert list(found.columns) == ["dataset", "model", "seed", "accuracy"]
    assert set(found["dataset"]) == {"Alpha", "Beta"}  # neither Gamma, unpublished, nor Other, not in the run
    theirs = found[~found["model"].isin(["a", "b"])]
    assert {(row.dataset, row.model): row.accuracy for row in theirs.itertuples()} == {
        ("Alpha", INCEPTION): 0.8, ("Alpha", ENSEMBLE): 0.9, ("Alpha", MINI): 0.7, ("Alpha", MULTI): 0.95,
        ("Beta", INCEPTION): 0.5, ("Beta", ENSEMBLE): 0.65, ("Beta", MINI): 0.6, ("Beta", MULTI): 0.55,
    }  # fmt: skip
    ours = found[found["model"].isin(["a", "b"])]
    assert ours.reset_index(drop=True).equals(
        cells.loc[cells["dataset"] != "Gamma", ours.columns].reset_index(drop=True)
    )


def test_a_number_that_nobody_published_is_no_row(cells):
    found = with_published(cells, PUBLISHED.assign(minirocket_10k=[0.7, None, 0.1]))
    assert found.loc[found["model"] == MINI, "dataset"].tolist() == ["Alpha"]


def test_sets_held_out_of_train_never_meet_published_numbers(cells):
    renamed = cells.assign(dataset=cells["dataset"] + "-train")
    assert with_published(renamed, PUBLISHED).equals(renamed[["dataset", "model", "seed", "accuracy"]])
    page = render_archive(renamed, PUBLISHED, {})
    assert "3 sets, none with published numbers for this protocol" in page
    assert "(published)" not in page
    assert [row[0] for row in section(page, "## Every set")] == ["data set", "Alpha-train", "Beta-train", "Gamma-train"]
    mixed = with_published(pd.concat([renamed, cells]), PUBLISHED)
    assert set(mixed["dataset"]) == {"Alpha", "Beta"}


def test_means_ranks_and_costs(cells):
    """Accuracies a, b, Inception, ensemble, MiniRocket, MultiRocket: Alpha 90, 70, 80, 90, 70, 95; Beta 60, 60, 50, 65, 60, 55.

    Ranks on Alpha 2.5, 5.5, 4, 2.5, 5.5, 1; on Beta 3, 3, 6, 1, 3, 5.
    """
    page = render_archive(cells, PUBLISHED, {})
    header, *rows = section(page, "# Track A over the archive")
    assert header == ["model", "mean accuracy", "average rank", "median ms per series (b1)", "median fit (s)", "params"]
    assert [row[1] for row in rows] == ["0.7750", "0.7500", "0.7500", "0.6500", "0.6500", "0.6500"]
    assert {row[0]: row[1:] for row in rows} == {
        "a": ["0.7500", "2.75", "2", "2", "1,200"],
        "b": ["0.6500", "4.25", "0.5", "8", "40"],
        INCEPTION: ["0.6500", "5.00", "–", "–", "–"],
        ENSEMBLE: ["0.7750", "1.75", "–", "–", "–"],
        MINI: ["0.6500", "4.25", "–", "–", "–"],
        MULTI: ["0.7500", "3.00", "–", "–", "–"],
    }
    assert "2 sets with names of the UCR archive that have published accuracies" in page
    assert "seeds 42, 123, averaged before ranking" in page


def test_wins_ties_and_losses(cells):
    found = section(render_archive(cells, PUBLISHED, {}), "## Wins, ties and losses")
    assert found == [
        ["model", "a", "b", INCEPTION, ENSEMBLE, MINI, MULTI],
        ["a", "-", "1 / 1 / 0", "2 / 0 / 0", "0 / 1 / 1", "1 / 1 / 0", "1 / 0 / 1"],
        ["b", "0 / 1 / 1", "-", "1 / 0 / 1", "0 / 0 / 2", "0 / 2 / 0", "1 / 0 / 1"],
    ]


def test_tests_are_those_of_our_models_with_the_mean_difference(cells):
    found = section(render_archive(cells, PUBLISHED, {}), "## Wilcoxon signed-rank tests of accuracy, Holm-corrected")
    differences = {(row[0], row[1]): row[2] for row in found[1:]}
    assert set(differences) == {("a", "b")} | {(ours, each) for ours in "ab" for each in PUBLISHED_NAMES.values()}
    assert differences["a", "b"] == "0.1"
    assert differences["a", ENSEMBLE] == "−0.025"
    assert {tuple(row[3:]) for row in found[1:]} == {("–", "–")}  # two sets say nothing


def test_the_largest_gaps_of_the_first_model_come_first_with_sizes(cells):
    """On Alpha a is 5 points behind MultiRocket; with 70 instead of 65 published, 10 behind the ensemble on Beta."""
    card = pd.DataFrame({
        "dataset": ["Alpha", "Beta", "Lost"], "n_train": [30, 40, None], "n_classes": [2, 5, None],
        "n_timepoints": [96, 128, None], "n_test": [60, 30, None],
    })  # fmt: skip
    published = PUBLISHED.assign(inceptiontime_ensemble=[0.9, 0.7, 0.1])
    header = ["data set", "accuracy", "best other", "by", "gap", "in test series", "train", "classes", "length"]
    assert section(render_archive(cells, published, {}, card), "## Where a loses most") == [
        header,
        ["Beta", "0.600", "0.700", ENSEMBLE, "0.100", "3 of 30", "40", "5", "128"],
        ["Alpha", "0.900", "0.950", MULTI, "0.050", "3 of 60", "30", "2", "96"],
    ]
    assert [row[5:] for row in section(render_archive(cells, published, {}), "## Where a loses most")[1:]] == [
        ["-", "-", "-", "-"]
    ] * 2


def test_a_model_that_is_alone_loses_to_nobody(cells):
    alone = cells[(cells["model"] == "a") & (cells["dataset"] == "Gamma")]
    assert section(render_archive(alone, PUBLISHED, {}), "## Where a loses most")[1:] == []


def test_sets_without_published_numbers_are_listed_apart(cells):
    page = render_archive(cells, PUBLISHED, {})
    assert section(page, "## Every set") == [
        ["data set", "a", "b", INCEPTION, ENSEMBLE, MINI, MULTI],
        ["Alpha", "0.900", "0.700", "0.800", "0.900", "0.700", "0.950"],
        ["Beta", "0.600", "0.600", "0.500", "0.650", "0.600", "0.550"],
    ]
    assert section(page, "## Sets without published numbers") == [["data set", "a", "b"], ["Gamma", "0.500", "1.000"]]
    assert "Sets without published numbers" not in render_archive(cells[cells["dataset"] != "Gamma"], PUBLISHED, {})


def test_sets_that_were_skipped_are_listed_with_the_reason(cells):
    page = render_archive(cells, PUBLISHED, {"Lost": "no such file", "Gone": "the mirror is down"})
    assert "\n- **Lost was skipped**: no such file\n- **Gone was skipped**: the mirror is down\n" in page
    assert "was skipped" not in render_archive(cells, PUBLISHED, {})


def test_the_page_names_command_and_machine_and_links_its_figure(cells):
    page = render_archive(cells, PUBLISHED, {})
    assert "![Average ranks](critical_difference.png)" in page
    assert "\nCommand: `kedro run " in page
    assert "\nMeasured on: " in page


def made_up(n_sets, models):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            {"dataset": f"set{number}", "model": model, "seed": 1, "accuracy": 0.9 - 0.1 * place + 0.01 * rng.random()}
            for number in range(n_sets)
            for place, model in enumerate(models)
        ]
    )


def words(figure):
    return " ".join(item.get_text() for panel in [figure, *figure.axes] for item in panel.texts)


@pytest.mark.parametrize(("n_sets", "models"), [(5, "xyz"), (6, "xy"), (1, "x")])
def test_too_few_sets_or_models_give_a_figure_that_says_so(n_sets, models):
    figure = critical_difference(made_up(n_sets, models), PUBLISHED)
    assert isinstance(figure, Figure)
    assert "Too few data sets or models" in words(figure)
    assert to_png(figure, dpi=40).startswith(b"\x89PNG")


def test_six_sets_and_three_models_are_ranked():
    figure = critical_difference(made_up(6, "xyz"), PUBLISHED)
    assert isinstance(figure, Figure)
    drawn = words(figure)
    assert "Too few" not in drawn
    for name, rank in zip("xyz", ("1.00", "2.00", "3.00"), strict=True):
        assert f"{name}  {rank}" in drawn or f"{rank}  {name}" in drawn
    assert to_png(figure, dpi=40).startswith(b"\x89PNG")


def test_published_numbers_are_ranked_with_ours():
    """Two models of ours are too few; with four published ones they are enough."""
    cells = made_up(6, "xy")
    published = pd.DataFrame({"dataset": [f"set{number}" for number in range(6)]})
    published = published.assign(**{name: 0.3 + 0.1 * place for place, name in enumerate(PUBLISHED_NAMES)})
    drawn = words(critical_difference(cells, published))
    assert all(name in drawn for name in ("x", "y", *PUBLISHED_NAMES.values()))


def test_what_train_chose_is_counted_by_model(cells):
    choices = pd.DataFrame(
        [("Alpha", "a", "raw"), ("Beta", "a", "raw"), ("Alpha", "b", "raw + cumulative"), ("Beta", "b", "raw")],
        columns=["dataset", "model", "chosen"],
    )
    page = render_archive(cells, PUBLISHED, {}, choices=choices)
    assert section(page, "## What train chose") == [
        ["representations", "a", "b"],
        ["raw", "2", "1"],
        ["raw + cumulative", "0", "1"],
    ]
    assert "What train chose" not in render_archive(cells, PUBLISHED, {}, choices=choices.head(0))
