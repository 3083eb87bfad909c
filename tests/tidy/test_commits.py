"""A commit's first line says where and what: `path: Sentence ending in a full stop.`, at most 72 characters.

Only commits that are not on the main branch yet are read: what has landed can't be changed.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUBJECT = re.compile(r"[\w./, -]+: [A-Z0-9`].*\.")
SUBJECT_LENGTH_MAX = 72
MAIN_BRANCHES = ("origin/main", "main")


def wrong_subjects(subjects):
    """Return the first lines that do not follow the rule."""
    return [line for line in subjects if not SUBJECT.fullmatch(line) or len(line) > SUBJECT_LENGTH_MAX]


def _git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else None


def test_new_commits_say_where_and_what():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    for branch in MAIN_BRANCHES:
        subjects = _git("log", "--no-merges", "--format=%s", f"{branch}..HEAD")
        if subjects is not None:
            assert wrong_subjects(subjects) == []


def test_a_wrong_subject_is_found():
    wrong = ["fix stuff", "bl0942: no capital.", "bl0942: No full stop", "bl0942: " + "Long " * 14 + "line."]
    assert wrong_subjects(wrong) == wrong
    assert not wrong_subjects(["shared/bl0942: Drop one byte at a time.", "Makefile: Run `make` quietly."])
