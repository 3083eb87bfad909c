"""`evenload`: one file per command in this folder, loaded when the command is asked for.

A command `x` is the module `x.py` with an attribute `command` (a click command or group of that name), and
`sim can-hub` is the module `sim_can_hub.py`. Nothing else registers it. A module imports what is heavy inside
its functions, so that `evenload --help` stays fast.

Exit codes: 0 done, 1 the command ran and something in it failed, 2 refused with a sentence on stderr,
130 Ctrl-C.
"""

import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from importlib.metadata import version

import click
from evenload.errors import EvenloadError

EXIT_REFUSED = 2
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A click group whose commands are modules of this package, and those it was given by decorator.

    `sim_can_hub.py` is the command `can-hub` of the group `sim`, because `sim` is a command too; the top
    group has an empty `stem`.
    """

    stem = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*super().list_commands(ctx), *self._modules()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command `cmd_name`, or None where neither a decorator nor a module gave that name."""
        module = self._modules().get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(f"{__name__}.{module}").command
        return command

    def _modules(self) -> dict[str, str]:
        """Return the module of each command of this group."""
        modules = [module.name for module in pkgutil.iter_modules(__path__)]
        begin = f"{self.stem}_" if self.stem else ""
        return {
            name.removeprefix(begin).replace("_", "-"): name
            for name in modules
            if name.startswith(begin) and not name.startswith("_") and (begin or not is_below(name, modules))
        }


class SimGroup(LazyGroup):
    """The group `sim`; its commands are the modules `sim_*.py`."""

    stem = "sim"


def is_below(name: str, modules: list[str]) -> bool:
    """Tell whether a module is a command of a group that has a module of its own."""
    return name.partition("_")[0] in modules and "_" in name


def print_version(ctx: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    """Print the version and the backend of the kernels, then leave."""
    if not asked or ctx.resilient_parsing:
        return
    click.echo(f"evenload {version('evenload')}, core {load_backend()}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`evenload COMMAND --help` explains one command. EVENLOAD_CORE=c or =python chooses the kernels.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Show the version and which core (c or python) is in use.",
)
def evenload() -> None:
    """Share a site's electrical power and its cooling evenly and safely.

    \b
    Examples:
      evenload sim site                     a simulated garage and cluster at http://127.0.0.1:8000
      evenload sim cluster                  a hundred failovers of cooling units, timed and judged
      evenload meter decode --hex capture   packets of a BL0942 as JSON lines
      evenload charging plan --example      a complete site file to start from
      evenload bench                        measured numbers against their targets
    """


def load_backend() -> str:
    """Return "c" or "python"; a core that cannot be loaded is refused with its own sentence."""
    try:
        from evenload.core import BACKEND
    except ImportError as error:
        raise click.ClickException(
            f"EVENLOAD_CORE=c was asked for, but the C core cannot be loaded ({error}). "
            "Run `make core` to build it, or set EVENLOAD_CORE=python."
        ) from error
    return BACKEND


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code; every refusal is a sentence on stderr."""
    try:
        code = evenload.main(args=arguments, prog_name="evenload", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        leave_broken_pipe()
    except click.UsageError as error:
        error.show()
        sys.exit(EXIT_REFUSED)
    except click.ClickException as error:
        refuse(error.format_message())
    except EvenloadError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or 'The system'}: {error.strerror or error}.")
    else:
        sys.exit(code if isinstance(code, int) else 0)


def refuse(sentence: str) -> None:
    """Say why on stderr and leave with exit code 2."""
    click.echo(f"Error: {sentence}", err=True)
    sys.exit(EXIT_REFUSED)


def leave_broken_pipe() -> None:
    """Leave quietly when the reader (`head`) went away; nor may the interpreter's last flush complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)
