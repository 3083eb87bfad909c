"""Scenarios as text: commands, a line of dashes, and what came of them (the form of etcd's data-driven tests).

    # The master dies.
    cluster 6
    run 1s
    kill leader
    run 300ms
    expect leader 2
    show
    ----
       0.0 1 up
    ...

`Scenario.run(commands)` returns the transcript of one block: every transition of the watched kinds, and what
`show` prints. An expectation that does not hold stands in the transcript as a line that begins with FAILED.
Nodes are named by SRC, or `leader`, `successor` (the best other node that is up), `follower` (the worst).
"""

from collections.abc import Callable
from typing import Any

from evenload import wire
from evenload.errors import EvenloadError

from evenload_sim.cluster.events import WORDS, Event
from evenload_sim.cluster.faults import CLASH_NODE
from evenload_sim.cluster.scenario_words import event_words, flag_words, span_us
from evenload_sim.cluster.watch import RuleBroken
from evenload_sim.cluster.world import ClusterOptions, ClusterWorld

RULE = "----"
WATCHED = "up down role grants lease_end plan clash emergency stored"


class ScenarioError(EvenloadError):
    """A command that nobody knows, or that makes no sense where it stands."""


class Block:
    """Commands and the transcript that was recorded for them; `head` is the comment above."""

    def __init__(self, head: list[str], commands: list[str], transcript: list[str]) -> None:
        self.head = head
        self.commands = commands
        self.transcript = transcript

    def text(self) -> str:
        """Return the block as it stands in its file."""
        return "\n".join([*self.head, *self.commands, RULE, *self.transcript]) + "\n"


def parse(text: str) -> list[Block]:
    """Return the blocks of a scenario file; a blank line ends one."""
    blocks: list[Block] = []
    for part in text.strip("\n").split("\n\n"):
        lines = part.split("\n")
        head = [line for line in lines if line.startswith("#")]
        rest = [line for line in lines if not line.startswith("#")]
        end = rest.index(RULE) if RULE in rest else len(rest)
        blocks.append(Block(head, rest[:end], rest[end + 1 :]))
    return blocks


