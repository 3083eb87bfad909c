"""etcd (Debian: etcd-server) as six members on loopback, its data in memory: kill the leader, time the first put.

A put that is sent while there is no leader hangs for seconds, so each is given up after 60 ms and others are sent
meanwhile, to all survivors in turn; the clock stops at the first one that is committed.
"""

import json
import selectors
import shutil
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from evenload.random32 import Random32

from evenload_sim.child_process import Child
from evenload_sim.peers.failover import (
    FAILOVER_S_MAX,
    MEMBER_COUNT,
    SIGNALS,
    PeerTimes,
    folder,
    free_ports,
    pause,
    wait_for,
)

PROBE_GAP_S = 0.01
ASK_GAP_S = 0.05
CLIENT_TIMEOUT_S = 0.06
CLAIM_S = 0.06
LINGER_S = 0.15
PUT = ("/v3/kv/put", {"key": "Zm9v", "value": "YmFy"})
STATUS: tuple[str, dict[str, str]] = ("/v3/maintenance/status", {})


def absence() -> str | None:
    """Return why etcd cannot be measured here, None where it can."""
    return None if shutil.which("etcd") else "etcd: not installed (apt install etcd-server)"


def measure(heartbeat_ms: int, election_ms: int, how: str, runs: int) -> PeerTimes:
    """Kill the leader `runs` times with --pre-vote and these settings; how: a key of SIGNALS."""
    times = PeerTimes(f"etcd {heartbeat_ms}/{election_ms} --pre-vote", has_consensus=True)
    random = Random32(1)
    with EtcdCluster(heartbeat_ms, election_ms) as cluster:
        for _ in range(runs):
            leader = cluster.settle()
            # The phase of the heartbeat at which the leader dies shall be any.
            pause(0.3 + random.below(heartbeat_ms) / 1000)
            death_s = time.monotonic()
            cluster.members[leader].signal(SIGNALS[how])
            probe = Probe([port for index, port in enumerate(cluster.ports) if index != leader])
            served_s = probe.first_commit_s()
            if served_s is None:
                times.missed += 1
            else:
                times.from_death_ms.append(1000 * (served_s - death_s))
            times.leaders_at_once = max(times.leaders_at_once, probe.leaders_at_once)
            cluster.bring_back(leader)
    return times


class EtcdCluster:
    """Six members; `ports` are their client ports."""

    def __init__(self, heartbeat_ms: int, election_ms: int) -> None:
        self._stack = ExitStack()
        self._timing = ["--heartbeat-interval", str(heartbeat_ms), "--election-timeout", str(election_ms)]
        self.members: list[Child] = []
        self.ports: list[int] = []

    def __enter__(self) -> "EtcdCluster":
        path = self._stack.enter_context(folder("etcd"))
        ports = free_ports(2 * MEMBER_COUNT)
        self.ports, peer_ports = ports[:MEMBER_COUNT], ports[MEMBER_COUNT:]
        everyone = ",".join(f"m{i}=http://127.0.0.1:{port}" for i, port in enumerate(peer_ports))
        for index, (port, peer_port) in enumerate(zip(self.ports, peer_ports, strict=True)):
            self.members.append(self._member(path, index, (port, peer_port), everyone))
            self._stack.callback(self.members[-1].stop)
            self.members[-1].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.close()

    def _member(self, path: Path, index: int, ports: tuple[int, int], everyone: str) -> Child:
        client, peer = (f"http://127.0.0.1:{port}" for port in ports)
        command = [
            shutil.which("etcd") or "etcd",
            *("--name", f"m{index}", "--data-dir", str(path / f"m{index}")),
            *("--listen-client-urls", client, "--advertise-client-urls", client),
            *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
            *("--initial-cluster", everyone, "--initial-cluster-state", "new"),
            *self._timing,
            *("--pre-vote", "--logger", "zap", "--log-level", "error"),
        ]
        return Child(command, path / f"m{index}.log")

    def settle(self) -> int:
        """Wait until all members know one leader; return its index."""
        wait_for(lambda: self._leader() is not None, "leader that all members of etcd know")
        leader = self._leader()
        return self.settle() if leader is None else leader

    def bring_back(self, index: int) -> None:
        """Continue or restart a member."""
        member = self.members[index]
        member.signal(SIGNALS["kill"])
        member.wait(5)
        member.start()

    def _leader(self) -> int | None:
        answers = [ask(port) for port in self.ports]
        names = [one["header"]["member_id"] for one in answers if one]
        leaders = {one.get("leader", "0") for one in answers if one}
        if len(names) < MEMBER_COUNT or len(leaders) != 1:
            return None
        (leader,) = leaders
        return names.index(leader) if leader in names else None


