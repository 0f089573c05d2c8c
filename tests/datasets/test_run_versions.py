"""Which version a run reads while other runs save, and which run is published."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from topology_efficient_dl.datasets.run_versions import OwnVersions, run_with_all
from topology_efficient_dl.errors import DataError, ParameterError

ENTRIES = {
    "numbers": {"type": "json.JSONDataset", "filepath": "numbers.json"},
    "table": {"type": "topology_efficient_dl.datasets.table.TableDataset", "filepath": "table.csv"},
    "rows": {"type": "pandas.ParquetDataset", "filepath": "rows.parquet"},
    "page": {"type": "text.TextDataset", "filepath": "page.md"},
    "image": {"type": "matplotlib.MatplotlibDataset", "filepath": "image.png"},
    "items": {
        "type": "topology_efficient_dl.datasets.collection.CollectionDataset",
        "filepath": "items.json",
        "codec": "json",
    },
}
OLD, OWN, NEW = "2026-01-01T00.00.00.000Z", "2026-02-01T00.00.00.000Z", "2026-03-01T00.00.00.000Z"


def figure():
    return plt.figure(figsize=(1, 1))


def value_of(name, number):
    """A value of the entry's kind that says which run made it."""
    frame = pd.DataFrame({"run": [number]})
    return {"numbers": {"run": number}, "table": frame, "rows": frame, "page": str(number), "items": {"a": number}}[
        name
    ]


def run_of(name, value):
    """The number that `value_of` was given."""
    if name in ("table", "rows"):
        return int(value["run"].iloc[0])
    return int(value["run"] if name == "numbers" else value["a"] if name == "items" else value)


@pytest.fixture
def catalog(tmp_path):
    """How to make the catalog of one run."""

    def make(version, load_versions=None):
        entries = {
            name: {**entry, "filepath": str(tmp_path / entry["filepath"]), "versioned": True}
            for name, entry in ENTRIES.items()
        }
        return DataCatalog.from_config(entries, save_version=version, load_versions=load_versions or {})

    return make


def identity(value):
    return value


def pipeline_of(*steps):
    return Pipeline([Node(identity, source, target, name=f"{source}_to_{target}") for source, target in steps])


def begin(catalog, pipeline, **run_params):
    hooks = OwnVersions()
    hooks.before_pipeline_run(run_params, pipeline, catalog)
    return hooks


VALUES = ("numbers", "table", "rows", "page", "items")


@pytest.mark.parametrize("name", VALUES)
def test_what_a_run_wrote_is_what_it_reads(catalog, name):
    own = catalog(OWN)
    begin(own, pipeline_of(("start", name), (name, "end")))
    own.save(name, value_of(name, 1))
    catalog(NEW).save(name, value_of(name, 2))
    assert run_of(name, own.load(name)) == 1
    own.release(name)  # what was looked up is forgotten
    assert run_of(name, own.load(name)) == 1
    assert run_of(name, catalog("later").load(name)) == 2  # a notebook reads the newest


@pytest.mark.parametrize("name", VALUES)
def test_what_a_run_only_reads_is_what_was_newest_when_it_began(catalog, name):
    catalog(OLD).save(name, value_of(name, 0))
    own = catalog(OWN)
    begin(own, pipeline_of((name, "end")))
    catalog(NEW).save(name, value_of(name, 2))
    assert run_of(name, own.load(name)) == 0


def test_a_figure_is_found_where_the_run_saved_it(catalog):
    own = catalog(OWN)
    begin(own, pipeline_of(("start", "image")))
    own.save("image", figure())
    catalog(NEW).save("image", figure())
    assert OWN in str(own["image"]._get_load_path())


@pytest.mark.parametrize("name", VALUES)
def test_an_entry_of_an_overtaken_run_is_saved_without_a_warning(catalog, name, recwarn):
    catalog(NEW).save(name, value_of(name, 2))
    own = catalog(OWN)
    begin(own, pipeline_of(("start", name)))
    own.save(name, value_of(name, 1))
    assert run_of(name, own.load(name)) == 1
    assert not [warning for warning in recwarn if "did not match load version" in str(warning.message)]


def run_of_pipeline(own, pipeline, **run_params):
    manager = _create_hook_manager()
    hooks = OwnVersions()
    manager.register(hooks)
    hooks.before_pipeline_run(run_params, pipeline, own)
    SequentialRunner().run(pipeline, own, manager, only_missing_outputs=bool(run_params.get("only_missing_outputs")))


def test_with_missing_outputs_only_what_is_skipped_is_read_as_it_was_and_what_is_made_is_ones_own(catalog):
    catalog(OLD).save("numbers", {"run": 0})
    catalog(OLD).save("items", {"a": 5})
    own = catalog(OWN)
    pipeline = Pipeline(
        [
            Node(lambda: {"run": 7}, None, "numbers", name="skipped"),
            Node(identity, "numbers", "page_source", name="reads"),
            Node(lambda value: str(value["run"]), "page_source", "page", name="made"),
        ]
    )
    run_of_pipeline(own, pipeline, only_missing_outputs=True)
    assert own.load("page") == "0"
    assert own["numbers"].list_versions(full_path=False) == [OLD]
    assert own["page"].list_versions(full_path=False) == [OWN]


def test_what_nobody_saved_is_named_before_anything_runs(catalog):
    with pytest.raises(DatasetError, match=r"numbers: nothing is saved in '.*numbers.json' yet; run the pipeline"):
        begin(catalog(OWN), pipeline_of(("numbers", "end")))


def test_load_versions_win(catalog):
    for number, version in enumerate((OLD, NEW)):
        catalog(version).save("numbers", {"run": number})
    own = catalog(OWN, {"numbers": OLD})
    begin(own, pipeline_of(("numbers", "end")), load_versions={"numbers": OLD})
    assert own.load("numbers") == {"run": 0}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"numbers": "2026"}, f"no version '2026' of 'numbers'.*The newest: {OLD}"),
        ({"numbers": NEW}, f"no version '{NEW}' of 'numbers'. The newest: {OLD}"),
        ({"nunbers": OLD}, "'nunbers' is not an entry .* this run reads; did you mean 'numbers'"),
        ({"page": OLD}, "'page' is not an entry with versions that this run reads.*There are: numbers"),
    ],
)
def test_load_versions_that_would_do_nothing_are_refused(catalog, asked, message):
    catalog(OLD).save("numbers", {"run": 0})
    with pytest.raises(ParameterError, match=message):
        begin(catalog(OWN), pipeline_of(("numbers", "page")), load_versions=asked)


VERSIONS = {"results_document": ["3", "2", "1"], "report_markdown": ["2", "1"], "pareto_image": ["3", "2"]}


def test_the_newest_run_that_saved_everything_is_published():
    assert run_with_all(VERSIONS) == ("2", "run '3' is newer and has not saved report_markdown")
    assert run_with_all(VERSIONS, "2") == ("2", "")


@pytest.mark.parametrize(
    ("versions", "run", "message"),
    [
        (VERSIONS, "1", "run '1' has not saved pareto_image. Run the whole pipeline"),
        (VERSIONS, "4", "no run '4'.* The newest: 3, 2, 1"),
        ({"a": ["1"], "b": ["2"]}, None, "no run has saved everything: run '2' has not saved a"),
        ({"a": [], "b": ["2"]}, None, "run '2' has not saved a"),
    ],
)
def test_what_is_missing_from_a_run_is_named(versions, run, message):
    with pytest.raises(DataError, match=message):
        run_with_all(versions, run)
