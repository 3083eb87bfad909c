"""Which station may be trusted to follow its set-point, and what counts of those that may not (SPEC,
Allocation; mirror: csrc/src/compliance.c).

R9: a station not heard for its lease is silent; what it was granted counts until the grace is over, then
its own fail-safe current. R10: a station that draws more than set-point + max(10 %, 0.5 A) for more than 7
s is counted at what it draws and paused, alone, until it has drawn nothing for 60 s. A station told its
set-point 5 s ago that still draws more counts at what it draws. Where set-points change faster than that,
it is held against the largest of the last 7 s (told_ma): a car may be slow and its report late, so it is not
taken for disobedient while every cut is followed by the next, but what it draws beyond all of them counts
at once.
Ages are kept instead of stamps, so that nothing wraps with the ring.
"""

from evenload import ticks, wire
from evenload.columns import Columns
from evenload.phases import mask

_TOLD_WINDOW_MS = wire.ALLOCATION_NONCOMPLIANT_AFTER_MS // 2  # Two whole ones and the present one cover it.
_AGE_MAX = wire.ALLOCATION_AGE_MS_MAX


def grow_age(age_ms: int, dt_ms: int) -> int:
    """Return age_ms + dt_ms, at most ALLOCATION_AGE_MS_MAX (3.1 days: older makes no difference)."""
    return min(age_ms + dt_ms, _AGE_MAX)


def observe(columns: Columns) -> None:
    """Take in what stations report: ages, silent, noncompliant, draw_ma, over_ma and served_as of all."""
    columns.told_age_ms = grow_age(columns.told_age_ms, columns.dt_ms)
    is_over = columns.told_age_ms >= _TOLD_WINDOW_MS
    if is_over:
        columns.told_age_ms = 0
    for s in range(columns.station_count):
        columns.set_age_ms[s] = grow_age(columns.set_age_ms[s], columns.dt_ms)
        columns.raise_age_ms[s] = grow_age(columns.raise_age_ms[s], columns.dt_ms)
        columns.switch_age_ms[s] = grow_age(columns.switch_age_ms[s], columns.dt_ms)
        _remember(columns, s, is_over)
        _hear(columns, s)
        draw_ma = _draw(columns, s)
        _judge(columns, s, draw_ma)
        _follow_session(columns, s, draw_ma)
        _narrow(columns, s, draw_ma)
        _track(columns, s, draw_ma)
        _count_over(columns, s)


def _remember(columns, s, is_over):
    """Keep the largest set-point of this window and of the two before; is_over ends a window."""
    if columns.set_age_ms[s] >= wire.ALLOCATION_NONCOMPLIANT_AFTER_MS:
        columns.told_ma[s] = columns.told_before_ma[s] = columns.told_first_ma[s] = columns.grant_ma[s]
    elif is_over:
        columns.told_first_ma[s] = columns.told_before_ma[s]
        columns.told_before_ma[s] = max(columns.told_ma[s], columns.grant_ma[s])
        columns.told_ma[s] = columns.grant_ma[s]
    else:
        columns.told_ma[s] = max(columns.told_ma[s], columns.grant_ma[s])


def _obeyable_ma(columns, s):
    """Return what station s may still draw without being disobedient: the most it was told in 7 s."""
    return max(columns.told_ma[s], columns.told_before_ma[s], columns.told_first_ma[s])


