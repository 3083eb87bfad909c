"""A cluster's snapshot as the first paint shows it; cluster_words.js says the same in the browser."""

from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

from evenload.wire import CLUSTER_DETECT_MS

from evenload_host.dashboard.view import SEVERITY_TONES, SHAPES
from evenload_host.dashboard.words import Phrasebook, run_clock

LIMIT_MS = 300
SPAN_S = 3
RESTART_S = 3
DANGER_ALARMS = ("unmet", "clash", "emergency", "term_end")
STATE_TONES = {
    "covered": "good",
    "starting": "unknown",
    "unmet": "danger",
    "no_quorum": "danger",
    "ended": "danger",
}


def cluster_page_view(snapshot: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return everything that the template of the cluster's page prints."""
    return {
        "age": book.age(snapshot["age_ms"]),
        "clock": run_clock(snapshot["run_s"]),
        "kind": kind_text(snapshot, book),
        "state": state_view(snapshot, book),
        "facts": facts_view(snapshot, book),
        "nodes": [node_view(node, book) for node in snapshot["nodes"]],
        "kills": [kill_view(kill, book) for kill in reversed(snapshot["kills"])],
        "summary": summary_text(snapshot, book),
        "events": [event_view(event, book) for event in reversed(snapshot["events"])],
        "shapes": SHAPES,
        "limit_ms": LIMIT_MS,
        "detect_ms": CLUSTER_DETECT_MS,
        "span_s": SPAN_S,
        "restart_s": RESTART_S,
    }


def kind_text(snapshot: dict[str, Any], book: Phrasebook) -> str:
    """Return what the nodes are: processes or simulated ones, and whether they run in real time."""
    text = book.say(f"cluster.kind.{snapshot['kind']}", count=snapshot["voters"])
    if snapshot["kind"] != "processes":
        return text
    return f"{text} · {book.say('cluster.rt.yes' if snapshot['rt'] else 'cluster.rt.no')}"


def state_word(snapshot: dict[str, Any]) -> str:
    """Return the one word that matters most now: what is wrong, worst first, or covered."""
    if snapshot["phase"] != "running":
        return str(snapshot["phase"])
    if snapshot["unmet_kw"] > 0:
        return "unmet"
    if not snapshot["leader"]:
        return "no_quorum" if snapshot["alive"] < snapshot["quorum"] else "electing"
    if snapshot["short_kw"] > 0:
        return "moving"
    return "n1_lost" if snapshot["n1"] == "lost" else "covered"


def state_view(snapshot: dict[str, Any], book: Phrasebook) -> dict[str, str]:
    """Return the state's word, sentence and tone."""
    word = state_word(snapshot)
    counts = {key: snapshot[key] for key in ("alive", "voters", "quorum")}
    powers = {"unmet": kilowatts(snapshot["unmet_kw"]), "short": kilowatts(snapshot["short_kw"])}
    return {
        "row": word,
        "tone": STATE_TONES.get(word, "attention"),
        "word": book.say(f"cluster.state.{word}"),
        "text": book.say(f"cluster.state.{word}.text", **powers, **counts),
    }


def facts_view(snapshot: dict[str, Any], book: Phrasebook) -> list[dict[str, str]]:
    """Return the numbers of the cluster: name, value, unit and the tone of those that may worry."""
    leader, n1, bus = snapshot["leader"], snapshot["n1"], snapshot["bus"]
    has_quorum = snapshot["alive"] >= snapshot["quorum"]
    none = book.say("cluster.fact.none")
    return [
        fact(
            "leader",
            book.say("cluster.node", node=leader) if leader else none,
            "",
            "idle" if leader else "attention",
        ),
        fact("term", str(snapshot["term"]), f"· {snapshot['plan']}"),
        fact("demand", kilowatts(snapshot["demand_kw"]), "kW"),
        fact("carried", kilowatts(snapshot["carried_kw"]), f"/ {snapshot['rated_kw']:.0f} kW"),
        fact(
            "unmet", kilowatts(snapshot["unmet_kw"]), "kW", "danger" if snapshot["unmet_kw"] > 0 else "idle"
        ),
        fact("n1", book.say(f"cluster.n1.{n1}"), "", "attention" if n1 == "lost" else "idle"),
        fact(
            "quorum",
            book.say("cluster.of", part=snapshot["alive"], whole=snapshot["voters"]),
            book.say("cluster.fact.quorum.need", quorum=snapshot["quorum"]),
            "idle" if has_quorum else "danger",
        ),
        fact("bus", fixed(bus["load_percent"], 1), "%"),
        fact("frames", f"{bus['frames_per_s']:.0f}", "/s"),
    ]


def fact(name: str, value: str, unit: str, tone: str = "idle") -> dict[str, str]:
    """Return one number of the cluster as it is printed."""
    return {"name": name, "value": value, "unit": unit, "tone": tone}


def node_view(node: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one node's row."""
    return {
        "node": node["node"],
        "state": node["state"],
        "role": role_of(node),
        "role_word": book.say(f"cluster.role.{role_of(node)}"),
        "term": term_text(node, book),
        "age": age_text(node["age_ms"]),
        "applied": kilowatts(node["applied_kw"]),
        "rated": f"/ {node['rated_kw']:.0f} kW",
        "tone": node_tone(node),
        "basis": node["basis"],
        "word": node_text(node, book),
    }


def role_of(node: dict[str, Any]) -> str:
    """Return the role that is shown: a node that does not live has none."""
    return {"down": "down", "starting": "boot"}.get(node["state"], str(node["role"]))


def term_text(node: dict[str, Any], book: Phrasebook) -> str:
    """Return a living node's term and plan version."""
    return (
        book.say("cluster.node.term", term=node["term"], plan=node["plan"]) if node["state"] == "up" else "–"
    )


def node_tone(node: dict[str, Any]) -> str:
    """Return how a node fares."""
    if node["state"] == "down" or any(alarm in DANGER_ALARMS for alarm in node["alarms"]):
        return "danger"
    if node["state"] == "starting":
        return "unknown"
    is_well = node["basis"] == "plan" and node["health"] == "full" and not node["alarms"]
    return "good" if is_well else "attention"


def node_text(node: dict[str, Any], book: Phrasebook) -> str:
    """Return a node's health in words: why it carries what it carries, or its alarms."""
    if node["state"] == "down":
        return book.say("cluster.word.restart", seconds=fixed(node["restart_s"], 0))
    if node["state"] == "starting":
        return book.say("cluster.word.starting")
    words = [book.say(f"cluster.alarm.{alarm}") for alarm in node["alarms"]]
    if node["health"] != "full":
        words.insert(0, book.say(f"cluster.health.{node['health']}"))
    if node["basis"] != "plan" or not words:
        words.insert(0, book.say(f"cluster.basis.{node['basis']}"))
    return ", ".join(words)


def kill_view(kill: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one row of the table of kills; what has not happened yet is a dash."""
    times = ("contingency_ms", "elected_ms", "applied_ms", "applied_from_death_ms")
    return {
        "id": kill["id"],
        "node": kill["node"],
        "was": book.say("cluster.role.leader" if kill["was_leader"] else "cluster.role.follower"),
        "times": ["–" if kill[time] is None else fixed(kill[time], 0) for time in times],
        "late": "yes" if (kill["applied_ms"] or 0) > LIMIT_MS else "no",
    }


def summary_text(snapshot: dict[str, Any], book: Phrasebook) -> str:
    """Return how many were killed, and the median and longest time of those that are drawn."""
    applied = sorted(kill["applied_ms"] for kill in snapshot["kills"] if kill["applied_ms"] is not None)
    if not applied:
        return ""
    count, middle, longest = snapshot["kill_count"], fixed(median(applied), 0), fixed(applied[-1], 0)
    return book.say("cluster.kills.summary", count=count, median=middle, longest=longest)


def event_view(event: dict[str, Any], book: Phrasebook) -> dict[str, Any]:
    """Return one line of the feed."""
    return {
        "id": event["id"],
        "clock": run_clock(event["sim_s"]),
        "tone": SEVERITY_TONES.get(event["severity"], "unknown"),
        "severity": event["severity"],
        "word": book.say(f"severity.{event['severity']}"),
        "text": event_text(event, book),
    }


def event_text(event: dict[str, Any], book: Phrasebook) -> str:
    """Return an event as a sentence."""
    values = dict(event["values"])
    if "alarm" in values:
        values["alarm"] = book.say(f"cluster.alarm.{values['alarm']}")
    return book.say(f"cluster.event.{event['code']}", **values)


def kilowatts(value: float) -> str:
    """Return a power with its tenths."""
    return fixed(value, 1)


def fixed(value: float, digits: int) -> str:
    """Return a number with `digits` decimals as the browser's toFixed writes it: halves are rounded up."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def age_text(age_ms: int | None) -> str:
    """Return the age of a heartbeat: ms below a second, then tenths of a second."""
    if age_ms is None:
        return "–"
    return f"{age_ms} ms" if age_ms < 1000 else f"{fixed(age_ms / 1000, 1)} s"


def card_view(snapshot: dict[str, Any], book: Phrasebook) -> dict[str, str]:
    """Return the line about the cluster that stands on the site's page."""
    state = state_view(snapshot, book)
    counts = {key: snapshot[key] for key in ("alive", "voters")}
    leader = snapshot["leader"]
    master = book.say("cluster.card.leader", node=leader, term=snapshot["term"])
    return {
        "tone": state["tone"],
        "word": state["word"],
        "leader": master if leader else book.say("cluster.card.none"),
        "nodes": book.say("cluster.card.nodes", **counts),
    }
