"""What the page of the closure study says of scores that are not finite."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from topology_efficient_dl.params.studies import ClosureParams
from topology_efficient_dl.studies.closure.assessment import assess
from topology_efficient_dl.studies.closure.models import CLASSIC, MODELS, PROPOSAL
from topology_efficient_dl.studies.closure.page import COLUMNS, closure_table, render_closure


def test_scores_that_are_not_finite_are_named_with_their_model_and_count() -> None:
    rng = np.random.default_rng(0)
    closed = rng.random(60) < 0.3
    keys = [*CLASSIC, *(f"{name}/0" for name in MODELS)]
    scores = {key: (closed + rng.normal(size=60)).astype(np.float32) for key in keys}
    scores["gat/0"][:7] = np.nan
    parts = ("complex", "graph", "edge_weights", "scale", "whole", "late")
    about = {"dataset": "d", "parameters": dict.fromkeys(keys, 1), "views": ["whole", "late"],
             "seconds": dict.fromkeys([*keys, *parts], 1.0)}  # fmt: skip
    result = assess({**scores, "closed": closed, "about": np.array(json.dumps(about))}, 100, 0.95)
    table = closure_table([result])
    assert list(table) == list(COLUMNS)
    page = render_closure(table, iter([result]), {}, ClosureParams())
    assert "- d, `gat`, seed 0, failed: 7 of 60 scores are not finite and rank last." in page
    assert page.count("failed") == 1
    assert PROPOSAL in page


@pytest.mark.parametrize(("last", "said"), [(9, True), (10, False)])
def test_a_page_says_what_may_not_have_been_trained_to_its_end(last: int, said: bool) -> None:
    tuning = {
        "a/gat": {"chosen": {"steps": 9, "times_base_rate": 2.0}, "trials": []},
        "a/simplicial_logistic": {"chosen": {"penalty": 1, "times_base_rate": 2.0}, "trials": []},
    }
    params = ClosureParams(attention={"checkpoints": [5, last]})
    page = render_closure(pd.DataFrame(columns=list(COLUMNS)), [], tuning, params)
    assert (f"Best at the last checkpoint, {last} steps, and perhaps not yet at their best: `a/gat`." in page) == said
