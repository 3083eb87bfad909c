"""The page of a real simulated site in a real browser."""

import itertools
import json
import signal
import time

import pytest

WIDTHS = (360, 820, 1920)
LOOKS = list(itertools.product(WIDTHS, ("light", "dark"), ("en", "zh-TW")))
SEEN_MS_MAX = 1000
METER_FAULTS = ("meter_unplugged", "meter_bad_sum", "serial_port_gone")


def toggle(page, name, target):
    return page.locator(f'.toggle[data-name="{name}"][data-target="{target}"]')


def wait_for_row(page, row, timeout=30_000):
    page.wait_for_function(
        "row => document.getElementById('safety').dataset.row === row", arg=row, timeout=timeout
    )


SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  const right = (element) => element.getBoundingClientRect().right;
  const sticksOut = (element) => element.getClientRects().length && right(element) > width + 1;
  const out = [...document.querySelectorAll('main *, header *')].filter(sticksOut);
  return [document.documentElement.scrollWidth - width, out.slice(0, 5).map((element) => element.outerHTML)];
}"""
CUT_NUMBERS = """() => {
  const numbers = '#stations-table :is(.grant, .measured, .energy), #live, .value';
  const cells = [...document.querySelectorAll(numbers)];
  const isCut = (cell) => cell.clientWidth && cell.scrollWidth > cell.clientWidth + 1;
  return cells.filter(isCut).map((cell) => cell.textContent);
}"""
# What the server painted and what the modules say of the very same snapshot, as pairs.
PAINTED_AND_SAID = """async () => {
  const text = await (await fetch(location.href)).text();
  const painted = new DOMParser().parseFromString(text, 'text/html');
  const now = JSON.parse(painted.getElementById('initial').textContent);
  const words = await import('/static/words.js');
  const { stationTone } = await import('/static/stations.js');
  const clock = words.runClock(now.sim_s);
  const pairs = [[painted.getElementById('run').textContent, words.say('page.run', { clock })]];
  for (const station of now.stations) {
    const row = painted.getElementById(`station-${station.id}`);
    pairs.push([row.querySelector('.reason span').textContent, words.reasonText(station)]);
    pairs.push([row.dataset.tone, stationTone(station)]);
  }
  for (const event of now.events) {
    const line = painted.querySelector(`li[data-id="${event.id}"] span:last-child`);
    pairs.push([line.textContent, words.eventText(event)]);
  }
  return pairs;
}"""


@pytest.mark.parametrize(("width", "theme", "language"), LOOKS)
def test_every_width_theme_and_language_fits_and_is_quiet(
    open_page, screenshots, width, theme, language
) -> None:
    page = open_page(width, f"?theme={theme}&lang={language}")
    page.wait_for_function("() => document.body.dataset.live === 'live'")
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate(SIDEWAYS) == [0, []]
    assert page.evaluate(CUT_NUMBERS) == []
    page.screenshot(path=screenshots / f"site-{width}-{theme}-{language}.png", full_page=True)


def test_values_move_while_one_looks(open_page) -> None:
    page = open_page(1920)
    clock = page.inner_text("#run")
    page.wait_for_function("before => document.getElementById('run').textContent !== before", arg=clock)
    counters = page.inner_text("#meters-body .counters >> nth=0")
    page.wait_for_function(
        "before => document.querySelector('#meters-body .counters').innerText !== before", arg=counters
    )


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_script_says_what_the_server_painted(open_page, language) -> None:
    pairs = open_page(1920, f"?lang={language}").evaluate(PAINTED_AND_SAID)
    assert len(pairs) > 40
    assert [(painted, said) for painted, said in pairs if painted != said] == []


@pytest.mark.parametrize("name", METER_FAULTS)
def test_a_meter_fault_makes_the_safety_table_act_and_its_removal_undoes_it(
    open_page, name, screenshots
) -> None:
    page = open_page(1280, "?lang=en")
    wait_for_row(page, "normal", 60_000)
    button = toggle(page, name, "main")
    button.click()
    page.wait_for_selector("#faults-clear:not([hidden])")
    wait_for_row(page, "stale")
    assert "main" in page.inner_text("#safety-where")
    assert button.get_attribute("aria-pressed") == "true"
    page.locator("#stations-table .reason", has_text="is stale").first.wait_for()
    page.screenshot(path=screenshots / f"fault-{name}.png", full_page=True)
    button.click()
    wait_for_row(page, "normal", 60_000)
    assert button.get_attribute("aria-pressed") == "false"


@pytest.mark.alone
def test_a_fault_is_on_the_page_within_a_second(open_page) -> None:
    page = open_page(1280, "?lang=en")
    toggle(page, "base_load_surge", "L1").click()
    pressed_s = time.monotonic()
    page.wait_for_function(
        "() => [...document.querySelectorAll('#events-body li')].slice(0, 5)"
        ".some((line) => line.textContent.includes('Building surge'))",
        timeout=SEEN_MS_MAX,
    )
    assert time.monotonic() - pressed_s <= SEEN_MS_MAX / 1000
    page.click("#faults-clear")
    page.wait_for_selector("#faults-clear", state="hidden")


def test_every_switch_works_both_ways(open_page) -> None:
    page = open_page(1280)
    switches = page.evaluate(
        "() => [...document.querySelectorAll('.toggle')].map((b) => [b.dataset.name, b.dataset.target])"
    )
    assert len({name for name, _ in switches}) == 9
    first_of_each = dict(reversed(switches))
    for name, target in first_of_each.items():
        for wanted in ("true", "false"):
            toggle(page, name, target).click()
            page.wait_for_function(
                """async ([name, target, wanted]) => {
                const now = await (await fetch('/site/snapshot.json')).json();
                const found = now.faults.find((fault) => fault.name === name && fault.target === target);
                return String(found ? found.on : false) === wanted; }""",
                arg=[name, target, wanted],
            )


def test_offline_is_told_and_caught_up_afterwards(open_page, screenshots) -> None:
    page = open_page(820, "?lang=en")
    page.route("**/site/snapshot.json", lambda route: route.abort())
    page.wait_for_selector("#offline:not([hidden])")
    assert "No connection to the site since" in page.inner_text("#offline-title")
    assert page.evaluate("document.body.dataset.live") == "offline"
    page.screenshot(path=screenshots / "offline.png")
    page.unroute("**/site/snapshot.json")
    page.wait_for_selector("#offline", state="hidden")
    page.wait_for_function("() => document.getElementById('lag').textContent.includes('caught up')")
    # The browser itself reports each aborted request; nothing else may have complained.
    assert all("ERR_FAILED" in complaint for complaint in page.complaints)
    page.complaints.clear()


def test_the_address_keeps_search_filter_and_sort(open_page) -> None:
    page = open_page(1280, "?lang=en")
    page.keyboard.press("/")
    page.keyboard.type("bay-07")
    assert page.locator("#stations-table tbody tr:visible").count() == 1
    assert "q=bay-07" in page.url
    page.reload()
    page.wait_for_function(
        "() => document.querySelectorAll('#stations-table tbody tr:not([hidden])').length === 1"
    )
    page.focus("#search")
    page.keyboard.press("Escape")
    assert "q=" not in page.url
    page.click("[data-sort=grant]")
    page.wait_for_selector("th.grant[aria-sort=descending]")
    assert "sort=grant" in page.url


def test_the_keyboard_reaches_everything(open_page) -> None:
    page = open_page(1280, "?lang=en")
    page.keyboard.press("g")
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.id") == "faults"
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    assert any("toggle" in element for element in reached)
    assert any('id="search"' in element for element in reached)
    assert any("data-events" in element for element in reached)
    assert any('id="chart-body"' in element for element in reached)


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_site_stops_at_once_and_quietly(start_site, number) -> None:
    running = start_site()
    started_s = time.monotonic()
    code, said = running.stop(number)
    assert (code, said) == (0, "")
    assert time.monotonic() - started_s < 2


def test_a_busy_port_is_a_sentence_that_names_the_option(site, capsys) -> None:
    from evenload_host.cli import main

    with pytest.raises(SystemExit) as left:
        main(["sim", "site", "--port", str(site.told["port"])])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert "is in use" in said
    assert "--port" in said


def test_a_restarted_site_accepts_the_old_page(open_page, start_site, site) -> None:
    first = start_site("--seed", "2", "--no-cluster")
    page = open_page(1280, "?lang=en", url=first.url)
    page.evaluate("document.querySelector('meta[name=csrf-token]').content")
    port = first.told["port"]
    first.stop()
    again = start_site("--seed", "2", "--port", str(port), "--no-cluster")
    assert json.dumps(again.told["port"]) == json.dumps(port)
    page.wait_for_function("() => document.body.dataset.live === 'live'")
    toggle(page, "base_load_surge", "L2").click()
    page.wait_for_selector('.toggle[data-name="base_load_surge"][data-target="L2"][aria-pressed="true"]')
    page.wait_for_function("() => document.querySelector('#faults-clear').hidden === false")
    page.complaints.clear()
