"""What only the world can see is caught: a sabotaged kernel breaks each rule, in a world that runs as always."""

import pytest
from evenload import ticks, wire
from evenload.core import kernel
from evenload_sim.cluster.storm import recover
from evenload_sim.cluster.watch import RuleBroken
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld


class Sabotaged:
    """A kernel of which one part does not do what it should; the rest is the real one."""

    def __init__(self, src, mask):
        object.__setattr__(self, "own", kernel("cluster").Cluster(src, mask))

    def __getattr__(self, name):
        return getattr(self.own, name)

    def __setattr__(self, name, value):
        setattr(self.own, name, value)


def world_of(saboteur, sources, node_count=6, **changes):
    """Return a world in which some nodes run `saboteur`; its first leader is node 1."""
    world = ClusterWorld(5, ClusterOptions(node_count=node_count, start_spread_us=0, **changes))
    for src in sources:
        world.nodes[src].make_kernel = saboteur
    world.begin()
    return world


def rule_of(world, run):
    """Return the rule that `run(world)` breaks."""
    with pytest.raises(RuleBroken) as caught:
        run(world)
    assert caught.value.seed == 5 and "See it again: evenload sim cluster" in str(caught.value)
    return caught.value.rule


def test_an_honest_world_breaks_nothing():
    world = world_of(Sabotaged, [1, 2, 3, 4, 5, 6], is_random=True)
    world.run_ms(1000)
    world.kill(1)
    world.run_ms(500)
    world.cut([[2, 3, 4], [5, 6]])
    world.run_ms(500)
    world.cut([])
    recover(world, [2, 3, 4, 5, 6])


def test_s5_a_leader_that_counts_its_lease_too_long():
    class Clings(Sabotaged):
        def take_trace(self, into):
            found = self.own.take_trace(into)
            if found and into[0] == wire.TRACE_LEASE_END:
                into[0], into[1] = wire.TRACE_LEASE, ticks.add_ms(into[4], 120)
            return found

    world = world_of(Clings, [1])
    world.run_ms(1000)
    world.cut([[1], [2, 3, 4, 5, 6]])
    assert rule_of(world, lambda world: world.run_ms(500)) == "S5"


class Forges(Sabotaged):
    """Has another plan than it was sent."""

    @property
    def plan(self):
        plan = list(self.own.plan)
        plan[wire.PLAN_SHARE_10W] += 1
        return plan


def test_s8_a_plan_that_nobody_made():
    assert rule_of(world_of(Forges, [4]), lambda world: world.run_ms(1000)) == "S8"


def test_s10_a_plan_that_does_not_add_up():
    assert rule_of(world_of(Forges, [1]), lambda world: world.run_ms(1000)) == "S10"


def test_s9_a_setpoint_of_another_term():
    class Obeys(Sabotaged):
        def on_frame(self, at_ms, frame):
            object.__setattr__(self, "is_obeying", frame[2] >> 3 == wire.CAN_TYPE_SETPOINT)
            return self.own.on_frame(at_ms, frame)

        def take_trace(self, into):
            if self.__dict__.pop("is_obeying", False):
                into[0], into[1], into[2], into[3] = wire.TRACE_SETPOINT, self.own.term - 1, 0, 0
                return 1
            return self.own.take_trace(into)

    world = world_of(Obeys, [4])
    world.run_ms(1000)
    world.send_setpoint(2, 4, world.nodes[2].kernel.term, 5)
    assert rule_of(world, lambda world: world.run_ms(100)) == "S9"


def test_a_setpoint_of_the_leader_is_obeyed_and_a_stale_one_is_not():
    world = world_of(Sabotaged, [])
    world.run_ms(1000)
    obeyed = []
    world.listeners.append(lambda event: obeyed.append(event) if event.code == wire.TRACE_SETPOINT else None)
    term = world.nodes[1].kernel.term
    for src, of_term in ((1, term + 1), (2, term), (1, term)):
        world.send_setpoint(src, 4, of_term, 7)
        world.run_ms(20)
    assert [(event.node, event.a, event.c) for event in obeyed] == [(4, term, 7)]


def test_s11_a_node_that_delivers_less_than_its_share():
    class Slacks(Sabotaged):
        def take_trace(self, into):
            found = self.own.take_trace(into)
            if found and into[0] == wire.TRACE_SHARE and into[2] == wire.BASIS_PLAN:
                into[1] //= 2
            return found

    assert rule_of(world_of(Slacks, [2]), lambda world: world.run_ms(2000)) == "S11"


