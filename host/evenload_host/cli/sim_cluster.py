"""`evenload sim cluster`: failovers of a simulated cluster, many at once, measured and held against the invariants."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evenload_sim.cluster.measure import Outcome, Trial

CHUNK = 20
BIN_MS = 10
BAR_WIDTH = 40
KILLS = ("leader", "follower", "successor", "none")


@click.command("cluster", short_help="Kill nodes of a cluster and time the failovers.")
@click.option("--nodes", type=click.IntRange(1, 12), default=6, show_default=True, help="Voters.")
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True, help="Of the first run.")
@click.option("--runs", type=click.IntRange(1), default=100, show_default=True, help="One seed each.")
@click.option("--kill", type=click.Choice(KILLS), default="leader", show_default=True, help="Who dies.")
@click.option(
    "--at", "at_ms", type=click.IntRange(600, 3_600_000), default=1000, show_default=True, help="When, in ms."
)
@click.option("--loss", type=click.FloatRange(0, 1), default=0.0, help="Probability for each delivery.")
@click.option(
    "--lose-frame", type=click.Choice(("none", "one", "all")), default="none", help="Where one is lost."
)
@click.option("--partition", default="", help="Cut the wire instead: sizes of the parts, as in 3/3.")
@click.option("--bitrate", type=click.IntRange(10_000), default=500_000, show_default=True, help="bit/s.")
@click.option(
    "--tick", "tick_ms", type=click.IntRange(1, 50), default=5, show_default=True, help="Of a node, ms."
)
@click.option(
    "--jitter", "jitter_ms", type=click.IntRange(0, 50), default=2, show_default=True, help="In ms."
)
@click.option(
    "--telemetry", type=click.IntRange(0, 500), default=4, show_default=True, help="Frames a node, 100 ms."
)
@click.option(
    "--ablate", "ablation", default="", help="Take a decision of the design away; `list` names them."
)
@click.option(
    "--storm", "storms", type=click.IntRange(0), default=0, help="Instead: storms of all faults per run."
)
@click.option("--soak", "soak_minutes", type=click.FloatRange(0), default=0.0, help="Storms for this long.")
@click.option(
    "--trace", "trace_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the first run's."
)
@click.option("--realtime", is_flag=True, help="Real processes instead of simulated nodes.")
@click.option("--stop", "is_stop", is_flag=True, help="realtime: SIGSTOP instead of SIGKILL, a silent death.")
@click.option("--hog", "is_hogged", is_flag=True, help="realtime: beside a computing process on every core.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; all cores.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(**given: Any) -> int:
    """Kill a node of a simulated cluster and time the failover, in many runs.

    Times are in ms. Detected and contingency count from the last frame of the dead node, elected and applied
    from its last leader frame (heartbeat, lease or plan); detected, contingency and applied are reached with
    the last survivor, elected with the new leader's lease. Every run is held against the invariants.

    \b
    Examples:
      evenload sim cluster                               100 deaths of the leader
      evenload sim cluster --kill successor --lose-frame all --runs 3000 --json
      evenload sim cluster --partition 3/3 --runs 10
      evenload sim cluster --seed 7 --runs 1 --trace run.jsonl
      evenload sim cluster --storm 3 --seed 12 --runs 1  all faults at once; a failing seed replays
      evenload sim cluster --realtime --runs 10          six real processes on a real hub, kill -9 ten times
    """
    _refuse_strangers(given)
    if given["realtime"]:
        return _realtime(given)
    if given["ablation"] == "list":
        from evenload_sim.cluster.ablations import ABLATIONS

        for name, ablation in ABLATIONS.items():
            click.echo(f"{name:18} {ablation.sentence}")
        return 0
    if given["storms"] or given["soak_minutes"]:
        return _storms(given)
    return _trials(given)


def _refuse_strangers(given: dict[str, Any]) -> None:
    """Refuse an option that the asked kind of run would not heed."""
    simulated = {
        "--storm": "storms",
        "--soak": "soak_minutes",
        "--partition": "partition",
        "--ablate": "ablation",
    }
    real = {"--stop": "is_stop", "--hog": "is_hogged"}
    for option, key in (simulated if given["realtime"] else real).items():
        if given[key]:
            advice = "is simulated only; leave --realtime out" if given["realtime"] else "needs --realtime"
            raise click.UsageError(f"{option} {advice}.")


def _trials(given: dict[str, Any]) -> int:
    from evenload_sim.cluster.measure import Trial, run_seeds, run_traced, summary
    from evenload_sim.cluster.soak import pooled
    from evenload_sim.cluster.world import ClusterOptions

    world = ClusterOptions(
        node_count=given["nodes"],
        bitrate=given["bitrate"],
        tick_us=given["tick_ms"] * 1000,
        jitter_us=given["jitter_ms"] * 1000,
        telemetry_count=given["telemetry"],
        ablation=given["ablation"],
    )
    keys = ("kill", "at_ms", "loss", "lose_frame", "partition")
    trial = Trial(**{key: given[key] for key in keys}, world=world)
    trial.check()
    if given["trace_path"]:
        with given["trace_path"].open("w", encoding="utf-8") as file:
            run_traced(trial, given["seed"], file)
    seeds = list(range(given["seed"], given["seed"] + given["runs"]))
    jobs = [(trial, seeds[start : start + CHUNK]) for start in range(0, len(seeds), CHUNK)]
    outcomes: list[Outcome] = []
    with _progress(len(seeds)) as bar:
        for part in pooled(run_seeds, jobs, given["jobs"]):
            outcomes.extend(part)
            bar.update(len(part))
    found = summary(outcomes, given["seed"])
    if given["as_json"]:
        click.echo(json.dumps(found))
    else:
        _show(found, outcomes, trial)
    return 1 if found["violations"] else 0


def _storms(given: dict[str, Any]) -> int:
    """Let storms of faults pass over many worlds: a number of runs, or for some minutes."""
    from evenload_sim.cluster.soak import Soak
    from evenload_sim.cluster.storm import try_storm

    rounds = given["storms"] or 3
    if given["trace_path"]:
        with given["trace_path"].open("w", encoding="utf-8") as file:
            try_storm((given["seed"], rounds), file)
    soak = Soak(given["seed"], rounds, given["jobs"])
    run_count = None if given["soak_minutes"] else given["runs"]
    with _progress(100) as bar:
        for share in soak.run(run_count, given["soak_minutes"] * 60):
            bar.update(max(0, int(share * 100) - bar.pos))
    found = soak.summary()
    if given["as_json"]:
        click.echo(json.dumps(found))
    else:
        click.echo(
            f"{found['runs']} worlds, {found['cluster_hours']:.2f} cluster-hours in {found['wall_s']:.0f} s "
            f"({found['times_real_time']:.0f} x real time), {found['faults']} faults, "
            f"{found['violations']} violations; healed in {found['recovery_ms_max']:.0f} ms at most"
        )
        for sentence in found["broken"]:
            click.echo(sentence)
    return 1 if found["violations"] else 0


def _progress(length: int) -> Any:
    """Return a progress bar on stderr that shows nothing where nobody looks at it."""
    return click.progressbar(length=length, file=sys.stderr, hidden=not sys.stderr.isatty())


def _show(found: dict[str, Any], outcomes: "list[Outcome]", trial: "Trial") -> None:
    from evenload_sim.cluster.measure import KEYS, replay_words

    click.echo(
        f"{found['runs']} run{'s' * (found['runs'] != 1)} from seed {found['seed']}, {trial.world.node_count} nodes"
    )
    _show_times(found, KEYS, found["unfinished"])
    values = [outcome.times["applied_ms"] for outcome in outcomes if "applied_ms" in outcome.times]
    for line in histogram(values):
        click.echo(line)
    for outcome in outcomes:
        if outcome.violations or not outcome.is_finished:
            why = outcome.violations[0] if outcome.violations else "not finished"
            click.echo(f"seed {outcome.seed}: {why}. See it again: {replay_words(trial, outcome.seed)}")


def histogram(values: list[float]) -> list[str]:
    """Return the lines of a histogram of times in ms, in bins of 10 ms."""
    if not values:
        return []
    counts: dict[int, int] = {}
    for value in values:
        counts[int(value) // BIN_MS] = counts.get(int(value) // BIN_MS, 0) + 1
    top = max(counts.values())
    lines = []
    for index in range(min(counts), max(counts) + 1):
        count = counts.get(index, 0)
        bar = "#" * max(1 if count else 0, count * BAR_WIDTH // top)
        lines.append(f"{index * BIN_MS:5} .. {index * BIN_MS + BIN_MS:4} ms {count:7} {bar}".rstrip())
    return lines


def _realtime(given: dict[str, Any]) -> int:
    from evenload_sim.cluster_processes import RealtimeOptions, run_realtime

    if given["kill"] not in ("leader", "follower"):
        raise click.UsageError(
            f"--kill {given['kill']} is simulated only; --realtime kills a leader or a follower."
        )
    keys = ("runs", "nodes", "seed", "loss", "is_hogged")
    how = "stop" if given["is_stop"] else "kill"
    options = RealtimeOptions(
        **{key: given[key] for key in keys}, how=how, victim=given["kill"], trace=given["trace_path"]
    )
    with _progress(options.runs) as bar:
        found = run_realtime(options, lambda kill: bar.update(0 if kill["is_void"] else 1))
    if given["as_json"]:
        click.echo(json.dumps(found))
    else:
        _show_realtime(found, options.nodes)
    return 1 if found["violations"] else 0


def _show_times(found: dict[str, Any], keys: tuple[str, ...], unfinished: int) -> None:
    """Print the table of times and what was counted, the same for simulated and for real nodes."""
    click.echo(f"{'ms':24}{'p50':>9}{'p99':>9}{'max':>9}")
    for key in keys:
        cells = [f"{value:9.1f}" if value is not None else f"{'-':>9}" for value in found[key].values()]
        click.echo(f"{key.removesuffix('_ms').replace('_', ' '):24}{''.join(cells)}")
    click.echo(
        f"violations {found['violations']}, unfinished {unfinished}, leaders per term at most "
        f"{found['leaders_per_term_max']}, leases at once at most {found['leases_at_once_max']}"
    )


def _show_realtime(found: dict[str, Any], node_count: int) -> None:
    from evenload_sim.failover_times import TIME_NAMES

    urgency = "SCHED_FIFO" if found["rt"] else "without SCHED_FIFO"
    click.echo(
        f"{found['runs']} kills, {node_count} processes, {urgency}, {found['void']} kills void and repeated"
    )
    _show_times(found, TIME_NAMES, found["missed"])
    for sentence in found["findings"]:
        click.echo(sentence)
    times = [kill["applied_ms"] for kill in found["kills"] if not kill["is_void"]]
    for line in histogram([ms for ms in times if ms is not None]):
        click.echo(line)
