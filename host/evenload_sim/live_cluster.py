"""A cluster that a page shows: its nodes are watched, killed at the page's wish, and started again by a keeper.

The owner calls `advance` from one thread; request handlers call `snapshot`, `age_ms`, `kill` and `load` from others.
A snapshot is published by replacing one reference and never changed afterwards, and orders wait in a queue, so no
lock is needed and no handler ever waits for a node.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from evenload.errors import EvenloadError

from evenload_sim.live_beats import Beats
from evenload_sim.live_failovers import Failovers
from evenload_sim.live_lanes import Lanes
from evenload_sim.live_source import ClusterSource
from evenload_sim.live_story import Story

PUBLISH_MS = 200
ASK_MS = 150  # So long after a publication the nodes are asked, to answer before the next one.
SHORT_S_MAX = 0.6  # Longer than any failover: what is short for longer is not being taken over.
SHORT_KW_MIN = 0.1  # Shares are whole units of 10 W.
RESTART_S = 3.0
ORDERS_MAX = 20
LIMIT_MS = 300
REASON_SIZE_MAX = 400
OVERLOAD = 4 / 3  # The load may be set a third above the capacity, so that one can see what is not covered.
EMPTY_STATUS: dict[str, Any] = {
    "role": "boot",
    "has_lease": False,
    "term": 0,
    "plan": {"term": 0, "seq": 0},
    "applied_kw": 0.0,
    "basis": "boot",
}
# What every node says of the whole cluster; the page says it once.
COMMON_ALARMS = ("unmet", "n1_lost", "no_quorum")

Event = dict[str, Any]


class OrderRefused(EvenloadError):
    """An order that cannot be taken. field: the key at fault; is_conflict: valid, but not as things are now."""

    def __init__(self, field: str, reason: str, is_conflict: bool = False) -> None:
        super().__init__(reason)
        self.field = field
        self.is_conflict = is_conflict


class LiveCluster:
    """source: the cluster; reason: why it is not real processes, "" if it is; clock_s: monotonic seconds."""

    def __init__(
        self, source: ClusterSource, reason: str = "", clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._reason = " ".join(reason.split())[:REASON_SIZE_MAX]
        self._clock_s = clock_s
        self._started_s = clock_s()
        self._phase = "starting"
        self._orders: deque[tuple[str, float]] = deque()
        self._beats = Beats(source.sources, source.bitrate)
        self._failovers = Failovers()
        self._lanes = Lanes(source.sources)
        self._story = Story()
        self._down_s: dict[int, float] = {}
        self._short_s: float | None = None
        self._is_asked = False
        self._demand_kw_max = round(sum(source.rated_kw.values()) * OVERLOAD)
        self._was = self._snapshot()
        self._published = (self._was, clock_s())

    def snapshot(self) -> dict[str, Any]:
        """Return the latest published snapshot."""
        return self._published[0]

    def age_ms(self) -> int:
        """Return how long ago it was published."""
        return round((self._clock_s() - self._published[1]) * 1000)

    def kill(self, node: int) -> None:
        """Queue killing a node; raises OrderRefused for a node that is not there or does not live."""
        if node not in self._source.sources:
            names = ", ".join(str(src) for src in self._source.sources)
            raise OrderRefused("node", f"node is {node}; valid: {names}.")
        if next(row for row in self.snapshot()["nodes"] if row["node"] == node)["state"] == "down":
            raise OrderRefused("node", f"Node {node} is down already; it is started again by itself.", True)
        self._queue("node", ("kill", node))

    def load(self, load_kw: float) -> None:
        """Queue telling the leader the load; raises OrderRefused outside 0 .. 4/3 of the capacity."""
        if not 0 <= load_kw <= self._demand_kw_max:
            raise OrderRefused("load_kw", f"load_kw is {load_kw:g}; valid: 0 .. {self._demand_kw_max} kW.")
        self._queue("load_kw", ("load", load_kw))

    def start(self) -> None:
        """Start the cluster; what cannot be started raises SourceFailed."""
        self._source.start()
        self._phase = "running"
        if self._reason:
            self._tell("warn", "simulated", reason=self._reason)
        self._tell("info", "started", count=len(self._source.sources))

    def advance(self) -> float:
        """Do what is due, publish five times a second, and return the seconds until the next call is wanted."""
        wait_s = self._source.turn()
        self._hear()
        while self._orders:
            self._do(*self._orders.popleft())
        self._keep()
        if self.age_ms() >= ASK_MS and not self._is_asked:
            self._is_asked = True
            self._source.ask()
        if self.age_ms() >= PUBLISH_MS:
            self._is_asked = False
            self._measure()
            self._publish()
        return wait_s

    def close(self) -> None:
        """End the cluster and say so."""
        self._source.close()
        self._phase = "ended"
        self._publish()

    def _queue(self, field: str, order: tuple[str, float]) -> None:
        if len(self._orders) >= ORDERS_MAX:
            raise OrderRefused(field, "Too many orders wait; send it again in a second.", True)
        self._orders.append(order)

    def _hear(self) -> None:
        for t_us, frame in self._source.take_frames():
            self._beats.on_frame(t_us, frame)
        for event in self._source.take_events():
            if "node" in event:
                leader = self._failovers.leader
                self._failovers.on_event(event)
                self._lanes.on_event(event, leader)
        for src, words, answer in self._source.take_answers():
            kw = words.split()[1]
            if answer.get("ok", True):
                self._tell("info", "load", node=src, kw=kw)
            else:
                reason = str(answer.get("error") or answer.get("reason") or answer)
                self._tell("warn", "load_refused", node=src, kw=kw, reason=reason)

    def _do(self, word: str, value: float) -> None:
        if word == "kill":
            self._kill(int(value))
            return
        leader = self._failovers.leader
        if leader and self._source.is_running(leader):
            self._source.order(leader, f"load {value:g}")
        else:
            self._tell("warn", "load_no_master", kw=f"{value:g}")

    def _kill(self, src: int) -> None:
        if src in self._down_s or not self._source.is_running(src):
            return
        survivors = {row["node"] for row in self._nodes() if row["state"] == "up"} - {src}
        self._measure()
        at_us = self._source.kill(src)
        self._failovers.begin(src, at_us, survivors)
        self._down_s[src] = self._clock_s()
        self._note_down(src, at_us)
        self._tell("warn", "killed", node=src)

    def _note_down(self, src: int, t_us: int) -> None:
        event = {"t_us": t_us, "node": src, "event": "down"}
        self._failovers.on_event(event)
        self._lanes.on_event(event, 0)

    def _keep(self) -> None:
        """Start again what has been down for long enough; what ended by itself counts as down from now on."""
        now_s = self._clock_s()
        for src in self._source.sources:
            if src not in self._down_s:
                if self._phase == "running" and not self._source.is_running(src):
                    self._down_s[src] = now_s
                    self._note_down(src, self._source.now_us())
                    self._tell("alarm", "ended", node=src)
            elif now_s - self._down_s[src] >= RESTART_S and not self._source.is_running(src):
                self._source.restart(src)
                self._tell("info", "restarted", node=src)
            elif self._source.is_running(src) and self._is_serving(src):
                self._tell("info", "joined", node=src, seconds=f"{now_s - self._down_s.pop(src):.1f}")

    def _is_serving(self, src: int) -> bool:
        status = self._source.statuses().get(src)
        return status is not None and status["role"] != "boot"

    def _measure(self) -> None:
        """Complete the kills that are under way and tell each of their times once."""
        for kill in self._failovers.open_kills():
            kill.hear_last(self._beats.heard_us(kill.node))
            row = kill.row()
            values = {"old": kill.node, "node": row["leader"], "limit": LIMIT_MS}
            for name, code in (("contingency", "covered"), ("elected", "master"), ("applied", "applied")):
                time_ms = row[f"{name}_ms"]
                if time_ms is not None and name not in kill.told:
                    kill.told.add(name)
                    is_late = name == "applied" and time_ms > LIMIT_MS
                    told = "late" if is_late else code
                    self._tell("alarm" if is_late else "info", told, ms=str(int(time_ms + 0.5)), **values)
        self._failovers.close_old(self._source.now_us())

    def _tell(self, severity: str, code: str, **values: Any) -> None:
        self._story.tell(self._clock_s() - self._started_s, severity, code, **values)

    def _publish(self) -> None:
        snapshot = self._snapshot()
        self._tell_changes(snapshot)
        self._published = (snapshot | {"events": self._story.events()}, self._clock_s())

    def _tell_changes(self, now: dict[str, Any]) -> None:
        """Tell what has become different since the last snapshot: quorum, coverage, alarms, the first master."""
        was, self._was = self._was, now
        if self._phase != "running":
            return
        counts = {key: now[key] for key in ("alive", "voters", "quorum")}
        if (was["alive"] >= was["quorum"]) != (now["alive"] >= now["quorum"]) and was["term"]:
            is_back = now["alive"] >= now["quorum"]
            self._tell("info" if is_back else "alarm", "quorum_back" if is_back else "quorum_lost", **counts)
        if (was["unmet_kw"] > 0) != (now["unmet_kw"] > 0):
            is_met = now["unmet_kw"] <= 0
            self._tell(
                "info" if is_met else "alarm", "met" if is_met else "unmet", kw=f"{now['unmet_kw']:.1f}"
            )
        if now["n1"] != was["n1"] and "unknown" not in (now["n1"], was["n1"]):
            self._tell("info" if now["n1"] == "kept" else "warn", f"n1_{now['n1']}")
        if now["leader"] and not was["leader"] and not self._failovers.count:
            self._tell("info", "first_master", node=now["leader"], term=now["term"])
        alarms = {row["node"]: set(row["alarms"]) for row in was["nodes"]}
        for row in now["nodes"]:
            for alarm in sorted(set(row["alarms"]) - alarms[row["node"]]):
                self._tell("warn", "alarm", node=row["node"], alarm=alarm)

    def _snapshot(self) -> dict[str, Any]:
        source, now_us = self._source, self._source.now_us()
        rows = self._nodes()
        statuses = source.statuses()
        living = [statuses[row["node"]] for row in rows if row["state"] == "up"]
        leader = self._failovers.leader
        newest = max(
            (status["plan"] for status in living), key=lambda plan: (plan["term"], plan["seq"]), default=None
        )
        alarms = {alarm for status in living for alarm in status.get("alarms", ())}
        demand_kw = newest["demand_kw"] if newest else 0.0
        carried_kw = round(sum(row["applied_kw"] for row in rows if row["state"] == "up"), 2)
        short_kw = self._short_kw(round(demand_kw - carried_kw, 2))
        is_lasting = self._short_s is not None and self._clock_s() - self._short_s > SHORT_S_MAX
        told_kw = max((status.get("unmet_kw", 0.0) for status in living), default=0.0)
        return {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "kind": source.kind,
            "reason": self._reason,
            "phase": self._phase,
            "rt": bool(living) and all(status.get("rt") for status in living),
            "run_s": round(self._clock_s() - self._started_s, 3),
            "leader": leader,
            "term": max((status["term"] for status in living), default=0),
            "plan": f"{newest['term']}.{newest['seq']}" if newest else "–",
            "demand_kw": demand_kw,
            "demand_kw_max": self._demand_kw_max,
            "carried_kw": carried_kw,
            "short_kw": short_kw,
            "unmet_kw": max(told_kw, short_kw) if is_lasting else told_kw,
            "rated_kw": sum(source.rated_kw.values()),
            "n1": "unknown"
            if not (newest and leader)
            else "lost"
            if alarms & {"n1_lost", "unmet"}
            else "kept",
            "alive": len(living),
            "voters": len(source.sources),
            "quorum": len(source.sources) // 2 + 1,
            "bus": {
                "load_percent": round(self._beats.load_percent(now_us), 1),
                "frames_per_s": self._beats.frames_per_s(now_us),
                "bitrate": source.bitrate,
            },
            "nodes": rows,
            "kills": [kill.row() for kill in self._failovers.kills],
            "kill_count": self._failovers.count,
            "events": [],
        }

    def _short_kw(self, missing_kw: float) -> float:
        """Return what nobody carries at this moment, and remember since when."""
        if missing_kw < SHORT_KW_MIN:
            self._short_s = None
            return 0.0
        if self._short_s is None:
            self._short_s = self._clock_s()
        return missing_kw

    def _nodes(self) -> list[dict[str, Any]]:
        statuses, now_us = self._source.statuses(), self._source.now_us()
        return [self._node(src, statuses.get(src), now_us) for src in self._source.sources]

    def _node(self, src: int, status: dict[str, Any] | None, now_us: int) -> dict[str, Any]:
        is_running = self._phase == "running" and self._source.is_running(src)
        state = "down" if src in self._down_s and not is_running else "up"
        if state == "up" and (status is None or not is_running or not self._is_serving(src)):
            state = "starting"
        known = status if status is not None and state == "up" else EMPTY_STATUS
        plan = known["plan"]
        wait_s = RESTART_S - (self._clock_s() - self._down_s.get(src, 0.0)) if state == "down" else 0.0
        return {
            "node": src,
            "state": state,
            "role": known["role"],
            "has_lease": bool(known["has_lease"]),
            "term": known["term"],
            "plan": f"{plan['term']}.{plan['seq']}",
            "rated_kw": self._source.rated_kw[src],
            "applied_kw": known["applied_kw"],
            "planned_kw": plan.get("share_kw") if state == "up" else None,
            "basis": known["basis"],
            "health": known.get("health", "full"),
            "alarms": [alarm for alarm in known.get("alarms", ()) if alarm not in COMMON_ALARMS],
            "age_ms": self._beats.age_ms(src, now_us),
            "restart_s": round(max(0.0, wait_s), 1),
            "beats": self._beats.ago_ms(src, now_us),
            **self._lanes.row(src, now_us),
        }
