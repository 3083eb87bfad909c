"""A real `evenload sim site` process and a real Chromium; both wait for events, never for time."""

import json
import os
import signal
import subprocess
import sys
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
def open_page(browser, site):
    """Return a function (width, address) -> page; at the end no page may have complained on its console."""
    complaints, contexts = [], []

    def open_at(width, address="", url=None):
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.complaints = complaints
        page.goto((url or site.url) + address)
        page.wait_for_selector("#diagram-body svg text")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def screenshots():
    folder = ROOT / "var" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