def test_s12_a_prevote_that_changes_the_term():
    class Believes(Sabotaged):
        heard = 0

        def on_frame(self, at_ms, frame):
            if frame[2] >> 3 == wire.CAN_TYPE_PREVOTE_REQ:
                object.__setattr__(self, "heard", 1)
            return self.own.on_frame(at_ms, frame)

        @property
        def term(self):
            return self.own.term + self.heard

    assert rule_of(world_of(Believes, [3]), lambda world: world.run_ms(1000)) == "S12"


def test_s13_a_frame_that_counts_twice():
    class Counts(Sabotaged):
        heard = 0

        def on_frame(self, at_ms, frame):
            object.__setattr__(self, "heard", self.heard + 1)
            return self.own.on_frame(at_ms, frame)

        def snapshot(self, now_ms, into):
            self.own.snapshot(now_ms, into)
            into[wire.SNAPSHOT_ELECTIONS] = self.heard

    assert rule_of(world_of(Counts, [3], is_random=True), lambda world: world.run_ms(1000)) == "S13"


def test_s14_a_node_that_votes_before_its_ceiling_is_stored():
    class Hurries(Sabotaged):
        ceiling_wanted = 0

        def start(self, now_ms, ceiling):
            self.own.start(now_ms, ceiling)
            self.own.on_stored(now_ms, ceiling + 1000)

    assert rule_of(world_of(Hurries, [3]), lambda world: world.run_ms(1000)) == "S14"


def test_s14_a_store_that_loses_what_it_held():
    world = world_of(Sabotaged, [])
    world.run_ms(1000)
    world.nodes[3].store.replace(0)
    assert rule_of(world, lambda world: world.kill(3)) == "S14"


def test_s15_an_emergency_that_is_ignored():
    class Ignores(Sabotaged):
        def on_frame(self, at_ms, frame):
            is_emergency = frame[2] >> 3 == wire.CAN_TYPE_EMERGENCY
            return wire.FRAME_OK if is_emergency else self.own.on_frame(at_ms, frame)

    world = world_of(Ignores, [4])
    world.run_ms(1000)
    world.order(2, wire.ORDER_EMERGENCY, wire.EMERGENCY_OVERTEMPERATURE)
    assert rule_of(world, lambda world: world.run_ms(50)) == "S15"


def test_l2_a_candidate_while_all_hear_the_leader():
    class Stands(Sabotaged):
        def take_trace(self, into):
            if self.__dict__.pop("is_impatient", False):
                into[0], into[1], into[2], into[3] = (
                    wire.TRACE_ROLE,
                    wire.ROLE_CANDIDATE,
                    self.own.term + 1,
                    0,
                )
                return 1
            return self.own.take_trace(into)

    world = world_of(Stands, [3])
    world.run_ms(1000)
    object.__setattr__(world.nodes[3].kernel, "is_impatient", True)
    assert rule_of(world, lambda world: world.run_ms(100)) == "L2"


def test_l3_a_leader_that_looks_at_its_lease_too_seldom():
    class Dozes(Sabotaged):
        ticks = 0

        def tick(self, now_ms):
            object.__setattr__(self, "ticks", self.ticks + 1)
            if self.own.role != wire.ROLE_LEADER or self.ticks % 20 == 0:
                self.own.tick(now_ms)

    world = world_of(Sabotaged, [])
    world.run_ms(1000)
    dozing = Dozes(1, world.nodes[1].voter_mask)
    object.__setattr__(dozing, "own", world.nodes[1].kernel)
    world.nodes[1].kernel = dozing
    world.cut([[1], [2, 3, 4, 5, 6]])
    assert rule_of(world, lambda world: world.run_ms(500)) == "L3"


def test_l5_a_core_that_cannot_elect():
    class Mute(Sabotaged):
        def on_frame(self, at_ms, frame):
            is_answer = frame[2] >> 3 == wire.CAN_TYPE_PREVOTE_RESP
            return wire.FRAME_OK if is_answer else self.own.on_frame(at_ms, frame)

    world = world_of(Mute, [1, 2, 3, 4, 5, 6])
    world.run_ms(500)
    assert rule_of(world, lambda world: recover(world, [1, 2, 3, 4])) == "L5"
