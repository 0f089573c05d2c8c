"""Collections of one kind in the catalog: splits, tasks, diagrams, complexes and models, as Kedro-Viz shows them.

Parameters of each are those of `CollectionDataset`, without the codec.
"""

from __future__ import annotations

from typing import Any, ClassVar

from topology_efficient_dl.datasets.collection import CollectionDataset
from topology_efficient_dl.datasets.kedro_internals import PlotlyPreview, TablePreview, figure_preview, table_preview

COLUMNS = ("dataset", "model", "seed", "n_params", "epochs", "best_epoch", "fit_seconds")


class _OneKind(CollectionDataset):
    codec: ClassVar[str]

    def __init__(self, *, filepath: str, **options: Any) -> None:
        super().__init__(filepath=filepath, codec=self.codec, **options)


class SplitsDataset(_OneKind):
    """Splits by name of the set."""

    codec = "split"

    def preview(self, per_class: int = 3, key: str | None = None) -> PlotlyPreview:
        """Some training series of every class of one set (the first one unless named)."""
        from topology_efficient_dl.data.preview import series_figure

        splits = self.load()
        return figure_preview(series_figure(splits[key or next(iter(splits))], per_class))


class PersistenceDiagramsDataset(_OneKind):
    """Diagrams by ``<dataset>/<variant>``; the interchange format is `tda.diagrams.PersistenceDiagrams` as npz."""

    codec = "diagrams"

    def preview(self, sample: int = 0, key: str | None = None) -> PlotlyPreview:
        """The diagram of one sample of one item (the first item unless named), birth against death."""
        from topology_efficient_dl.tda.preview import diagram_figure

        diagrams = self.load()
        chosen = key or next(iter(diagrams))
        figure = diagram_figure(diagrams[chosen], sample)
        figure.update_layout(title_text=f"{chosen}: {figure.layout.title.text}")
        return figure_preview(figure)


class ModelsDataset(_OneKind):
    """Models by ``<dataset>/<model>/<seed>``: safetensors with a JSON card."""

    codec = "model"

    def preview(self, nrows: int = 20) -> TablePreview:
        """The cards of the first models: size, epochs, seconds."""
        models = self.load()
        cards = [models[key].card for key in list(models)[:nrows]]
        return table_preview(COLUMNS, [[_rounded(card[name], 2) for name in COLUMNS] for card in cards])


class GraphTasksDataset(_OneKind):
    """Tasks on graphs by name."""

    codec = "graph_task"

    def preview(self, nrows: int = 20) -> TablePreview:
        """Sizes of the first tasks."""
        from topology_efficient_dl.data.graphs.task import describe_task

        tasks = self.load()
        cards = [describe_task(tasks[key]) for key in list(tasks)[:nrows]]
        columns = [name for name in cards[0] if name not in ("notes", "skipped")] if cards else []
        return table_preview(columns, [[_rounded(card[name], 3) for name in columns] for card in cards])


class SimplicialComplexesDataset(_OneKind):
    """Complexes by dataset: simplices with weights and times as npz, from which boundary matrices, Laplacians and
    adjacencies are made (`complexes.operators`).
    """

    codec = "complex"

    def preview(self, nrows: int = 1, key: str | None = None) -> PlotlyPreview:
        """The heaviest simplices of one complex (the first unless named), and how many there are."""
        from topology_efficient_dl.reports.complex_figure import complex_figure

        complexes = self.load()
        chosen = key or next(iter(complexes))
        return figure_preview(complex_figure(complexes[chosen], chosen))


def _rounded(value: Any, digits: int) -> Any:
    return round(value, digits) if isinstance(value, float) else value
