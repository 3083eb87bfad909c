"""A real `evenload sim site` process, a real Chromium, and real cooling units on a real hub; all wait for events, never
for time.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).resolve().parents[2]
STOP_S_MAX = 15


class SiteProcess:
    """The command as a user starts it, on a free port."""

    def __init__(self, *options):
        code = "from evenload_host.cli import main; main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "sim", "site", "--port", "0", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        self.told = json.loads(line)
        self.url = self.told["url"]

    def stop(self, number=signal.SIGTERM):
        """End the process and return (exit code, what it said on stderr)."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=STOP_S_MAX)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def site():
    running = SiteProcess("--seed", "1", "--no-cluster")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def cluster_site():
    running = SiteProcess("--seed", "1")
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def start_site():
    """Return a function that starts a site of a test's own."""
    started = []

    def start(*options):
        started.append(SiteProcess(*options))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()


@pytest.fixture(scope="session")
def browser():
    """Return a headless Chromium; the rule for missing parts decides without one."""
    import shutil

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Python module `playwright` is not installed; `make core` installs it")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("`chromium` is not installed; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


def missing(sentence):
    """Skip visibly on a laptop, fail under CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true and a part is missing: {sentence}")
    pytest.skip(sentence)


@pytest.fixture
def watched_page(browser):
    """Return a function (size, address, wanted) -> page; at the end no page may have complained on its console."""
    complaints, contexts = [], []

    def open_at(size, address, wanted):
        context = browser.new_context(viewport=dict(zip(("width", "height"), size, strict=True)))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints
        page.goto(address)
        page.wait_for_selector(wanted)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_page(watched_page, site):
    """Return a function (width, address) -> the site's page, once its modules have drawn it."""
    return lambda width, address="", url=None: watched_page(
        (width, 900), (url or site.url) + address, "#diagram-body svg text"
    )


@pytest.fixture
def open_cluster(watched_page, cluster_site):
    """Return a function (size, address) -> the cluster's page, once its modules have drawn it."""
    return lambda size=(1280, 800), address="?lang=en": watched_page(
        size, cluster_site.url + "cluster" + address, ".lane path.beats[d^=M]"
    )


@pytest.fixture(scope="session")
def screenshots():
    folder = ROOT / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


CDU_DEADLINE_S = 60


class CduSite:
    """A hub and the units of one cluster, each a process; `folder` is short enough for local sockets."""

    def __init__(self, folder, count):
        self.folder = folder
        self.count = count
        self.processes = {}
        self.hub = None
        self.tcp_port = 0

    def start_hub(self):
        words = [
            "-m",
            "evenload_host",
            "sim",
            "can-hub",
            "--socket",
            str(self.folder / "bus"),
            "--tcp",
            "0",
            "--json",
        ]
        self.hub = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, cwd=self.folder)
        self.tcp_port = json.loads(self.hub.stdout.readline())["port"]

    def stop_hub(self):
        if self.hub is not None:
            self.hub.kill()
            self.hub.communicate()
            self.hub = None

    def config(self, src, **changes):
        """Return unit `src`'s configuration; changes: top-level keys to replace."""
        values = {
            "node": f"CDU_{src:02}",
            "role": "cdu",
            "state_dir": str(self.folder / f"n{src}"),
            "can": {"kind": "virtual", "path": str(self.folder / "bus")},
            "cluster": {
                "src": src,
                "voters": [{"src": other, "rated_kw": 50} for other in range(1, self.count + 1)],
                "demand_kw": 80,
            },
        }
        return {**values, **changes}

    def start(self, src, environment=None, **changes):
        path = self.folder / f"n{src}.json"
        path.write_text(json.dumps(self.config(src, **changes)))
        self.spawn(src, [str(path)], environment)

    def spawn(self, src, words, environment=None):
        """Start a process and keep it as unit `src`."""
        log = (self.folder / f"n{src}.log").open("ab")
        self.processes[src] = subprocess.Popen(
            [sys.executable, "-m", "evenload_node.linux", "run", *words],
            stdout=subprocess.DEVNULL,
            stderr=log,
            cwd=self.folder,
            env={**os.environ, **(environment or {})},
        )
        log.close()

    def log(self, src):
        return (self.folder / f"n{src}.log").read_text()

    def ask(self, src, words):
        """Return the unit's answer; waits until it has a console."""
        return self.until(lambda: self._try(src, words), f"an answer of unit {src} to `{words}`")

    def console(self, src):
        """Return a connection to the unit's console; OSError while there is none."""
        return ConsoleClient(self.folder / f"n{src}" / "console.sock")

    def _try(self, src, words):
        try:
            with self.console(src) as console:
                return console.ask(words)
        except OSError:
            return None

    def until(self, condition, what):
        """Return the first true value of `condition`."""
        deadline = time.monotonic() + CDU_DEADLINE_S
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            select.select([], [], [], 0.005)
        logs = "\n".join(self.log(src)[-1500:] for src in self.processes)
        raise AssertionError(f"never: {what}. Logs: {logs}")

    def settle(self, *sources):
        """Return the statuses of `sources` once one of them leads them all with one plan."""

        def settled():
            found = {src: self._try(src, "status") for src in sources}
            if None in found.values():
                return None
            leaders = [one for one in found.values() if one["has_lease"]]
            if len(leaders) != 1 or leaders[0]["alive"] != sorted(sources):
                return None
            plans = {(one["plan"]["term"], one["plan"]["seq"]) for one in found.values()}
            return found if len(plans) == 1 and (leaders[0]["term"], 0) < plans.pop() else None

        return self.until(settled, f"units {sources} under one plan")

    def kill(self, src, number=signal.SIGKILL):
        """Send a signal, wait for the end, return the exit code."""
        process = self.processes.pop(src)
        process.send_signal(number)
        return process.wait(CDU_DEADLINE_S)

    def close(self):
        for src in list(self.processes):
            self.kill(src)
        self.stop_hub()


class ConsoleClient:
    """A blocking client of one unit's console."""

    def __init__(self, path):
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.line.settimeout(CDU_DEADLINE_S)
        try:
            self.line.connect(str(path))
        except OSError:
            self.line.close()
            raise
        self.file = self.line.makefile("rw", newline="\n")

    def ask(self, words):
        self.file.write(words + "\n")
        self.file.flush()
        return self.read()

    def read(self):
        line = self.file.readline()
        if not line:
            raise ConnectionError("the node closed the console")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.line.close()


@pytest.fixture
def make_cdu_site():
    """Return a function count -> CduSite with a running hub."""
    made = []
    with tempfile.TemporaryDirectory(prefix="cdu-") as folder:

        def make(count):
            site = CduSite(Path(folder), count)
            made.append(site)
            site.start_hub()
            return site

        yield make
        for site in made:
            site.close()


@pytest.fixture
def unconnected_cdu():
    """Return a function folder -> configuration of unit 1 of 3, whose hub does not run."""
    return lambda folder: CduSite(folder, 3).config(1)
