"""Every example in README and docs/ is executed, in order, in one empty folder per document.

In a ```console block a line `$ command` runs and the lines below it are its whole output; `...` stands for
any text, and alone on a line for any lines. `[exit 2]` as the last line expects that exit code. A block below
`<!-- file: NAME -->` is written to that file first. ```python blocks of one document share a namespace. Other
blocks (```sh, ```text) are only read.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")]
)
BLOCK = re.compile(r"(?:<!-- file: (\S+) -->\n+)?^```(\w*)\n(.*?)^```$", re.M | re.S)
COMMAND_TIMEOUT_S = 60


def blocks(text):
    """Return (file name or "", language, body) of each fenced block."""
    return [match.groups(default="") for match in BLOCK.finditer(text)]


def commands(body):
    """Return (command, expected output, expected exit code) of each `$ ` line of a console block."""
    found = []
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, rest = part.partition("\n")
        while command.endswith("\\"):
            more, _, rest = rest.partition("\n")
            command = f"{command}\n{more.removeprefix('> ')}"
        exit_line = re.search(r"^\[exit (\d+)\]\n?\Z", rest, flags=re.M)
        expected = rest[: exit_line.start()] if exit_line else rest
        found.append((command, expected, int(exit_line.group(1)) if exit_line else 0))
    return found


def output_pattern(expected):
    """Return the regular expression that an expected output stands for."""
    lines = [line.rstrip() for line in expected.rstrip("\n").splitlines()]
    parts = [
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r"\n"
        for line in lines
    ]
    return re.compile("".join(parts))


def mismatch(command, folder):
    """Run one (command, expected output, exit code) and return what differs, or ""."""
    line, expected, exit_code = command
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=os.environ | {"PATH": path, "EVENLOAD_HOME": str(folder / "var")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
        check=False,
    )
    said = "".join(f"{text.rstrip()}\n" for text in done.stdout.rstrip("\n").splitlines())
    if done.returncode == exit_code and output_pattern(expected).fullmatch(said):
        return ""
    return f"$ {line}\nexit {done.returncode} instead of {exit_code}; it said:\n{said}instead of:\n{expected}"


def run_document(text, folder):
    """Execute a document's blocks in `folder`; return a list of what differs."""
    namespace = {}
    found = []
    for name, language, body in blocks(text):
        if name:
            (folder / name).write_text(body)
        elif language == "console":
            found += [difference for item in commands(body) if (difference := mismatch(item, folder))]
        elif language == "python":
            exec(compile(body, "document", "exec"), namespace)
    return found


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_documents_examples_do_what_it_says(document, tmp_path):
    assert "\n".join(run_document((ROOT / document).read_text(), tmp_path)) == ""


def test_a_wrong_output_is_found(tmp_path):
    assert run_document("```console\n$ echo one\ntwo\n```\n", tmp_path)
    assert run_document("```console\n$ false\n```\n", tmp_path)
    assert run_document("```console\n$ echo one; echo two\none\n```\n", tmp_path)


def test_dots_stand_for_any_text_and_files_are_written(tmp_path):
    text = "<!-- file: a.txt -->\n```text\none\ntwo\nthree 3 times\n```\n"
    assert not run_document(
        text + "```console\n$ cat a.txt; exit 2\n...\nthree ... times\n[exit 2]\n```\n", tmp_path
    )


def test_a_failing_python_block_is_found(tmp_path):
    with pytest.raises(AssertionError):
        run_document("```python\nassert 1 == 2\n```\n", tmp_path)
