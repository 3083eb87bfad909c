"""The control loop of a cooling unit: asyncio around a kernel that has long been running by itself.

SIGTERM, Ctrl-C and a terminal that closes are a planned stop: a master says RESIGN first, so that nobody waits
for its silence.
"""

import asyncio
import json
import os
import signal
import socket
import sys

from evenload import wire

from evenload_node.console import Console
from evenload_node.hal.cdu_posix import CduNode
from evenload_node.hal.console_posix import ConsoleServer
from evenload_node.hal.line_writer_posix import LineWriter

STEP_S = 0.05
STATUS_S = 1.0
RESIGN_S_MAX = 0.3


class CduLoop:
    """node: a CduNode that has been started; as_json: how the status is printed once a second."""

    def __init__(self, node: CduNode, as_json: bool):
        self._node = node
        self._as_json = as_json
        self._console = Console(node.role, node.log_lines)
        self._server = ConsoleServer(self._console, node.now_ms)
        self._lines = LineWriter(sys.stdout.fileno())
        self._stop = asyncio.Event()

    async def run(self, line: socket.socket) -> None:
        """Serve on the console's listening socket until a signal comes."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) != signal.SIG_IGN:  # nohup's wish is respected.
                loop.add_signal_handler(number, self._stop.set)
        if self._node.notify_fd >= 0:
            loop.add_reader(self._node.notify_fd, self._on_news)
        await self._server.open(line)
        tasks = [asyncio.ensure_future(self._step()), asyncio.ensure_future(self._print())]
        await self._stop.wait()
        for task in tasks:
            task.cancel()
        await self._resign()
        self._server.close()
        self._lines.close()
        if self._node.notify_fd >= 0:
            loop.remove_reader(self._node.notify_fd)

    def _on_news(self) -> None:
        """Look at once at what the kernel has: an answer, a transition, a ceiling to store."""
        os.read(self._node.notify_fd, 8)
        self._node.role.turn()
        self._console.poll(self._node.now_ms())

    async def _step(self) -> None:
        while True:
            try:
                self._node.step()
                self._console.poll(self._node.now_ms())
            except Exception as error:  # The loop's edge: one place, told; the kernel beats on.
                self._node.log.line("ERROR", f"event=fault {type(error).__name__} {error}")
            await asyncio.sleep(STEP_S)

    async def _print(self) -> None:
        while True:
            await asyncio.sleep(STATUS_S)
            status = self._node.status()
            self._lines.write(json.dumps(status) if self._as_json else human_line(status))

    async def _resign(self) -> None:
        """Stand down if this unit leads, and give the wire a moment to carry it."""
        role = self._node.role
        role.refresh()
        if not role.numbers[wire.SNAPSHOT_HAS_LEASE]:
            return
        ticket = role.order(wire.ORDER_RESIGN, 0)
        deadline_s = asyncio.get_running_loop().time() + RESIGN_S_MAX
        frames_out = role.numbers[wire.SNAPSHOT_FRAMES_OUT]
        while asyncio.get_running_loop().time() < deadline_s:
            role.turn()
            has_sent = role.numbers[wire.SNAPSHOT_FRAMES_OUT] != frames_out
            if role.answers.get(ticket) is not None and has_sent:
                break
            await asyncio.sleep(0.005)


def human_line(status: dict) -> str:
    """Return one line: who leads, what this unit carries and why, who is there, what is wrong."""
    words = [f"{status['node']} {status['role']}"]
    if status["voters"]:
        words.append(f"term {status['term']} master {status['leader'] or 'none'}")
        words.append(f"alive {len(status['alive'])} of {len(status['voters'])}")
    has_plan = status["plan"]["term"] or not status["voters"]
    words.append(
        f"{status['delivered_kw']:.1f} of {status['applied_kw']:.1f} kW ({status['basis']}), "
        + (f"demand {status['plan']['demand_kw']:g} kW" if has_plan else "no plan yet")
    )
    if status["voters"] and not status["bus"]["open"]:
        words.append("bus not open: " + (status["bus"].get("error") or "lost"))
    words += ["alarm " + name for name in status["alarms"]]
    return " | ".join(words + status["faults"])


def serve(node: CduNode, as_json: bool, line: socket.socket) -> None:
    """Serve the console on the listening socket `line` until a signal comes."""
    asyncio.run(_serve(node, as_json, line))


async def _serve(node, as_json, line):
    await CduLoop(node, as_json).run(line)
