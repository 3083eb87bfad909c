"""The first paint: complete without a script, in two languages, and free of inline script."""

import json
import re
from pathlib import Path

import evenload_host.dashboard
import pytest
from evenload import wire
from evenload_host.dashboard.words import LANGUAGES, Phrasebook, load_words
from evenload_sim.ev import MODELS

DASHBOARD = Path(evenload_host.dashboard.__file__).parent


def page(client, query="", **headers):
    return client.get(f"/{query}", headers=headers).get_data(as_text=True)


def names_in(text):
    return sorted(re.findall(r"\{(\w+)\}", text))


def test_translations_have_equal_keys_and_equal_blanks() -> None:
    english, chinese = (load_words(language) for language in LANGUAGES)
    assert list(english) == list(chinese)
    assert [key for key in english if names_in(english[key]) != names_in(chinese[key])] == []
    assert [key for key in english if not english[key].strip() or not chinese[key].strip()] == []


def test_every_code_of_the_wire_has_words() -> None:
    words = load_words("en")
    keys = [f"reason.{name}" for name in wire.REASON_NAMES]
    keys += [f"state.{name}" for name in wire.STATION_NAMES]
    keys += [f"meter.{name}" for name in wire.METER_NAMES]
    keys += [f"event.{name[6:].lower()}" for name in vars(wire) if re.fullmatch(r"EVENT_[A-Z_]+", name)]
    missing = [key for key in keys if key not in words and not key.startswith(("event.none", "event.names"))]
    assert missing == []


def test_every_word_that_a_file_asks_for_exists() -> None:
    words = load_words("en")
    files = [*DASHBOARD.glob("templates/*.html"), *DASHBOARD.glob("static/*.js"), *DASHBOARD.glob("*.py")]
    asked = {
        key for file in files for key in re.findall(r"""say\(\s*["']([\w.]+)["'][,)]""", file.read_text())
    }
    assert asked
    assert sorted(asked - set(words)) == []


def test_the_first_paint_shows_stations_reasons_and_meters(client) -> None:
    text = page(client)
    assert "bay-01" in text
    assert "Limited by the fuse of main, L2" in text
    assert "turn 2" in text
    assert "Suspended: drew more than it was told" in text
    assert "Fresh" in text and "age 0.4 s" in text
    assert "79.1" in text


def test_what_is_synthetic_in_the_building_load_is_said_in_both_languages(client) -> None:
    assert "synthetic" in page(client, "?lang=en").partition('id="words"')[0]
    assert "合成" in page(client, "?lang=zh-TW").partition('id="words"')[0]


def test_a_sites_own_text_is_escaped(client) -> None:
    text = page(client)
    assert "Its own &lt;text&gt;." in text
    assert "Its own <text>." not in text


def test_the_page_has_no_inline_script_or_style(client) -> None:
    text = page(client)
    scripts = re.findall(r"<script([^>]*)>", text)
    assert all("src=" in script or 'type="application/json"' in script for script in scripts)
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", text)


def test_the_initial_data_is_the_snapshot(client, site) -> None:
    found = re.search(r'<script type="application/json" id="initial">(.*?)</script>', page(client), re.S)
    assert json.loads(found.group(1))["stations"] == site.now["stations"]


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("", "de,en;q=0.5", "en"),
        ("?lang=zh-TW", "en", "zh-TW"),
        ("?lang=en", "zh-TW", "en"),
        ("?lang=tlh", "zh-TW", "zh-TW"),
    ],
)
def test_the_address_chooses_the_language_before_the_browser(client, query, accepted, language) -> None:
    assert f'<html lang="{language}"' in page(client, query, **{"Accept-Language": accepted})


def test_links_keep_the_rest_of_the_address(client) -> None:
    text = page(client, "?lang=zh-TW&show=busy&theme=dark")
    assert 'data-theme="dark"' in text
    assert 'href="?show=busy&amp;theme=dark&amp;lang=en"' in text
    assert 'href="?lang=zh-TW&amp;show=busy&amp;theme=light"' in text


def test_a_hostile_address_cannot_leave_its_quotes(client) -> None:
    assert "<b>x" not in page(client, "?q=%22%3E%3Cb%3Ex")


def test_a_reason_without_a_circuit_is_still_a_sentence() -> None:
    book = Phrasebook("en")
    bare = {"reason": "circuit_limit", "limiting_circuit": None, "limiting_phase": None}
    assert book.reason(bare) == "Limited by the fuse of its path"
    assert book.reason(bare | {"reason": "waiting_turn"}) == "Waits for its turn on its path"


def test_a_station_of_a_higher_class_is_marked_in_both_languages(client, site) -> None:
    for station in site.now["stations"]:
        station["priority"] = 0 if station["id"] == "bay-02" else 1
    for query, word in (("?lang=en", "Priority"), ("?lang=zh-TW", "優先")):
        rows = re.findall(r'<tr [^>]*data-station="([^"]+)".*?</th>', page(client, query), re.S)
        marked = re.findall(
            r'data-station="([^"]+)"(?:(?!</th>).)*class="first"[^>]*>' + word, page(client, query), re.S
        )
        assert len(rows) > 1
        assert marked == ["bay-02"]


def test_an_external_cap_is_in_the_legend_where_there_is_one(client, site) -> None:
    assert "External cap" not in page(client).partition('id="initial"')[0]
    site.now["circuits"][0]["cap_a"] = [60.0] * 3
    assert "External cap" in page(client).partition('id="initial"')[0]


def test_no_station_is_marked_where_all_are_of_one_class(client) -> None:
    assert 'class="first"' not in page(client)


def test_every_simulated_vehicle_has_a_chinese_name() -> None:
    book = Phrasebook("zh-TW")
    assert [model.name for model in MODELS if book.vehicle(model.name) == model.name] == []


@pytest.mark.parametrize(
    ("age_ms", "text"), [(None, "never"), (412, "0.4 s"), (12_400, "12 s"), (120_000, "2 min")]
)
def test_an_age_is_short(age_ms, text) -> None:
    assert Phrasebook("en").age(age_ms) == text


def test_scripts_stay_below_their_budget() -> None:
    assert sum(file.stat().st_size for file in DASHBOARD.glob("static/*.js")) < 200_000
