"""The calibration file: defaults at the first start, then what the technician wrote, checked."""

import json

import pytest
from evenload.bl0942_calibration import CalibrationCounts
from evenload.errors import ConfigError
from evenload_node.calibration import load_calibration


def test_the_first_start_writes_the_defaults(tmp_path):
    path = tmp_path / "meter.json"
    load_calibration(str(path))
    stored = json.loads(path.read_text())
    assert list(stored) == ["voltage", "current", "power", "energy", "frequency"]
    assert stored["voltage"] == pytest.approx(15883.341, abs=1e-3)
    assert stored["current"] == pytest.approx(251213.465, abs=1e-3)
    assert stored["power"] == pytest.approx(623.3938, abs=1e-3)
    assert stored["energy"] == pytest.approx(5350.632, abs=1e-2)


def test_what_was_stored_is_loaded_without_a_warning(tmp_path):
    path = str(tmp_path / "meter.json")
    first = load_calibration(path)
    second = load_calibration(path)
    assert second.warnings == []
    for key in ("voltage", "current", "power", "energy", "frequency"):
        assert abs(getattr(second, key + "_ucounts") - getattr(first, key + "_ucounts")) <= 1


def test_power_and_energy_left_at_their_default_follow_voltage_and_current():
    stored = json.loads(CalibrationCounts({}).as_text())
    changed = CalibrationCounts({**stored, "voltage": 15968, "current": 124180})
    assert changed.power_ucounts / 1e6 == pytest.approx(309.8, abs=0.5)
    assert changed.warnings == []


def test_a_power_that_contradicts_voltage_and_current_is_obeyed_with_a_warning():
    counts = CalibrationCounts({"power": 596})
    assert counts.power_ucounts == 596_000_000
    assert counts.warnings == []  # 4.4 % off: within what real devices show.
    counts = CalibrationCounts({"power": 500})
    assert len(counts.warnings) == 1
    assert "power is 500" in counts.warnings[0]


@pytest.mark.parametrize("value", [0, -15883])
def test_a_value_that_is_not_above_zero_keeps_its_default_with_a_warning(value):
    counts = CalibrationCounts({"voltage": value})
    assert counts.voltage_ucounts == CalibrationCounts({}).voltage_ucounts
    assert counts.warnings == [f"calibration voltage is {value}; not above 0, so its default is kept."]


@pytest.mark.parametrize(
    "given",
    [{"volts": 1}, {"voltage": "230"}, {"voltage": True}, {"current": None}]
    + [{"voltage": float(word)} for word in ("nan", "inf", "-inf")],
)
def test_what_is_no_calibration_is_refused_by_key(given):
    with pytest.raises(ConfigError, match=r"calibration\."):
        CalibrationCounts(given)


def test_a_broken_file_is_refused_with_its_name(tmp_path):
    path = tmp_path / "meter.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ConfigError, match=r"meter\.json"):
        load_calibration(str(path))
    path.write_text("{")
    with pytest.raises(ConfigError, match=r"meter\.json"):
        load_calibration(str(path))
