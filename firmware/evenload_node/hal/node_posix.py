"""A node on Linux, from its command line to the loop of its role.

Exit codes: 0 ended by a signal or done, 1 a running node refused what its console was asked, 2 refused with a
sentence on stderr.
"""

import argparse
import sys
from collections.abc import Callable

from evenload.core import BACKEND
from evenload.errors import EvenloadError

from evenload_node.hal.config_posix import read_config

EXAMPLES = """examples:
  evenload-node run board_configs/linux_meter.json             one line a second for a person
  evenload-node run board_configs/linux_meter.json --json      one JSON object a second for a program
  evenload-node run board_configs/linux_cdu.json --node-id 2   unit 2 of the cluster in the file
  evenload-node check board_configs/linux_charger.json         only says whether the file would start
  evenload-node console board_configs/linux_cdu.json status    asks the running node of that file
  evenload-node console var/cdu-1/console.sock trace           shows every transition as it happens

The keys of the file: board_configs/README.md. EVENLOAD_CORE=c or =python chooses the kernels.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parse_arguments(arguments)
    if options.command == "console":
        from evenload_node.hal.console_client_posix import run_console

        return run_console(options.file, options.node_id, options.words, options.json)
    try:
        config = read_config(options.file, options.node_id)
        if options.command == "check":
            return _check(options.file, config)
        return _runner(config)(config, options.json)
    except (EvenloadError, OSError) as error:
        print(f"evenload-node {options.command} {options.file}: {error}", file=sys.stderr)
        return 2


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        prog="evenload-node",
        description="A node on Linux: reads meters, drives charging stations, or cools as one of a cluster.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"evenload-node, core {BACKEND}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the node until SIGTERM or Ctrl-C")
    run.add_argument("--json", action="store_true", help="print the status as JSON, one object a second")
    check = commands.add_parser("check", help="validate a configuration and leave")
    console = commands.add_parser(
        "console", help="ask a running node; without WORDS, every line of standard input"
    )
    console.add_argument("--json", action="store_true", help="print the answer as one line of JSON")
    for command in (run, check):
        command.add_argument("file", metavar="FILE", help="the node's configuration (JSON, or .yaml)")
    console.add_argument("file", metavar="FILE|SOCKET", help="the node's configuration, or its console.sock")
    for command in (run, check, console):
        command.add_argument("--node-id", metavar="N", help="which voter of the file this is: number or name")
    console.add_argument("words", metavar="WORDS", nargs="*", help="a request; `help` lists them")
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["console"]:
        # Options may stand between the words of a request, which a sub-command's parser cannot take.
        return console.parse_intermixed_args(words[1:], argparse.Namespace(command="console"))
    return parser.parse_args(words)


def _runner(config) -> Callable:
    """Return what runs the role; only that is loaded."""
    if config.role == "cdu":
        from evenload_node.hal.cdu_posix import run_cdu

        return run_cdu
    from evenload_node.hal.meter_node_posix import run_meters

    return run_meters


def _check(path, config):
    if config.role == "cdu":
        from evenload_node.hal.cdu_posix import summary_of

        warnings = []
    else:
        from evenload_node.hal.meter_node_posix import check_meters, summary_of

        warnings = check_meters(config)
    for warning in warnings:
        print(f"Warning: {warning}", file=sys.stderr)
    print(f"{path} would start: {summary_of(config)}.")
    return 0
