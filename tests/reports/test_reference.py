"""Published numbers and their protocol."""

import pytest

from topology_efficient_dl.errors import DataError, ParameterError
from topology_efficient_dl.reports.reference import published


def test_known_entries():
    assert published("ElectricDevices")["inceptiontime_ensemble"] == pytest.approx(0.724, abs=5e-4)
    assert all(0 < value <= 1 for value in published("ACSF1").values())


def test_other_protocols_are_refused():
    with pytest.raises(ParameterError, match="resample_mean_30"):
        published("ECG200", protocol="resample_mean_30")


def test_a_set_without_numbers_has_none_and_a_missing_table_is_named(tmp_path):
    assert published("Unheard") == {}
    with pytest.raises(DataError, match="elsewhere"):
        published("ECG200", path=tmp_path / "elsewhere.csv")


def test_empty_fields_are_left_out(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("dataset,a,b\nX,0.5,\n")
    assert published("X", path=table) == {"a": 0.5}
