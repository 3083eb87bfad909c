"""Runs a world again: python -m evenload_sim.replay --seed 7 --until-ms 123400 --inject
60000:meter_unplugged:main:on

An InvariantBroken prints this command. The site is the garage, or --site FILE. `--trace` prints the world's
trace.
"""

import argparse
import json
import sys
from pathlib import Path

from evenload_sim.world import PASS_MS, World, WorldOptions


def main(words: list[str]) -> int:
    """Run the command line `words`; return 0."""
    options = _parser().parse_args(words)
    site = json.loads(options.site.read_text()) if options.site else None
    beginning = WorldOptions(
        start_ms=options.start_ms,
        start_hour=options.start_hour,
        load_percent=options.load_percent,
        traffic=not options.no_traffic,
        trace=sys.stdout if options.trace else None,
    )
    world = World(site, options.seed, beginning)
    orders = [order.rsplit(":", 3) for order in options.inject]
    while world.clock.elapsed_ms < options.end_elapsed_ms:
        for at_ms, name, target, on in orders:
            if int(at_ms) == world.clock.elapsed_ms:
                world.inject(name, target, on == "on")
        world.step(PASS_MS)
    print(f"seed {options.seed}: {world.clock.elapsed_ms / 1000:.1f} s, no rule broken", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    defaults = WorldOptions()
    parser = argparse.ArgumentParser(prog="python -m evenload_sim.replay", description="Run a world again.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until-ms", dest="end_elapsed_ms", type=int, default=3_600_000)
    parser.add_argument("--start-ms", type=int, default=defaults.start_ms)
    parser.add_argument("--start-hour", type=int, default=defaults.start_hour)
    parser.add_argument("--load-percent", type=int, default=defaults.load_percent)
    parser.add_argument("--site", type=Path)
    parser.add_argument("--no-traffic", action="store_true")
    parser.add_argument("--inject", action="append", default=[], metavar="MS:FAULT:TARGET:on|off")
    parser.add_argument("--trace", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
