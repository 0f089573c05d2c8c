"""Made-up experiments as fixtures."""

from tests.experiments import efficiency, experiment, predictions

__all__ = ["efficiency", "experiment", "predictions"]
