"""The words of the pages in every language, and which language a request wants."""

import json
from functools import cache
from pathlib import Path

from flask import Request

LANGUAGES = ("en", "zh-TW")
THEMES = ("auto", "light", "dark")


@cache
def load_words(language: str) -> dict[str, str]:
    """Return key -> text of `language`, one of LANGUAGES."""
    path = Path(__file__).parent / "translations" / f"{language}.json"
    words: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return words


def chosen_language(request: Request) -> str:
    """Return what ?lang= says, else the best match of Accept-Language, else English."""
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    for tag, quality in request.accept_languages:
        if quality > 0 and tag.lower().split("-")[0] in ("zh", "en"):
            return "zh-TW" if tag.lower().startswith("zh") else "en"
    return "en"


def chosen_theme(request: Request) -> str:
    """Return what ?theme= says, else "auto": as the device prefers."""
    asked = request.args.get("theme", "auto")
    return asked if asked in THEMES else "auto"


class Phrasebook:
    """Sentences about a snapshot in one language; `words.js` says the same in the browser."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = load_words(language)

    def say(self, key: str, **values: object) -> str:
        """Return the text of `key` with {names} filled in; an unknown key shows itself."""
        text = self.words.get(key, key)
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text

    def reason(self, station: dict[str, object]) -> str:
        """Return why a station has its grant: the rule, the limiting circuit and phase."""
        circuit = station["limiting_circuit"] or self.say("reason.any")
        text = self.say(f"reason.{station['reason']}", circuit=circuit, phase=station["limiting_phase"] or "")
        return text.rstrip(", ").replace(",  ", " ").replace(", :", ":")

    def event(self, event: dict[str, object]) -> str:
        """Return an event as a sentence: by its code, or the site's own text for an unknown code."""
        key = f"event.{event['code']}"
        if key not in self.words or "value" not in event:
            return str(event["text"])
        value = str(event["value"])
        text = self.words.get(f"fault.{value}") or self.vehicle(value)
        return self.say(key, subject=event["subject"], value=text)

    def vehicle(self, name: str) -> str:
        """Return a vehicle's type by its name, translated where it is one of the simulated site's."""
        return self.words.get(f"vehicle.{name}", name)

    def age(self, age_ms: float | None) -> str:
        """Return an age: tenths of a second below ten, whole ones below two minutes, then minutes."""
        if age_ms is None:
            return self.say("age.never")
        if age_ms < 120_000:
            value = f"{age_ms / 1000:.1f}" if age_ms < 10_000 else f"{age_ms / 1000:.0f}"
            return self.say("age.ms", value=value)
        return self.say("age.min", value=f"{age_ms / 60_000:.0f}")


def run_clock(sim_s: float) -> str:
    """Return seconds since the start as h:mm:ss."""
    seconds = int(sim_s)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
