"""A small planted contact log, and settings with which everything takes a moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from topology_efficient_dl.data.graphs import (
    ContactLog,
    PlantedContacts,
    planted_contacts,
    time_split,
)
from topology_efficient_dl.params.studies import (
    AttentionParams,
    AttentionTrial,
    CandidateParams,
    ClosureParams,
    LogisticParams,
)

SCHOOL = PlantedContacts(n_classes=4, class_size=10, days=2, periods=6)


@pytest.fixture(scope="session")
def school() -> ContactLog:
    """40 nodes in 4 classes."""
    return planted_contacts(SCHOOL, 0)


@pytest.fixture(scope="session")
def few() -> ClosureParams:
    """Two trials, two seeds, few steps."""
    return ClosureParams(
        horizon_shares=(0.4, 0.6),
        candidates=CandidateParams(least_negatives=200, most_rows=2000),
        logistic=LogisticParams(columns=("all",), penalties=(0.1, 0.01), horizons=(2,)),
        attention=AttentionParams(
            trials=(AttentionTrial(width=8, horizons=2), AttentionTrial(width=8, dropout=0.0, horizons=1)),
            checkpoints=(3, 6),
            batch_size=128,
            embedding=8,
            heads=2,
        ),
        seeds=(0, 1),
        n_bootstrap=100,
    )


@pytest.fixture(scope="session")
def other_future():
    """The same log where from a share of it on the members of every class have changed places."""

    def changed(log: ContactLog, share: float) -> ContactLog:
        start = int(np.searchsorted(log.times, time_split(log, share)))
        pairs, first = log.pairs.copy(), log.pairs[start:] // SCHOOL.class_size * SCHOOL.class_size
        turned = first + (log.pairs[start:] - first + 3) % SCHOOL.class_size
        pairs[start:] = np.sort(turned, axis=1)
        return replace(log, pairs=pairs)

    return changed
