"""Linear heads on features, fitted in closed form."""

from __future__ import annotations

from torch import Tensor, nn

from topology_efficient_dl.models.architecture import declare

_SIZES: dict[str, dict[str, object]] = {"small": {}, "medium": {}, "large": {}}


class LinearHead(nn.Module):
    """Scores of the classes from a feature vector.

    Parameters
    ----------
    n_features, n_classes : shape of the data
    """

    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, n_features) -> scores (batch, n_classes)."""
        scores: Tensor = self.linear(features)
        return scores


@declare(sizes=_SIZES, reads="features", solver="ridge")
class Ridge(LinearHead):
    """Ridge regression on +-1, its penalty chosen by leave-one-out errors (``training.ridge``).

    Parameters
    ----------
    n_features, n_classes : shape of the data
    max_parameters : most values that inference may need; weak features are dropped until they fit, None for all
    """

    def __init__(self, n_features: int, n_classes: int, *, max_parameters: int | None = None) -> None:
        super().__init__(n_features, n_classes)
        self.max_parameters = max_parameters


@declare(sizes=_SIZES, reads="features", solver="aeon_ridge")
class AeonRidge(LinearHead):
    """scikit-learn's ``RidgeClassifierCV`` as aeon's convolution classifiers call it."""