def _exceeds(draw_ma, set_ma):
    return draw_ma > set_ma + max(set_ma // 10, wire.ALLOCATION_NONCOMPLIANT_MARGIN_MA)


def _hear(columns, s):
    columns.fresh[s] = 1 if columns.heard_ms[s] != columns.heard_seen_ms[s] else 0
    if columns.fresh[s]:
        columns.heard_seen_ms[s] = columns.heard_ms[s]
        columns.heard_age_ms[s] = max(ticks.elapsed_ms(columns.now_ms, columns.heard_ms[s]), 0)
    else:
        columns.heard_age_ms[s] = grow_age(columns.heard_age_ms[s], columns.dt_ms)
    silent = columns.heard_age_ms[s] > columns.settings.lease_ms
    if columns.station_state[s] == wire.STATION_UNREPORTED:
        silent = 0
    if silent and not columns.silent[s]:
        columns.silent[s] = 1
        i = 3 * s
        columns.held_ma[s] = max(
            columns.grant_ma[s], columns.draw_ma[i], columns.draw_ma[i + 1], columns.draw_ma[i + 2]
        )
        columns.push_event(wire.EVENT_STATION_SILENT, columns.station_circuit[s], s, columns.held_ma[s])
    elif columns.silent[s] and not silent:
        columns.silent[s] = 0
        columns.held_ma[s] = 0
        columns.push_event(wire.EVENT_STATION_BACK, columns.station_circuit[s], s, columns.heard_age_ms[s])


def _draw(columns, s):
    """Copy what is measured and recent to draw_ma (0 where unknown); return the largest phase."""
    known = not (columns.silent[s] or columns.station_state[s] == wire.STATION_UNREPORTED)
    largest = 0
    for i in range(3 * s, 3 * s + 3):
        draw_ma = columns.measured_ma[i] if known and columns.measured_ma[i] > 0 else 0
        draw_ma = min(draw_ma, wire.ALLOCATION_DRAW_MA_MAX)
        columns.draw_ma[i] = draw_ma
        largest = max(largest, draw_ma)
    return largest


def _judge(columns, s, draw_ma):
    """Latch non-compliance and its end (R10)."""
    if _exceeds(draw_ma, columns.grant_ma[s]):
        age = columns.over_age_ms[s]
        columns.over_age_ms[s] = 0 if age < 0 else grow_age(age, columns.dt_ms)
    else:
        columns.over_age_ms[s] = -1
    if draw_ma <= wire.ALLOCATION_NONCOMPLIANT_MARGIN_MA and not columns.silent[s]:
        age = columns.calm_age_ms[s]
        columns.calm_age_ms[s] = 0 if age < 0 else grow_age(age, columns.dt_ms)
    else:
        columns.calm_age_ms[s] = -1
    disobeys = columns.over_age_ms[s] > wire.ALLOCATION_NONCOMPLIANT_AFTER_MS
    disobeys = disobeys and _exceeds(draw_ma, _obeyable_ma(columns, s))
    if not columns.noncompliant[s] and disobeys:
        columns.noncompliant[s] = 1
        columns.push_event(wire.EVENT_STATION_NONCOMPLIANT, columns.station_circuit[s], s, draw_ma)
    elif columns.noncompliant[s] and columns.calm_age_ms[s] >= columns.calm_wait_ms[s]:
        columns.noncompliant[s] = 0
        columns.calm_wait_ms[s] = min(2 * columns.calm_wait_ms[s], wire.ALLOCATION_COMPLIANT_AFTER_MS_MAX)
        columns.push_event(wire.EVENT_STATION_COMPLIANT, columns.station_circuit[s], s, draw_ma)


def _follow_session(columns, s, draw_ma):
    """Keep what the session was served, how long it has charged, and whether it leaves its offer unused."""
    state = columns.station_state[s]
    present = state == wire.STATION_CONNECTED or state == wire.STATION_CHARGING
    if present and not columns.present[s]:
        columns.present[s] = 1
        columns.rotation.join(s)
        columns.phase_switch.start(s, 3)
        columns.switch_age_ms[s] = _AGE_MAX
    elif columns.present[s] and state == wire.STATION_AVAILABLE:
        columns.present[s] = 0
        columns.rotation.leave(s)
        columns.calm_wait_ms[s] = wire.ALLOCATION_COMPLIANT_AFTER_MS
        columns.shed[s] = 0
    if state == wire.STATION_CHARGING and columns.grant_ma[s] > 0:
        columns.charge_age_ms[s] = grow_age(columns.charge_age_ms[s], columns.dt_ms)
    else:
        columns.charge_age_ms[s] = 0
    drawing = draw_ma > wire.ALLOCATION_NONCOMPLIANT_MARGIN_MA or state == wire.STATION_CHARGING
    idle_from_ms = columns.settings.reclaim_after_ms
    if drawing or columns.grant_ma[s] == 0 or not present:
        columns.offer_age_ms[s] = 0
    elif columns.offer_age_ms[s] >= idle_from_ms + wire.ALLOCATION_WAKE_AFTER_MS:
        columns.offer_age_ms[s] = 0  # A larger offer now and then wakes a car that refuses small ones.
    else:
        columns.offer_age_ms[s] = grow_age(columns.offer_age_ms[s], columns.dt_ms)
    columns.idle[s] = 1 if columns.offer_age_ms[s] >= idle_from_ms > 0 else 0
    if present and not columns.silent[s]:
        _serve(columns, s)


def _narrow(columns, s, draw_ma):
    """Count a charging car on the phases it uses only, once another has been quiet for narrow_after_ms.

    What a quiet phase draws when it wakes counts at once (over_ma), and the whole grant counts on it again. But
    until the others have followed, more may flow than fits. So it is off (0) unless the site asks for it.
    """
    used = full = mask(columns.wiring[s], columns.grant_phases[s])
    charging = columns.charge_age_ms[s] > 0 and columns.wiring[s] != wire.WIRING_UNKNOWN
    for phase in range(3):
        i = 3 * s + phase
        quiet = 0 <= columns.measured_ma[i] <= wire.ALLOCATION_NONCOMPLIANT_MARGIN_MA < draw_ma
        quiet = quiet and charging and not columns.silent[s]
        columns.quiet_age_ms[i] = grow_age(columns.quiet_age_ms[i], columns.dt_ms) if quiet else 0
        if columns.quiet_age_ms[i] >= columns.settings.narrow_after_ms > 0 and quiet:
            used &= ~(1 << phase)
    columns.phase_mask[s] = used if used else full


def _track(columns, s, draw_ma):
    """Keep used_ma: the stable current of a car that takes less than its grant (R5), judged once per
    report.
    """
    if columns.station_state[s] != wire.STATION_CHARGING or columns.grant_ma[s] == 0 or columns.silent[s]:
        columns.tracker.reset(s)
    elif columns.fresh[s]:
        sample_ma = draw_ma if _is_measured(columns, s) else wire.NOT_MEASURED_MA
        columns.tracker.on_sample(s, sample_ma, columns.grant_ma[s])
    columns.used_ma[s] = wire.NOT_MEASURED_MA
    if columns.charge_age_ms[s] >= columns.settings.reclaim_after_ms:
        columns.used_ma[s] = columns.tracker.stable_ma[s]
    if columns.idle[s]:
        columns.used_ma[s] = 0


def _is_measured(columns, s):
    i = 3 * s
    return columns.measured_ma[i] >= 0 or columns.measured_ma[i + 1] >= 0 or columns.measured_ma[i + 2] >= 0


def _serve(columns, s):
    """Tell the rotation what flowed; a station without a meter is believed to take its grant while
    charging.
    """
    i = 3 * s
    drawn_ma = columns.draw_ma[i] + columns.draw_ma[i + 1] + columns.draw_ma[i + 2]
    granted_ma = 0
    if columns.station_state[s] == wire.STATION_CHARGING:
        granted_ma = columns.grant_ma[s] * columns.grant_phases[s]
    measured_ma = drawn_ma if _is_measured(columns, s) else wire.NOT_MEASURED_MA
    columns.rotation.on_drawn(s, measured_ma, granted_ma, columns.dt_ms)


def _count_over(columns, s):
    """Write over_ma: what counts of station s beyond its grant, on each phase."""
    reserve_ma = 0
    allowed_ma = 0
    if columns.station_state[s] == wire.STATION_UNREPORTED:
        reserve_ma = columns.failsafe_ma[s]
    elif columns.silent[s]:
        kept = columns.heard_age_ms[s] <= columns.settings.lease_ms + columns.settings.lease_grace_ms
        reserve_ma = max(columns.held_ma[s], columns.failsafe_ma[s]) if kept else columns.failsafe_ma[s]
    elif not columns.noncompliant[s]:
        late = columns.set_age_ms[s] >= columns.settings.follow_ms
        allowed_ma = columns.grant_ma[s] if late else _obeyable_ma(columns, s)
    for phase in range(3):
        i = 3 * s + phase
        over_ma = columns.draw_ma[i]
        if columns.phase_mask[s] >> phase & 1:
            over_ma = max(over_ma - allowed_ma, reserve_ma)
        columns.over_ma[i] = over_ma if over_ma > 0 else 0
