"""The closed loop's promises: overloads answered in time, current shared fairly in a shortage."""

from evenload_sim.bench.closed_loop import SERVED, WAITERS, Scenario, jain, play, shortage
from evenload_sim.bench.overload import FRAME_TO_SETPOINT_MS_MAX, answers
from evenload_sim.bench.policies import baselines


def test_every_overload_frame_has_its_new_set_point_within_a_second_and_a_half():
    found = answers(30, seed=7)
    assert max(answer.frame_ms for answer in found) <= FRAME_TO_SETPOINT_MS_MAX
    assert max(answer.surge_ms for answer in found) <= 3_000


def test_identical_vehicles_in_a_shortage_get_equal_energy_and_nobody_waits_long():
    fairness, wait_slots, handover_s = shortage()
    assert fairness >= 0.95
    assert wait_slots <= -(-WAITERS // SERVED) - 1
    assert handover_s <= 5


def test_jain_is_one_for_equals_and_one_nth_for_a_single_winner():
    assert jain([3.0, 3.0, 3.0]) == 1
    assert jain([1.0, 0.0, 0.0, 0.0]) == 0.25


def test_baselines_and_the_role_play_the_same_scenario():
    scenario = Scenario("short", 5, 5)
    scores = [play(scenario, policy) for policy in (None, *baselines())]
    assert scores[0].trips == 0
    assert min(score.energy_kwh for score in scores) > 0
