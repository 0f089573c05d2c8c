"""Higher-order link prediction: which open triangles of the past are filled by a group in the future.

================  ==========================================================================
module            what it holds
================  ==========================================================================
``past``          ``Past``: what is known at a time, and the triangles that are open then
``horizons``      ``Horizon``: a sample of candidates with what closes after that time
``heads``         ``LogisticHead`` on columns; ``TriangleGAT``, attention and a decoder
``models``        what is compared, by name
``study``         tuning on earlier time, fitting, and scores of all candidates, step by step
``assessment``    average precision, what it costs, and bootstrap intervals of differences
================  ==========================================================================
"""

from topology_efficient_dl.studies.closure.assessment import assess, average_precision
from topology_efficient_dl.studies.closure.horizons import (
    Horizon,
    all_keys,
    horizon_keys,
    sample_horizon,
)
from topology_efficient_dl.studies.closure.models import MODELS
from topology_efficient_dl.studies.closure.past import Past
from topology_efficient_dl.studies.closure.study import (
    fit_model,
    run_closure,
    score_candidates,
    tune_model,
)

__all__ = [
    "MODELS",
    "Horizon",
    "Past",
    "all_keys",
    "assess",
    "average_precision",
    "fit_model",
    "horizon_keys",
    "run_closure",
    "sample_horizon",
    "score_candidates",
    "tune_model",
]
