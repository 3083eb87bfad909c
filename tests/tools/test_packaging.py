"""Installing Evenload: with and without a compiler, from a checkout and as a wheel.

Each install goes into a bare environment of its own. Dependencies and build tools come from the environment
that runs the tests, through a .pth file, so nothing is downloaded.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELVES = ("shared", "csrc", "firmware", "host")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
BUILT = shutil.ignore_patterns("*.so", "_core.c", "*.egg-info", "__pycache__", "build")
NO_COMPILER = {"CC": "/bin/false", "CXX": "/bin/false", "LDSHARED": "/bin/false"}
BACKEND = "from evenload.core import BACKEND; print(BACKEND)"
PACKAGES = {path.name for shelf in SHELVES for path in (ROOT / shelf).glob("evenload*") if path.is_dir()}
DATA_SUFFIXES = {".html", ".css", ".js", ".json", ".csv", ".svg"}


def _checkout(folder):
    for shelf in SHELVES:
        shutil.copytree(ROOT / shelf, folder / shelf, ignore=BUILT)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder


def _environment(folder):
    """Return the python of a bare environment that sees this one's packages, but not its Evenload."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    ours = sysconfig.get_path("purelib")
    theirs = next(folder.glob("lib/python*/site-packages"))
    (theirs / "dependencies.pth").write_text(ours + "\n")
    return python


def _run(*command, folder, **variables):
    """Run a command with only the named EVENLOAD variables; return the finished process, output merged."""
    ours = ("EVENLOAD_", "PYTHON", "PIP_REQ")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=inherited | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _pip(python, *words, folder, **variables):
    flags = ("--no-build-isolation", "--no-deps", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "--python", python)
    return _run(*pip, *words[:1], *flags, *words[1:], folder=folder, **variables)


@pytest.fixture(scope="module")
def editable(tmp_path_factory):
    """A checkout installed with `pip install -e .` and a compiler: (its folder, its python)."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler; on Debian: apt install gcc")
    folder = _checkout(tmp_path_factory.mktemp("editable") / "evenload")
    python = _environment(folder.parent / "environment")
    done = _pip(python, "install", "--ignore-installed", "-e", ".", folder=folder, EVENLOAD_CORE="c")
    assert done.returncode == 0, done.stdout
    return folder, python


@pytest.fixture(scope="module")
def wheel_without_compiler(tmp_path_factory):
    """(wheel, pip's output) of a build where every attempt to compile fails."""
    folder = _checkout(tmp_path_factory.mktemp("wheel") / "evenload")
    done = _pip(sys.executable, "wheel", "-v", "-w", folder.parent, ".", folder=folder, **NO_COMPILER)
    assert done.returncode == 0, done.stdout
    return next(folder.parent.glob("*.whl")), done.stdout


def test_an_editable_install_with_a_compiler_runs_the_c_core(editable, tmp_path):
    _, python = editable
    assert _run(python, "-c", BACKEND, folder=tmp_path, EVENLOAD_CORE="c").stdout.strip() == "c"


def test_a_core_older_than_its_sources_is_refused_with_the_command(editable, tmp_path):
    folder, python = editable
    header = folder / "csrc" / "include" / "evenload" / "wire.h"
    header.write_text(header.read_text() + "/* A later edit. */\n")
    refused = _run(python, "-c", BACKEND, folder=tmp_path)
    assert refused.returncode != 0
    assert "make core" in refused.stdout
    assert _run(python, "-c", BACKEND, folder=tmp_path, EVENLOAD_CORE="python").stdout.strip() == "python"


def test_a_failing_build_leaves_no_old_binary(editable, tmp_path):
    folder, python = editable
    assert _run(python, "setup.py", "build_ext", "--inplace", folder=folder).returncode == 0
    assert list(folder.glob("csrc/evenload_core/_core*.so"))
    done = _run(python, "setup.py", "build_ext", "--inplace", folder=folder, **NO_COMPILER)
    assert done.returncode == 0, done.stdout
    assert not list(folder.glob("csrc/evenload_core/_core*.so"))
    assert _run(python, "-c", BACKEND, folder=tmp_path).stdout.strip() == "python"
    asked = _run(python, "-c", BACKEND, folder=tmp_path, EVENLOAD_CORE="c")
    assert asked.returncode != 0, "EVENLOAD_CORE=c never falls back"


def test_without_a_compiler_the_install_says_that_it_falls_back(wheel_without_compiler):
    _, output = wheel_without_compiler
    assert "Python kernels" in output


def test_with_the_c_core_required_a_failing_compiler_is_an_error(tmp_path):
    folder = _checkout(tmp_path / "evenload")
    words = ("wheel", "-w", tmp_path, ".")
    done = _pip(sys.executable, *words, folder=folder, EVENLOAD_CORE="c", **NO_COMPILER)
    assert done.returncode != 0
    assert not list(tmp_path.glob("*.whl"))


def test_a_wheel_carries_the_packages_and_their_data_and_nothing_else(wheel_without_compiler):
    names = set(zipfile.ZipFile(wheel_without_compiler[0]).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES
    assert not [name for name in names if name.endswith((".c", ".h", ".cdef", ".so"))]
    wanted = {
        path.relative_to(ROOT / shelf).as_posix()
        for shelf in SHELVES
        for path in (ROOT / shelf).rglob("*")
        if path.suffix in DATA_SUFFIXES | {".py"} and path.relative_to(ROOT / shelf).parts[0] in PACKAGES
    }
    assert wanted - names == set()


def test_an_installed_wheel_serves_its_command_line_from_anywhere(wheel_without_compiler, tmp_path):
    python = _environment(tmp_path / "environment")
    done = _pip(python, "install", "--ignore-installed", wheel_without_compiler[0], folder=tmp_path)
    assert done.returncode == 0, done.stdout
    version = _run(python.with_name("evenload"), "--version", folder=tmp_path)
    assert version.returncode == 0, version.stdout
    assert "core python" in version.stdout
