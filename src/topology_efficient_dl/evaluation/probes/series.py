"""A model of series with what its cost is asked of; the target of its memory measurement."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topology_efficient_dl.efficiency.flops import FlopCount, count_flops
from topology_efficient_dl.efficiency.latency import Call
from topology_efficient_dl.efficiency.parameters import count_parameters
from topology_efficient_dl.models.series_features import recipe_from_fields
from topology_efficient_dl.models.trained import Predictor, TrainedModel
from topology_efficient_dl.params.models import LevelSetRecipe
from topology_efficient_dl.params.series import TdaRecipe
from topology_efficient_dl.tda.level_sets import ConvolutionalBettiCurves
from topology_efficient_dl.tensor.merging import merged

Series = NDArray[np.float32]


def first_series(series: Series, size: int) -> Series:
    """The first series, repeated if there are too few."""
    return np.ascontiguousarray(series[np.arange(size) % len(series)])


class SeriesProbe:
    """One model; see `costs.Probe`. Batches are series of a split, which are prepared: that is in no one's time.

    Parameters
    ----------
    model : to measure
    device : torch device
    merge : whether it is measured as it would be deployed
    """

    loader = f"{__name__}:load_inference"
    before_network = "extraction_ms"

    def __init__(self, model: TrainedModel, device: str, merge: bool) -> None:
        self.model, self.device, self.merge = model, device, merge
        self.predictor = self._new_predictor()

    def _new_predictor(self) -> Predictor:
        return self.model.predictor(self.device, merge=self.merge, prepare=False)

    def _answers(self, call: Callable[[Series], NDArray[Any]], inputs: Series) -> Call:
        """Labels, or a forecaster's numbers as they are."""
        if self.predictor.forecasts:
            return lambda _: call(inputs)
        return lambda _: call(inputs).argmax(axis=1)

    def whole(self, batch: Series) -> Call:
        """From prepared series to answers."""
        return self._answers(self.predictor.of_prepared, batch)

    def alone(self, batch: Series) -> Call:
        """The same without feature extraction."""
        inputs = self.predictor.extractor.transform(batch) if self.predictor.reads_features else batch
        return self._answers(self.predictor.of_inputs, inputs)

    def sizes(self, batch: Series) -> dict[str, Any]:
        """Values that inference needs, and operations at batch 1 from raw sample to label.

        Weights that were pruned to zero are not needed; numbers in eight bits are as many as in thirty-two.
        """
        card, module = self.model.card, self.model.float_module()
        module = merged(module) if self.merge else module
        zeros = card.get("compression", {}).get("zeros", 0)
        stored = sum(array.size for array in self.model.extractor_state.values() if array.dtype.kind != "U")
        shape = (card["n_features"],) if card["n_features"] else (card["n_channels"], card["n_timepoints"])
        count = count_flops(module, shape) + _extraction(self.model)
        params = count_parameters(module) + stored - zeros
        return {"params": params, "flops": count.flops, "flops_reason": count.reason}

    def columns_alone(self, columns: dict[str, Any]) -> dict[str, Any]:
        """``model_latency_ms_b<n>``."""
        return {f"model_{key}": value for key, value in columns.items() if key.startswith("latency_ms")}

    def loaded(self, batch: Series) -> Callable[[], Series]:
        """One inference with weights of its own on the device."""
        return partial(self._new_predictor().of_prepared, batch)

    def write(self, folder: Path, batch: Series) -> None:
        """Leave what `load_inference` reads."""
        (folder / "model.safetensors").write_bytes(self.model.to_bytes())
        (folder / "merge.json").write_text(json.dumps(self.merge), encoding="utf-8")
        np.save(folder / "sample.npy", batch)


def _extraction(model: TrainedModel) -> FlopCount:
    if model.card["recipe"] is None:
        return FlopCount(0)
    recipe, shape = recipe_from_fields(model.card["recipe"]), (model.card["n_channels"], model.card["n_timepoints"])
    if isinstance(recipe, TdaRecipe):
        from topology_efficient_dl.tda.cost import extraction_flops

        return FlopCount(*extraction_flops(recipe, *shape))
    if isinstance(recipe, LevelSetRecipe):
        from topology_efficient_dl.tda.level_sets.cost import transform_cost

        curves = ConvolutionalBettiCurves.from_state(recipe, model.extractor_state)
        return FlopCount(transform_cost(curves, *shape).operations)
    return FlopCount(None, f"the transform of {recipe.kind} is compiled code of aeon, whose operations are not counted")


def load_inference(folder: str) -> Callable[[], Series]:
    """One inference of the model and sample that lie in a folder: the target of the memory measurement."""
    merge = json.loads((Path(folder) / "merge.json").read_text(encoding="utf-8"))
    model = TrainedModel.from_bytes((Path(folder) / "model.safetensors").read_bytes())
    sample = np.load(Path(folder) / "sample.npy", allow_pickle=False)
    return partial(SeriesProbe(model, "cpu", merge).predictor.of_prepared, sample)
