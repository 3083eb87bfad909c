"""The cluster's page over six real nodes in a real browser, while nodes die under it."""

import itertools
from pathlib import Path

import pytest

SIZES = ((360, 780), (820, 1180), (1280, 800), (1920, 1080))
LOOKS = list(itertools.product(SIZES, ("light", "dark"), ("en", "zh-TW")))
KILL_COUNT = 20
LIMIT_MS = 300
NOW = "async () => (await fetch('/cluster/snapshot.json')).json()"
SETTLED = """(alive) => document.querySelector('.node[data-role=leader]') !== null
  && document.querySelectorAll('.node[data-state=up]').length >= alive
  && !['electing', 'starting'].includes(document.getElementById('state').dataset.row)"""
SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  const right = (one) => one.getBoundingClientRect().right;
  const sticksOut = (one) => !one.closest('.lane') && one.getClientRects().length && right(one) > width + 1;
  const out = [...document.querySelectorAll('main *, header *')].filter(sticksOut);
  return [document.documentElement.scrollWidth - width, out.slice(0, 5).map((one) => one.outerHTML)];
}"""
CUT_NUMBERS = """() => {
  const numbers = '.value, .beat-age, #facts-body dd, #kills-table td, .role, #live, .term';
  const isCut = (cell) => cell.clientWidth && cell.scrollWidth > cell.clientWidth + 1;
  return [...document.querySelectorAll(numbers)].filter(isCut).map((cell) => cell.outerHTML);
}"""
# What the server painted and what the modules say of the very same snapshot, as pairs.
PAINTED_AND_SAID = """async () => {
  const text = await (await fetch(location.href)).text();
  const painted = new DOMParser().parseFromString(text, 'text/html');
  const now = JSON.parse(painted.getElementById('initial').textContent);
  const words = await import('/static/cluster_words.js');
  const { SHAPES } = await import('/static/words.js');
  const textOf = (selector, root = painted) => root.querySelector(selector).textContent;
  const state = words.stateView(now);
  const pairs = [[textOf('#state-word'), state.word], [textOf('#state-text'), state.text]];
  pairs.push([textOf('.facts span:last-child'), words.kindText(now)]);
  pairs.push([textOf('#kills-summary'), words.summaryText(now)]);
  for (const fact of words.factsView(now)) {
    const place = painted.querySelector(`[data-fact=${fact.name}]`);
    pairs.push([textOf('b', place), fact.value], [textOf('i', place), fact.unit], [place.dataset.tone, fact.tone]);
  }
  for (const node of now.nodes) {
    const row = painted.querySelector(`li[data-node="${node.node}"]`);
    pairs.push([textOf('.term', row), words.termText(node)], [row.dataset.role, words.roleOf(node)]);
    pairs.push([textOf('.beat-age', row), words.beatAgeText(node.age_ms)]);
    pairs.push([textOf('.value b', row), words.kilowatts(node.applied_kw)]);
    pairs.push([textOf('.health span:last-child', row), words.nodeText(node)]);
    pairs.push([textOf('.mark', row), SHAPES[words.nodeTone(node)]]);
  }
  for (const event of now.events) {
    const line = `#events li[data-id="${event.id}"] span:last-child`;
    pairs.push([textOf(line), words.clusterEventText(event)]);
  }
  return pairs;
}"""


def wait_until_settled(page, alive=6):
    page.wait_for_function(SETTLED, arg=alive, timeout=60_000)


def tell_load(page, load_kw):
    page.fill("#load-number", str(load_kw))
    page.press("#load-number", "Enter")
    page.wait_for_function(
        "text => document.querySelector('[data-fact=demand] b').textContent === text", arg=f"{load_kw}.0"
    )


def tops(page):
    """Return where the panels and lanes stand: a page that jumps moves them."""
    return page.evaluate(
        "() => [...document.querySelectorAll('.panel, .node, .kill, .lane')]"
        ".map((one) => one.getBoundingClientRect().top + scrollY)"
    )


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_every_size_theme_and_language_fits_and_is_quiet(
    open_cluster, screenshots, size, theme, language
) -> None:
    page = open_cluster(size, f"?theme={theme}&lang={language}")
    wait_until_settled(page)
    assert page.evaluate("document.documentElement.lang") == language
    assert page.evaluate(SIDEWAYS) == [0, []]
    assert page.evaluate(CUT_NUMBERS) == []
    page.screenshot(path=screenshots / f"cluster-{size[0]}-{theme}-{language}.png", full_page=True)


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_script_says_what_the_server_painted(open_cluster, language) -> None:
    pairs = open_cluster((1280, 800), f"?lang={language}").evaluate(PAINTED_AND_SAID)
    assert len(pairs) > 60
    assert [(painted, said) for painted, said in pairs if painted != said] == []


def test_heartbeats_move_while_one_looks(open_cluster) -> None:
    page = open_cluster()
    drawn = page.evaluate("document.querySelector('.lane g').getAttribute('transform')")
    page.wait_for_function(
        "before => document.querySelector('.lane g').getAttribute('transform') !== before", arg=drawn
    )
    # 3 s of a beat each 50 ms, and what scrolls in next.
    beats = page.evaluate("document.querySelector('.lane .beats').getAttribute('d').split('M').length - 1")
    assert 55 <= beats <= 75


def test_a_killed_master_is_replaced_and_comes_back(open_cluster, screenshots) -> None:
    page = open_cluster()
    wait_until_settled(page)
    old = page.evaluate(NOW)["leader"]
    page.click(f'[data-kill="{old}"]')
    page.wait_for_selector(f'.node[data-node="{old}"][data-state="down"]')
    assert page.get_attribute(f'.kill[data-kill="{old}"]', "aria-disabled") == "true"
    page.wait_for_selector(f'.node[data-role="leader"]:not([data-node="{old}"])')
    page.locator("#events-body li", has_text=f"after the last frame of node {old}.").first.wait_for()
    page.screenshot(path=screenshots / "cluster-failover.png")
    page.wait_for_selector(f'.node[data-node="{old}"][data-state="up"]')
    page.locator("#events-body li", has_text=f"Node {old} is back").first.wait_for()


@pytest.mark.alone
def test_twenty_kills_in_a_row(open_cluster, screenshots) -> None:
    page = open_cluster()
    wait_until_settled(page)
    first = page.evaluate(NOW)["kill_count"] + 1
    stood = tops(page)
    for number in range(first, first + KILL_COUNT):
        wait_until_settled(page)
        page.click("#kill-leader")
        page.wait_for_selector(f'#kills-chart [data-kill="{number}"] .dot.applied', state="attached")
        assert page.evaluate("document.body.dataset.live") == "live"
        assert tops(page) == stood
    now = page.evaluate(NOW)
    kills = [kill for kill in now["kills"] if kill["id"] >= first]
    assert len(kills) == KILL_COUNT
    assert {kill["was_leader"] for kill in kills} == {True}
    slow = [kill for kill in kills if kill["elected_ms"] is None or kill["applied_ms"] > LIMIT_MS]
    assert slow == []
    assert page.locator("#kills-table tbody tr").count() >= KILL_COUNT
    assert f"Kills: {now['kill_count']}; plan applied: median" in page.inner_text("#kills-summary")
    page.screenshot(path=screenshots / "cluster-twenty-kills.png", full_page=True)
    wait_until_settled(page)


def test_a_lost_quorum_is_told_and_heals(open_cluster, screenshots) -> None:
    page = open_cluster()
    wait_until_settled(page)
    # What three nodes can carry; more would be unmet, which matters more and is another test's matter.
    tell_load(page, 120)
    leader = page.evaluate(NOW)["leader"]
    others = [number for number in range(1, 7) if number != leader][:2]
    for number in (leader, *others):
        page.click(f'.kill[data-kill="{number}"]')
    page.wait_for_selector('#state[data-row="no_quorum"]')
    assert "3 of 6 nodes live; 4 are needed" in page.inner_text("#state-text")
    page.screenshot(path=screenshots / "cluster-no-quorum.png")
    wait_until_settled(page)
    tell_load(page, 165)
    page.wait_for_selector('#state[data-row="covered"]')


def test_the_load_reaches_the_nodes_and_too_much_of_it_is_told(open_cluster) -> None:
    page = open_cluster()
    wait_until_settled(page)
    page.fill("#load-number", "330")
    page.press("#load-number", "Enter")
    page.wait_for_selector('#state[data-row="unmet"]')
    assert "30.0 kW are carried by no node" in page.inner_text("#state-text")
    page.fill("#load-number", "999")
    page.press("#load-number", "Enter")
    assert page.evaluate("document.querySelector('#load-number').validity.rangeOverflow")
    tell_load(page, 165)
    page.wait_for_selector('#state[data-row="covered"]')


def test_the_keyboard_reaches_and_presses_everything(open_cluster) -> None:
    page = open_cluster()
    wait_until_settled(page)
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.kill"))
    assert {
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "kill-leader",
        "load-range",
        "load-number",
        "kills-scroll",
    } <= reached
    follower = next(row["node"] for row in page.evaluate(NOW)["nodes"] if row["role"] == "follower")
    page.focus(f'.kill[data-kill="{follower}"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(f'.node[data-node="{follower}"][data-state="down"]')
    # The button that was pressed keeps the focus, though it cannot be pressed now.
    assert page.evaluate("document.activeElement.dataset.kill") == str(follower)
    page.keyboard.press("g")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.id") == "kill-leader"
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    wait_until_settled(page)


def test_offline_is_told_and_ends(open_cluster) -> None:
    page = open_cluster()
    page.route("**/cluster/snapshot.json", lambda route: route.abort())
    page.wait_for_selector("#offline:not([hidden])")
    assert "No connection to the cluster's page since" in page.inner_text("#offline-title")
    page.unroute("**/cluster/snapshot.json")
    page.wait_for_selector("#offline", state="hidden")
    # The browser itself reports each aborted request; nothing else may have complained.
    assert all("ERR_FAILED" in complaint for complaint in page.complaints)
    page.complaints.clear()


def test_the_sites_page_leads_to_the_cluster_in_the_same_language(watched_page, cluster_site) -> None:
    page = watched_page((1280, 800), cluster_site.url + "?lang=zh-TW&theme=dark", "#diagram-body svg text")
    page.click("#cluster-card a")
    page.wait_for_selector(".lane path.beats[d^=M]")
    assert page.url.endswith("/cluster?lang=zh-TW&theme=dark")
    page.click(".pages a[data-page=site]")
    page.wait_for_selector("#diagram-body svg text")


def test_where_processes_cannot_be_started_the_page_says_so(
    start_site, watched_page, tmp_path, monkeypatch
) -> None:
    # The page's fixture comes last so that it ends first: a page complains, rightly, when its site has gone.
    folder = tmp_path / ("too long for the address of a local socket " * 3).strip()
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    page = watched_page((1280, 800), start_site().url + "cluster?lang=en", ".lane path.beats[d^=M]")
    assert "the simulated world, not real processes" in page.inner_text("#fallback")
    assert "too long for a local socket" in page.inner_text("#fallback")
    wait_until_settled(page)
    page.click("#kill-leader")
    page.wait_for_selector("#kills-chart .dot.applied", state="attached")


def test_the_nodes_are_real_processes_and_end_with_their_site(watched_page, start_site) -> None:
    running = start_site()
    page = watched_page((1280, 800), running.url + "cluster?lang=en", ".lane path.beats[d^=M]")
    wait_until_settled(page)
    now = page.evaluate(NOW)
    assert (now["kind"], now["reason"]) == ("processes", "")
    page.close()  # It would complain, rightly, when its site has gone.
    children = {
        int(pid)
        for tasks in Path(f"/proc/{running.process.pid}/task").glob("*/children")
        for pid in tasks.read_text().split()
    }
    # Hub, witness and six nodes.
    assert len(children) >= 8
    assert running.stop() == (0, "")
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
