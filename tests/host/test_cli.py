"""The frame of the command line: version, errors as sentences, lazy commands, quiet ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from evenload.errors import ConfigError
from evenload_host import cli


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in its own process."""
    code = "from evenload_host.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_version_shows_the_core_in_use() -> None:
    done = run("--version", EVENLOAD_CORE="python")
    assert done.returncode == 0
    assert done.stdout.startswith("evenload ")
    assert done.stdout.endswith("core python\n")


def test_an_unknown_core_is_refused_with_what_would_be_valid() -> None:
    done = run("--version", EVENLOAD_CORE="rust")
    assert done.returncode == 2
    assert done.stderr.startswith("Error: EVENLOAD_CORE is rust; valid: c or python")


def test_a_module_beside_sim_is_a_command_of_sim(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sim_toy_world.py").write_text("import click\n\ncommand = click.Command('toy-world')\n")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    sim = cli.evenload.get_command(None, "sim")
    assert {"site", "toy-world"} <= set(sim.list_commands(None))
    assert sim.get_command(None, "toy-world").name == "toy-world"
    assert sim.get_command(None, "site").name == "site"
    assert sim.get_command(None, "toy_world") is None
    assert "sim-toy-world" not in cli.evenload.list_commands(None)
    monkeypatch.delitem(sys.modules, "evenload_host.cli.sim_toy_world")


def test_every_command_has_help_with_examples() -> None:
    for name in cli.evenload.list_commands(None):
        command = cli.evenload.get_command(None, name)
        outcome = CliRunner().invoke(cli.evenload, [name, "--help"])
        assert outcome.exit_code == 0, name
        assert command.name == name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--stop"], "--stop needs --realtime."),
        (["--hog"], "--hog needs --realtime."),
        (["--realtime", "--storm", "1"], "--storm is simulated only; leave --realtime out."),
    ],
)
def test_a_failover_option_that_would_not_be_heeded_is_refused(arguments: list[str], sentence: str) -> None:
    done = run("sim", "cluster", "--runs", "1", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr


def test_an_unknown_command_is_refused_with_exit_code_two() -> None:
    done = run("no-such-command")
    assert done.returncode == 2
    assert "No such command" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (
            ConfigError("circuits[1].limit_ma", -5, "0 .. 6000000 mA"),
            "circuits[1].limit_ma is -5; valid: 0 .. 6000000 mA.",
        ),
        (
            FileNotFoundError(2, "No such file or directory", "site.json"),
            "site.json: No such file or directory.",
        ),
    ],
)
def test_an_error_is_a_sentence_and_exit_code_two(raised, said, monkeypatch, capsys) -> None:
    def fail(**_options: object) -> None:
        raise raised

    monkeypatch.setattr(cli.evenload, "main", fail)
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == 2
    assert capsys.readouterr().err == f"Error: {said}\n"


def test_ctrl_c_is_quiet(monkeypatch, capsys) -> None:
    def interrupt(**_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.evenload, "main", interrupt)
    with pytest.raises(SystemExit) as left:
        cli.main([])
    assert left.value.code == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_quiet() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-c", "from evenload_host.cli import main; main()", "--help"],
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write_end)
    assert done.stderr == ""
