"""Our kernel as an algorithm of acnportal: what it is told, what becomes of its grants (extra `peers`)."""

import importlib.util

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("acnportal") is None,
    reason="acnportal is not installed; pip install -c constraints.txt -e '.[peers]'",
)


@pytest.fixture
def algorithm():
    from evenload_sim.peers import acnportal_algorithm

    return acnportal_algorithm


@pytest.fixture
def plugged_in():
    """Return a function (algorithm, cars) -> simulator of the Caltech network with these cars from the start.

    cars: list of (station id, departure in periods, energy in kWh).
    """
    from datetime import datetime

    from evenload_sim.peers.acnportal_import import acnsim

    def plug_in(scheduler, cars):
        network = acnsim.sites.caltech_acn(basic_evse=True, voltage=208, transformer_cap=150)
        events = [
            acnsim.PluginEvent(
                0, acnsim.EV(0, departure, energy_kwh, station_id, station_id, acnsim.Battery(100, 0, 7))
            )
            for station_id, departure, energy_kwh in cars
        ]
        return acnsim.Simulator(
            network, scheduler, acnsim.EventQueue(events), datetime(2026, 1, 1), period=5, verbose=False
        )

    return plug_in


def test_weight_falls_with_laxity(algorithm):
    assert [algorithm.laxity_weight(periods) for periods in (-3, 0, 1, 9, 99, 5000)] == [
        1000,
        1000,
        500,
        100,
        10,
        1,
    ]


@pytest.mark.parametrize(
    ("grant_ma", "needed_a", "pilot_a"),
    [
        (0, 12.0, 0.0),
        (12_000, 40.0, 12.0),
        # The cap is the need rounded up to the step; the car is sent just what it needs.
        (12_100, 12.04, 12.04),
        # The least current is 6 A for the kernel; a car that needs less in its last period gets less.
        (6_000, 1.5, 1.5),
        # 12.0 A would leave 0.04 A over one period, 0.7 Wh, which acnportal forgets.
        (12_000, 12.04, 11.9),
    ],
)
def test_a_pilot_is_the_grant_but_never_leaves_a_crumb(algorithm, grant_ma, needed_a, pilot_a):
    assert algorithm.pilot_a(grant_ma, needed_a) == pytest.approx(pilot_a)


def test_a_pod_in_shortage_serves_the_car_that_leaves_first(algorithm, plugged_in):
    pod = ["CA-324", "CA-325", "CA-326", "CA-327", "CA-489", "CA-490", "CA-491", "CA-492"]
    hurried, idle = pod[0], pod[1:]
    # 13.3 kWh in 24 periods of 208 V is 32 A throughout; the others could wait for hours.
    cars = [(hurried, 24, 13.3), *((station_id, 150, 13.3) for station_id in idle)]
    simulator = plugged_in(algorithm.EvenloadAlgorithm(), cars)
    simulator.run()
    first = dict(zip(simulator.network.station_ids, simulator.pilot_signals[:, 0], strict=True))
    assert first[hurried] == 32
    assert all(6 <= first[station_id] <= 7 for station_id in idle)
    assert sum(first.values()) <= 80
    assert all(car.fully_charged for car in simulator.ev_history.values())


def test_a_car_that_has_left_or_is_full_gets_nothing(algorithm, plugged_in):
    simulator = plugged_in(algorithm.EvenloadAlgorithm(), [("CA-308", 20, 1.0), ("CA-148", 4, 40.0)])
    simulator.run()
    rows = {name: simulator.pilot_signals[index] for index, name in enumerate(simulator.network.station_ids)}
    assert simulator.ev_history["CA-308"].energy_delivered == pytest.approx(1.0)
    assert not rows["CA-308"][2:].any()
    assert list(rows["CA-148"][:5]) == [32, 32, 32, 32, 0]


def test_the_kernel_is_timed_apart_from_its_adapter(algorithm, plugged_in):
    scheduler = algorithm.EvenloadAlgorithm()
    plugged_in(scheduler, [("CA-308", 20, 1.0)]).run()
    assert len(scheduler.kernel_ns) == len(scheduler.solve_stats) > 0
    for kernel_ns, stats in zip(scheduler.kernel_ns, scheduler.solve_stats, strict=True):
        assert 0 < kernel_ns < stats["solve_time"] * 1e9