class Probe:
    """Puts to the survivors, and what they say of themselves, in one loop."""

    def __init__(self, ports: list[int]) -> None:
        self.leaders_at_once = 0
        self._ports = ports
        self._selector = selectors.DefaultSelector()
        self._open: dict[socket.socket, tuple[int, str, float]] = {}
        self._claims: dict[int, float] = {}

    def first_commit_s(self) -> float | None:
        """Return when the first put was committed (CLOCK_MONOTONIC), None when none was within FAILOVER_S_MAX."""
        put_s = ask_s = time.monotonic()
        end_s = put_s + FAILOVER_S_MAX
        turn = 0
        served_s: float | None = None
        while (now_s := time.monotonic()) < end_s:
            if now_s >= put_s and served_s is None:
                self._send(self._ports[turn % len(self._ports)], *PUT)
                turn += 1
                put_s = now_s + PROBE_GAP_S
            if now_s >= ask_s:
                for port in self._ports:
                    self._send(port, *STATUS)
                ask_s = now_s + ASK_GAP_S
            committed_s = self._turn(now_s)
            if served_s is None and committed_s is not None:
                served_s, end_s = committed_s, committed_s + LINGER_S
        for one in list(self._open):
            self._close(one)
        self._selector.close()
        return served_s

    def _send(self, port: int, path: str, body: dict[str, str]) -> None:
        one = socket.create_connection(("127.0.0.1", port), CLIENT_TIMEOUT_S)
        one.sendall(request(path, body))
        one.setblocking(False)
        self._selector.register(one, selectors.EVENT_READ)
        self._open[one] = (port, path, time.monotonic() + CLIENT_TIMEOUT_S)

    def _turn(self, now_s: float) -> float | None:
        for one in [one for one, (_, _, until_s) in self._open.items() if now_s > until_s]:
            self._close(one)
        for key, _ in self._selector.select(0.002):
            answered = key.fileobj
            assert isinstance(answered, socket.socket)
            port, path, _ = self._open[answered]
            text = answered.recv(65536)
            self._close(answered)
            if text.startswith(b"HTTP/1.1 200") and path == PUT[0]:
                return time.monotonic()
            self._count(port, answer(text))
        return None

    def _count(self, port: int, found: dict[str, Any] | None) -> None:
        now_s = time.monotonic()
        if found and found.get("leader") == found["header"]["member_id"]:
            self._claims[port] = now_s
        self._claims = {one: seen_s for one, seen_s in self._claims.items() if now_s - seen_s < CLAIM_S}
        self.leaders_at_once = max(self.leaders_at_once, len(self._claims))

    def _close(self, one: socket.socket) -> None:
        self._selector.unregister(one)
        del self._open[one]
        one.close()


def request(path: str, body: dict[str, str]) -> bytes:
    """Return a POST of JSON that asks for the connection to end with the answer."""
    text = json.dumps(body)
    head = f"POST {path} HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


def answer(text: bytes) -> dict[str, Any] | None:
    """Return the JSON object of a complete answer with status 200."""
    head, _, body = text.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200") or not body.startswith(b"{") or not body.rstrip().endswith(b"}"):
        return None
    found: dict[str, Any] = json.loads(body)
    return found if "header" in found else None


def ask(port: int) -> dict[str, Any] | None:
    """Return what a member says of itself; None when it does not answer."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as one:
            one.sendall(request(*STATUS))
            text = b""
            while piece := one.recv(65536):
                text += piece
    except OSError:
        return None
    return answer(text)
