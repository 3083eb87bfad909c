"""acnportal's phasor constraints as a tree of circuits: nothing that the tree allows may violate them."""

import importlib.util
import random
from itertools import product

import pytest

# A peer is never required, so its absence is a skip even in CI.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("acnportal") is None,
    reason="acnportal is not installed; pip install -c constraints.txt -e '.[peers]'",
)


@pytest.fixture
def network():
    from evenload_sim.peers.acnportal_import import acnsim

    return acnsim.sites.caltech_acn(basic_evse=True, voltage=208, transformer_cap=150)


@pytest.fixture
def info(network):
    from evenload_sim.peers.acnportal_import import acnsim

    simulator = acnsim.Simulator(network, None, acnsim.EventQueue(), None, verbose=False)
    return acnsim.Interface(simulator).infrastructure_info()


@pytest.fixture
def mapping():
    from evenload_sim.peers import acnportal_network

    return acnportal_network


def is_feasible(network, currents_a):
    import numpy as np

    return bool(network.is_feasible(np.array(currents_a)[:, None]))


def load_of(site, currents_a):
    """Return the sum in mA of what hangs in each circuit, by its name."""
    parents = {circuit["id"]: circuit.get("parent") for circuit in site["circuits"]}
    sums_ma = dict.fromkeys(parents, 0)
    for station, current_a in zip(site["stations"], currents_a, strict=True):
        name = station["circuit"]
        while name is not None:
            sums_ma[name] += current_a * 1000
            name = parents[name]
    return sums_ma


def test_all_three_pairs_may_carry_a_third_of_the_transformer(info, mapping):
    # 150 kVA / 3 / 120 V on the secondary line, which carries sqrt(3) of a balanced pair.
    assert mapping.pair_limit_ma(info) == int(150_000 / 3 / 120 / 3**0.5 * 1000) == 240_562


def test_the_transformer_is_used_up_at_the_balanced_limit(info, network, mapping):
    limit_ma = mapping.pair_limit_ma(info)
    angles = [round(float(phase)) for phase in info.phases]
    first = [angles.index(angle) for angle in mapping.WIRING_BY_ANGLE]
    for extra_ma, feasible in ((0, True), (1, False)):
        currents_a = [0.0] * 54
        for station in first:
            currents_a[station] = (limit_ma + extra_ma) / 1000
        assert is_feasible(network, currents_a) is feasible


@pytest.mark.parametrize("mix", list(product((0, 1), repeat=3)))
def test_every_corner_of_the_box_is_feasible(info, network, mapping, mix):
    limit_a = mapping.pair_limit_ma(info) / 1000
    wirings = list(mapping.WIRING_BY_ANGLE.values())
    currents_a = [0.0] * 54
    for wiring, share in zip(wirings, mix, strict=True):
        first = next(index for index in range(54) if mapping.wiring_of(info, index) == wiring)
        currents_a[first] = share * limit_a
    assert is_feasible(network, currents_a)


def test_random_currents_within_the_circuits_are_feasible(info, network, mapping):
    site = mapping.site_of(info, {})
    limits_ma = {circuit["id"]: circuit["limit_ma"][0] for circuit in site["circuits"]}
    generator = random.Random(11)
    for _ in range(300):
        wanted_a = [generator.choice((0, 6, 16, 32)) * generator.random() ** 0.3 for _ in range(54)]
        loads_ma = load_of(site, wanted_a)
        shares = {name: limits_ma[name] / max(load, 1) for name, load in loads_ma.items()}
        parents = {circuit["id"]: circuit.get("parent") for circuit in site["circuits"]}
        currents_a = []
        for station, current_a in zip(site["stations"], wanted_a, strict=True):
            name = station["circuit"]
            share = 1.0
            while name is not None:
                share = min(share, shares[name])
                name = parents[name]
            currents_a.append(current_a * share)
        assert is_feasible(network, currents_a)


def test_the_stations_of_a_pod_hang_in_its_circuit(info, mapping):
    site = mapping.site_of(info, {"step_ma": 100})
    members = {}
    for station in site["stations"]:
        members[station["circuit"]] = members.get(station["circuit"], 0) + 1
    assert members == {"L1-L2": 10, "L2-L3": 14, "L3-L1": 14, "AV Pod": 8, "CC Pod": 8}
    assert {circuit["id"]: circuit["limit_ma"][0] for circuit in site["circuits"]} == {
        "transformer": 481_124,
        "L1-L2": 240_562,
        "L2-L3": 240_562,
        "L3-L1": 240_562,
        "CC Pod": 80_000,
        "AV Pod": 80_000,
    }
    assert site["step_ma"] == 100


def test_a_line_that_two_stations_of_a_pair_load_unequally_is_refused(info, mapping):
    info.constraint_matrix[2, 0] *= 2
    with pytest.raises(ValueError, match="do not load every transformer line alike"):
        mapping.site_of(info, {})
