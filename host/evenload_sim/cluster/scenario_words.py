"""The words of a scenario's transcript: transitions as people read them."""

from evenload import wire

from evenload_sim.cluster.events import WORDS, Event

UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000}


def span_us(word: str) -> int:
    """Return the microseconds of `500ms`, `2s`, `30us`; raises ValueError."""
    for unit in ("us", "ms", "s"):
        if word.endswith(unit):
            return int(word.removesuffix(unit)) * UNITS_US[unit]
    raise ValueError(f"{word!r} is no time such as 500ms")


def event_words(event: Event) -> str:
    """Return one transition in words."""
    a, b, c = event.a, event.b, event.c
    word = WORDS[event.code]
    sentences = {
        "role": lambda: f"{wire.ROLE_NAMES[a]} of {c or 'nobody'} in term {b}",
        "vote": lambda: f"votes for {b} in term {a}",
        "grants": lambda: f"won term {a} with {[src for src in range(16) if b >> src & 1]}",
        "lease_end": lambda: f"gave the lease of term {a} up ({wire.RESIGN_REASON_NAMES[b]})",
        "plan": lambda: f"plan {a}.{b}",
        "share": lambda: f"delivers {a / 100:g} of {c / 100:g} kW ({wire.BASIS_NAMES[b]})",
        "alive": lambda: f"hears {[src for src in range(16) if a >> src & 1]}",
        "boot": lambda: f"boots with floor {a}, {'a voter' if c else 'no voter'}",
        "stored": lambda: f"stored ceiling {a}",
        "alarm": lambda: f"alarm{flag_words(a) or ' none'}",
        "clash": lambda: "falls silent: its identifier is taken" if a else "hears its own identifier",
        "setpoint": lambda: f"obeys set-point {b} = {c} of term {a}",
        "emergency": lambda: f"emergency {wire.EMERGENCY_WORDS[a]} from {c}",
        "term": lambda: f"term {a}",
        "prevote": lambda: f"{'would' if c else 'would not'} vote for {b} in term {a}",
    }
    return sentences[word]() if word in sentences else word


def flag_words(alarm: int) -> str:
    """Return the names of the alarm bits, each after a space and with a mark."""
    bits = {
        wire.ALARM_UNMET: "unmet",
        wire.ALARM_N1_LOST: "n1_lost",
        wire.ALARM_CLASH: "clash",
        wire.ALARM_NO_FLOOR: "no_floor",
        wire.ALARM_TERM_END: "term_end",
        wire.ALARM_NO_QUORUM: "no_quorum",
        wire.ALARM_EMERGENCY: "emergency",
        wire.ALARM_CLOCK_STEP: "clock_step",
    }
    return "".join(f" !{word}" for bit, word in bits.items() if alarm & bit)
