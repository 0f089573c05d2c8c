"""What a script can import of parameters."""

from __future__ import annotations

import pytest

from topology_efficient_dl import params


@pytest.mark.parametrize("name", [name for names in params._HOMES.values() for name in names])
def test_every_public_model_is_had_from_the_room_itself(name: str) -> None:
    assert getattr(params, name).__name__ == name


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'IngestParam'"):
        params.IngestParam  # noqa: B018
    from topology_efficient_dl.params import training

    assert training.TrainParams is params.TrainParams