class Scenario:
    """One world that commands drive. cluster_class: the kernel; None takes the best there is."""

    def __init__(self, cluster_class: Callable[[int, int], Any] | None = None) -> None:
        self._cluster_class = cluster_class
        self._world: ClusterWorld | None = None
        self._lines: list[str] = []
        self._watched = set(WATCHED.split())
        self._verbs: dict[str, Callable[[list[str]], None]] = {
            name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")
        }

    @property
    def world(self) -> ClusterWorld:
        """Return the world; raises ScenarioError before `cluster` has made one."""
        if self._world is None:
            raise ScenarioError("the first command is cluster N.")
        return self._world

    def run(self, commands: list[str]) -> list[str]:
        """Obey `commands` and return what there is to tell."""
        self._lines = []
        for command in commands:
            verb, *words = command.split()
            if verb not in self._verbs:
                raise ScenarioError(f"{verb!r} is no command; there are {', '.join(sorted(self._verbs))}.")
            try:
                self._verbs[verb](words)
            except RuleBroken as broken:
                self._lines.append(f"BROKEN {broken.rule}")
            except (IndexError, ValueError) as error:
                raise ScenarioError(f"{command!r} cannot be read: {error}.") from error
        return self._lines

    def _say(self, event: Event) -> None:
        if WORDS[event.code] in self._watched:
            self._lines.append(f"{event.t_us / 1000:8.1f} {event.node} {event_words(event)}")

    def _source(self, word: str) -> int:
        world = self.world
        if word == "leader":
            return world.leader()
        others = [src for src in world.voters if world.nodes[src].is_up and src != world.leader()]
        if word in ("successor", "follower"):
            return others[0] if word == "successor" else others[-1]
        return int(word)

    def _do_cluster(self, words: list[str]) -> None:
        """cluster N [seed=S] [telemetry=T] [ceiling=C]: make a world of N nodes, all powered up."""
        settings = dict(word.split("=") for word in words[1:])
        options = ClusterOptions(
            node_count=int(words[0]),
            telemetry_count=int(settings.get("telemetry", 0)),
            ceiling=int(settings.get("ceiling", 0)),
            start_spread_us=0,
        )
        self._world = ClusterWorld(int(settings.get("seed", 1)), options)
        self._world.listeners.append(self._say)
        if self._cluster_class is not None:
            for node in self._world.nodes.values():
                node.make_kernel = self._cluster_class
        self._world.begin()

    def _do_watch(self, words: list[str]) -> None:
        self._watched = set(words)

    def _do_run(self, words: list[str]) -> None:
        self.world.run(self.world.now_us + span_us(words[0]))

    def _do_start(self, words: list[str]) -> None:
        for word in words:
            self.world.start(self._source(word))

    def _do_kill(self, words: list[str]) -> None:
        """kill A B ...: at one instant."""
        for src in [self._source(word) for word in words]:
            self.world.kill(src)

    def _do_tear(self, words: list[str]) -> None:
        """tear N SIZE: kill N in the middle of writing its floor record; SIZE bytes were written."""
        node = self.world.nodes[self._source(words[0])]
        if not node.store.is_writing:
            self._lines.append(f"FAILED {words[0]} is writing nothing")
        self.world.kill(node.src, torn_size=int(words[1]))

    def _do_wear(self, words: list[str]) -> None:
        self.world.nodes[self._source(words[0])].store.wear_out()

    def _do_pause(self, words: list[str]) -> None:
        self.world.nodes[self._source(words[0])].pause(self.world.now_us + span_us(words[1]))

    def _do_cut(self, words: list[str]) -> None:
        """cut 1,2,3/4,5,6"""
        self.world.cut([[int(src) for src in group.split(",")] for group in words[0].split("/")])

    def _do_heal(self, _words: list[str]) -> None:
        self.world.cut([])

    def _do_deaf(self, words: list[str]) -> None:
        """deaf N rx|tx|from M: N hears nobody, nobody hears N, or N does not hear M."""
        self._set_deaf(words, True)

    def _do_hear(self, words: list[str]) -> None:
        self._set_deaf(words, False)

    def _set_deaf(self, words: list[str], is_on: bool) -> None:
        world = self.world
        port = world.nodes[self._source(words[0])].port
        pairs = {"rx": (port, None), "tx": (None, port)}
        if words[1] == "from":
            pairs["from"] = (port, world.nodes[self._source(words[2])].port)
        rx, tx = pairs[words[1]]
        world.bus.deaf(rx, tx, is_on)
        world.watch.coverage.deaf_links += 1 if is_on else -1

    def _do_busoff(self, words: list[str]) -> None:
        world = self.world
        world.bus.advance(world.now_us)
        world.bus.bus_off(world.nodes[self._source(words[0])].port, world.now_us + span_us(words[1]))
        world.run(world.now_us)

    def _do_stuck(self, words: list[str]) -> None:
        world = self.world
        world.bus.stuck(world.nodes[self._source(words[0])].port, world.now_us + span_us(words[1]))

    def _do_storm(self, words: list[str]) -> None:
        """storm N COUNT: N sends COUNT frames of telemetry each 100 ms."""
        self.world.telemetry.storm(self._source(words[0]), int(words[1]))

    def _do_step(self, words: list[str]) -> None:
        """step N +100ms"""
        sign = -1 if words[1].startswith("-") else 1
        self.world.steer(self._source(words[0]), step_us=sign * span_us(words[1].lstrip("+-")))

    def _do_drift(self, words: list[str]) -> None:
        """drift N PPM"""
        self.world.steer(self._source(words[0]), rate=1_000_000 + int(words[1]))

    def _do_clash(self, words: list[str]) -> None:
        """clash N: plug in a second node N; its transitions stand under N + 100."""
        self.world.plug_impostor(self._source(words[0]), CLASH_NODE)

    def _do_load(self, words: list[str]) -> None:
        """load KW: the operator asks the leader for it."""
        self._order(self.world.leader(), wire.ORDER_DEMAND_10W, int(words[0]) * 100)

    def _do_order(self, words: list[str]) -> None:
        """order N transfer|resign|drain|health|emergency VALUE"""
        code = getattr(wire, f"ORDER_{words[1].upper()}")
        self._order(self._source(words[0]), code, self._source(words[2]) if len(words) > 2 else 0)

    def _order(self, src: int, code: int, value: int) -> None:
        answer = self.world.order(src, code, value)
        if answer != wire.ORDER_DONE:
            self._lines.append(f"node {src} answers {wire.ORDER_ANSWER_WORDS[-answer]}")

    def _do_transfer(self, words: list[str]) -> None:
        self._order(self.world.leader(), wire.ORDER_TRANSFER, self._source(words[0]))

    def _do_setpoint(self, words: list[str]) -> None:
        """setpoint SRC DST TERM VALUE"""
        src, dst = self._source(words[0]), self._source(words[1])
        self.world.send_setpoint(src, dst, int(words[2]), int(words[3]))

    def _do_expect(self, words: list[str]) -> None:
        """expect leader N|none, role N ROLE, term N T, plan N T.S, basis N BASIS, floor N F, voter N yes, share KW."""
        found = self._found(words)
        if found != words[-1]:
            self._lines.append(f"FAILED expect {' '.join(words)}: it is {found}")

    def _found(self, words: list[str]) -> str:
        world, what = self.world, words[0]
        if what == "leader":
            return str(world.leader() or "none")
        if what == "share":
            total_10w = sum(node.kernel.applied_10w for node in world.nodes.values() if node.is_up)
            return f"{total_10w / 100:g}"
        own = world.nodes[self._source(words[1])].kernel
        answers: dict[str, Callable[[], str]] = {
            "role": lambda: wire.ROLE_NAMES[own.role],
            "term": lambda: str(own.term),
            "plan": lambda: f"{own.plan[wire.PLAN_TERM]}.{own.plan[wire.PLAN_SEQ]}",
            "basis": lambda: wire.BASIS_NAMES[own.basis],
            "floor": lambda: str(own.floor),
            "voter": lambda: "yes" if own.can_vote else "no",
            "silent": lambda: "yes" if own.is_silent else "no",
        }
        return answers[what]()

    def _do_show(self, _words: list[str]) -> None:
        """show: one line for each node."""
        for src, node in self.world.nodes.items():
            if not node.is_up:
                self._lines.append(f"  {src} down")
                continue
            own = node.kernel
            plan = f"{own.plan[wire.PLAN_TERM]}.{own.plan[wire.PLAN_SEQ]}"
            share = f"{own.applied_10w / 100:g} kW {wire.BASIS_NAMES[own.basis]}"
            role = f"{wire.ROLE_NAMES[own.role]} of {own.leader} in term {own.term}"
            self._lines.append(f"  {src} {role}, plan {plan}, {share}{flag_words(own.alarm)}")
