"""Random faults at random times: whatever happens to the garage, no rule breaks."""

import pytest
from evenload.core import kernel
from evenload_sim.faults import LABELS
from evenload_sim.world import World, WorldOptions

STEP_MS = 1_000
# Two of a kind would overload what nobody can shed: the building alone must stay within its fuse.
SURGES_MAX = 1


def storm(seed, minutes):
    """Run a garage in which faults come and go, each for 5 .. 100 s."""
    random = kernel("random32").Random32(seed)
    options = WorldOptions(start_hour=random.below(2016), load_percent=60 + random.below(40))
    world = World(None, seed, options)
    names = list(LABELS)
    ends = {}
    for second in range(minutes * 60):
        for fault in [fault for fault, end in ends.items() if end <= second]:
            world.inject(*fault, False)
            del ends[fault]
        if random.below(20) == 0:
            name = names[random.below(len(names))]
            targets = world.faults.targets(name)
            fault = (name, targets[random.below(len(targets))])
            surges = sum(one[0] == "base_load_surge" for one in ends)
            if fault not in ends and (name != "base_load_surge" or surges < SURGES_MAX):
                world.inject(*fault, True)
                ends[fault] = second + 5 + random.below(96)
        world.step(STEP_MS)
    return world


@pytest.mark.parametrize("seed", [1, 2])
def test_random_faults_break_no_rule(seed):
    world = storm(seed, minutes=12)
    assert len(world.faults.log) > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 116))
def test_many_random_faults_break_no_rule(seed):
    storm(seed, minutes=30)
