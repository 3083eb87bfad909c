"""keepalived (VRRPv3) as six routers, each in a network namespace of its own: kill the master, hear the next one.

Needs root. A witness in a seventh namespace, where the bridge is, stamps every advertisement: the last of the dead
master and the first of each other router. VRRP has no votes: whoever hears nothing for three intervals and its share
of a fourth takes over.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from evenload.random32 import Random32

from evenload_sim.child_process import Child
from evenload_sim.peers.failover import (
    FAILOVER_S_MAX,
    MEMBER_COUNT,
    SIGNALS,
    PeerTimes,
    folder,
    pause,
    wait_for,
)

ADVERT_MS = 50
PRIORITY_FIRST = 254
WATCH_S = 0.4
STEADY_S = 0.5
NEEDED = {"keepalived": "keepalived", "ip": "iproute2"}
PID_FILES = ("n{index}.pid", "n{index}.vrrp", "n{index}.check")
CONFIG = """global_defs {{
    router_id n{index}
    vrrp_version 3
}}
vrrp_instance master {{
    state BACKUP
    interface eth0
    virtual_router_id 51
    priority {priority}
    advert_int 0.05
    virtual_ipaddress {{
        10.255.0.100/24
    }}
}}
"""


def absence() -> str | None:
    """Return why keepalived cannot be measured here, None where it can."""
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            return f"keepalived: {program} is not installed (apt install {package})"
    if os.geteuid() != 0:
        return "keepalived: network namespaces need root"
    name = f"evl{os.getpid()}x"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"keepalived: no network namespace can be made here ({made.stderr.strip()})"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return None


def measure(priority_step: int, how: str, runs: int) -> PeerTimes:
    """Kill the master `runs` times; priority_step: between two routers, 50 puts their turns 10 ms apart."""
    times = PeerTimes(f"keepalived VRRPv3, priorities {priority_step} apart", has_consensus=False)
    random = Random32(1)
    with Routers(priority_step) as routers:
        for _ in range(runs):
            routers.settle()
            pause(0.1 + random.below(ADVERT_MS) / 1000)
            death_s = routers.kill(SIGNALS[how])
            routers.watch(death_s)
            last_s = max((seen_s for seen_s, index in routers.adverts if index == 0), default=death_s)
            firsts = routers.firsts_after(death_s)
            if firsts:
                times.from_death_ms.append(1000 * (min(firsts) - death_s))
                times.from_last_ms.append(1000 * (min(firsts) - last_s))
            times.missed += not firsts
            times.leaders_at_once = max(times.leaders_at_once, len(firsts))
            routers.bring_back(how)
    return times


class Routers:
    """Six routers on one bridge; number 0 has the highest priority. adverts: (seconds, router), oldest first."""

    def __init__(self, priority_step: int) -> None:
        self.adverts: list[tuple[float, int]] = []
        self._stack = ExitStack()
        self._priorities = [PRIORITY_FIRST - priority_step * index for index in range(MEMBER_COUNT)]
        self._hub = f"evl{os.getpid()}h"
        self._names = [f"evl{os.getpid()}n{index}" for index in range(MEMBER_COUNT)]
        self._members: list[Child] = []
        self._path = Path()
        self._pipe = -1
        self._pending = b""

    def __enter__(self) -> "Routers":
        self._path = self._stack.enter_context(folder("vrrp"))
        try:
            self._wire()
            self._listen()
            for index in range(MEMBER_COUNT):
                self._members.append(self._member(index))
                self._stack.callback(self._members[index].stop)
                self._members[index].start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stack.close()

    def settle(self) -> None:
        """Wait until for STEADY_S nobody but router 0 has advertised."""
        wait_for(self._is_steady, "single master of keepalived")

    def kill(self, number: signal.Signals) -> float:
        """Send a signal to the VRRP process of router 0, then to its parent; return when (CLOCK_MONOTONIC)."""
        parent = self._members[0].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        death_s = time.monotonic()
        for child in children:
            os.kill(int(child), number)
        self._members[0].signal(number)
        return death_s

    def watch(self, death_s: float) -> None:
        """Hear until WATCH_S after a new master's first advertisement, or until there is none."""
        end_s = death_s + FAILOVER_S_MAX
        while time.monotonic() < end_s:
            pause(0.02)
            self._hear()
            firsts = self.firsts_after(death_s)
            end_s = min(firsts) + WATCH_S if firsts else end_s

    def firsts_after(self, death_s: float) -> list[float]:
        """Return when each other router advertised for the first time after a death."""
        firsts: dict[int, float] = {}
        for seen_s, index in self.adverts:
            if index and seen_s > death_s:
                firsts.setdefault(index, seen_s)
        return list(firsts.values())

    def bring_back(self, how: str) -> None:
        """Continue or restart router 0 and forget what was heard."""
        if how == "stop":
            self.kill(signal.SIGCONT)
        else:
            self._members[0].wait(5)
            # keepalived takes the files of its killed self for a daemon that is running.
            for name in PID_FILES:
                (self._path / name.format(index=0)).unlink(missing_ok=True)
            self._members[0].start()
        self.adverts.clear()

    def _is_steady(self) -> bool:
        self._hear()
        now_s = time.monotonic()
        recent = {index for seen_s, index in self.adverts if now_s - seen_s < STEADY_S}
        return recent == {0} and now_s - self.adverts[0][0] > STEADY_S

    def _hear(self) -> None:
        while True:
            try:
                piece = os.read(self._pipe, 65536)
            except BlockingIOError:
                break
            if not piece:
                break
            self._pending += piece
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            seen_ns, index = line.split()
            self.adverts.append((int(seen_ns) / 1e9, int(index)))

    def _wire(self) -> None:
        for name in (self._hub, *self._names):
            ip("netns", "add", name)
            self._stack.callback(ip, "netns", "del", name)
        ip("-n", self._hub, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        ip("-n", self._hub, "link", "set", "br0", "up")
        for index, name in enumerate(self._names):
            end = f"v{index}"
            ip("link", "add", end, "netns", self._hub, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", self._hub, "link", "set", end, "master", "br0", "up")
            ip("-n", name, "addr", "add", f"10.255.0.{index + 1}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def _listen(self) -> None:
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        self._stack.callback(os.close, self._pipe)
        command = [*inside(self._hub), sys.executable, "-m", "evenload_sim.peers.vrrp_witness", "br0"]
        witness = Child(command, self._path / "witness.log", output=writing)
        self._stack.callback(witness.stop)
        witness.start()
        os.close(writing)

    def _member(self, index: int) -> Child:
        config = self._path / f"n{index}.conf"
        config.write_text(CONFIG.format(index=index, priority=self._priorities[index]))
        files = [str(self._path / name.format(index=index)) for name in PID_FILES]
        words = [word for pair in zip(("-p", "-r", "-c"), files, strict=True) for word in pair]
        program = shutil.which("keepalived") or "keepalived"
        command = [*inside(self._names[index]), program, "-n", "-l", "-P", "-f", str(config), *words]
        return Child(command, self._path / f"n{index}.log")


def inside(name: str) -> list[str]:
    """Return the words that run a command in a namespace; the process stays the same (ip executes it)."""
    return [shutil.which("ip") or "ip", "netns", "exec", name]


def ip(*words: str) -> None:
    """Run `ip`."""
    subprocess.run(["ip", *words], check=True, capture_output=True)
