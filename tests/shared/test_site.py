"""The site file: what it builds, and every mistake named with key, value and remedy."""

import copy

import pytest
from evenload import site as site_file
from evenload import wire
from evenload.errors import ConfigError

SITE = {
    "name": "Garage",
    "step_ma": 500,
    "circuits": [
        {"id": "east", "parent": "main", "limit_ma": [40000, 40000, 40000]},
        {"id": "main", "limit_ma": [63000, 63000, 63000], "fallback_current_ma": [24000, 24000, 24000]},
    ],
    "stations": [
        {"id": "bay-01", "circuit": "east", "wiring": "L2-L3-L1", "max_ma": 16000, "weight": 3},
        {"id": "bay-02", "circuit": "main", "wiring": "L1", "switchable": False},
    ],
}


def change(path, value):
    """Return SITE with site[path...] = value."""
    site = copy.deepcopy(SITE)
    place = site
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return site


def test_a_site_is_built_root_first_with_its_names():
    built = site_file.build(SITE)
    assert (built.name, built.circuit_ids, built.station_ids) == (
        "Garage",
        ["main", "east"],
        ["bay-01", "bay-02"],
    )
    a = built.allocation
    assert list(a.circuit_parent) == [wire.CIRCUIT_NONE, 0]
    assert (list(a.station_circuit), list(a.wiring)) == ([1, 0], [wire.WIRING_L2_L3_L1, wire.WIRING_L1])
    assert (list(a.metered), list(a.max_ma), list(a.weight)) == ([1, 0], [16000, 32000], [3, 1])
    assert a.settings.step_ma == 500


def test_measurements_are_written_as_if_just_received():
    site = {
        **SITE,
        "measurements": {
            "circuits": {"main": {"feeder_ma": [1, 2, 3], "meter_state": "fresh"}},
            "stations": {"bay-02": {"state": "charging", "cap_ma": 9000}},
        },
    }
    a = site_file.build(site).allocation
    assert (list(a.feeder_ma[:3]), a.meter_state[0]) == ([1, 2, 3], wire.METER_FRESH)
    assert (a.station_state[1], a.station_cap_ma[1]) == (wire.STATION_CHARGING, 9000)


@pytest.mark.parametrize(
    ("path", "value", "key", "says"),
    [
        (("stp_ma",), 1, "stp_ma", "did you mean step_ma"),
        (("step_ma",), 0, "step_ma", "1 .. 6000"),
        (("slot_ms",), True, "slot_ms", "an integer"),
        (("lease_ms",), 30001, "lease_ms", "1000 .. 30000"),
        (("lease_ms",), 0, "lease_ms", "1000 .. 30000"),
        (("name",), {"x": 1}, "name", "a text"),
        (("circuits",), [], "circuits", "a list of 1 .."),
        (("circuits", 0, "parent"), "mian", "circuits[0].parent", "did you mean main"),
        (("circuits", 1, "parent"), "east", "circuits[0].parent", "not a cycle"),
        (("circuits", 1, "limit_ma"), [-1, 0, 0], "circuits[1].limit_ma[0]", "0 .. 100000000 mA"),
        (("circuits", 1, "limit_ma"), 63000, "circuits[1].limit_ma", "3 values"),
        (
            ("circuits", 1, "fallback_current_ma"),
            [63001, 0, 0],
            "circuits[1].fallback_current_ma[0]",
            "63000",
        ),
        (("circuits", 0, "id"), "main", "circuits[1].id", "no other"),
        (("stations", 0, "wiring"), "L4", "stations[0].wiring", "did you mean L1"),
        (("stations", 0, "min_ma"), 5999, "stations[0].min_ma", "6000 .. 80000"),
        (("stations", 0, "min_ma"), 17000, "stations[0].max_ma", "min_ma = 17000"),
        (("stations", 0, "circuit"), "est", "stations[0].circuit", "did you mean east"),
        (("stations", 1, "failsafe_ma"), 32001, "stations[1].failsafe_ma", "0 .. 32000"),
        (("stations", 1, "switchable"), 1, "stations[1].switchable", "true or false"),
        (("measurements",), {"stations": {"bay-03": {}}}, "measurements.stations", "did you mean"),
    ],
)
def test_a_mistake_is_named_with_key_and_remedy(path, value, key, says):
    with pytest.raises(ConfigError) as refused:
        site_file.build(change(path, value))
    assert refused.value.key == key
    assert says in refused.value.valid


def test_failsafe_currents_beyond_a_fuse_name_the_circuit():
    site = change(("circuits", 0, "limit_ma"), [9000, 9000, 9000])
    site["stations"][0]["failsafe_ma"] = 10000
    with pytest.raises(ConfigError, match="circuit east limit_ma"):
        site_file.build(site)
