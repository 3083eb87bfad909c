"""OCPP 1.6 smart charging: from charging profiles to one limit now (SPEC, ocpp; R14).

Sources: OCPP 1.6 edition 2, sections 3.13.1 to 3.13.4 and 7.7 to 7.14 (ChargingProfile, ChargingSchedule,
ChargingSchedulePeriod). Of one purpose, the profile with the highest stackLevel that is in force decides. A
TxProfile replaces the TxDefaultProfile while a transaction runs; the result is the lower of that and the
ChargePointMaxProfile. Where a recurring schedule of a higher level has run out for the day, the next level
speaks.

Limits are decimal numbers, multiples of 0.1 (section 7.13); here they are integers in tenths,
`limit_tenths`, of A or W. Times are Unix seconds (UTC), not the ring: schedules are wall-clock business. A
wrong clock can only misplace a cap that comes from outside; no safety rule hangs on it.
"""

from evenload import wire
from evenload.caps import power_to_ma
from evenload.errors import ConfigError

UNIT_A = 0
UNIT_W = 1
PURPOSE_POINT_MAX = 0
PURPOSE_TX_DEFAULT = 1
PURPOSE_TX = 2
KIND_ABSOLUTE = 0
KIND_RECURRING = 1
KIND_RELATIVE = 2
DAY_S = 86400
WEEK_S = 7 * DAY_S
NEVER_S = (1 << 62) - 1
PERIOD_COUNT_MAX = 96
PROFILE_COUNT_MAX = 32

_UNITS = ("A", "W")
_PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
_KINDS = ("Absolute", "Recurring", "Relative")
_RECURRENCES = {"Daily": DAY_S, "Weekly": WEEK_S}


class Profile:
    """One charging profile.

    start_s: of the schedule (for KIND_RELATIVE: unused, it counts from the transaction's start);
    duration_s: NEVER_S for without end; repeat_s: DAY_S or WEEK_S if recurring; from_s, to_s: validity;
    periods: lists of [offset_s, limit_tenths, number_phases], offsets rising from 0; min_tenths:
    minChargingRate, 0 for none.
    """

    def __init__(self, profile_id: int, purpose: int, stack_level: int):
        self.profile_id = profile_id
        self.purpose = purpose
        self.stack_level = stack_level
        self.kind = KIND_ABSOLUTE
        self.unit = UNIT_A
        self.start_s = 0
        self.duration_s = NEVER_S
        self.repeat_s = 0
        self.from_s = -NEVER_S
        self.to_s = NEVER_S
        self.periods = []
        self.min_tenths = 0
        self.transaction_id = None


class Composite:
    """What the profiles say at one moment.

    limit_ma: per phase, NO_CAP_MA without a limit; phases: 1..3, numberPhases of the period; min_ma: below
    this the station rather charges nothing (minChargingRate), 0 for none; until_s: when this may change,
    NEVER_S if never; profile_id: who limits, -1 for nobody.
    """

    def __init__(self):
        self.limit_ma = wire.NO_CAP_MA
        self.phases = 3
        self.min_ma = 0
        self.until_s = NEVER_S
        self.profile_id = -1


def parse_profile(value: dict, parse_time) -> Profile:
    """Return the Profile of a csChargingProfiles object (SetChargingProfile.req).

    parse_time: function from an RFC 3339 text to Unix seconds, which raises ValueError. Raises ConfigError.
    """
    _require(isinstance(value, dict), "csChargingProfiles", value, "an object")
    purpose = _word(value, "chargingProfilePurpose", _PURPOSES)
    profile = Profile(_integer(value, "chargingProfileId"), purpose, _integer(value, "stackLevel"))
    profile.kind = _word(value, "chargingProfileKind", _KINDS)
    profile.transaction_id = value.get("transactionId")
    profile.from_s = _time(value, "validFrom", -NEVER_S, parse_time)
    profile.to_s = _time(value, "validTo", NEVER_S, parse_time)
    if profile.kind == KIND_RECURRING:
        word = value.get("recurrencyKind")
        _require(isinstance(word, str) and word in _RECURRENCES, "recurrencyKind", word, "Daily or Weekly")
        profile.repeat_s = _RECURRENCES[word]
    if profile.kind == KIND_RELATIVE and purpose == PURPOSE_POINT_MAX:
        raise ConfigError(
            "chargingProfileKind", "Relative", "Absolute or Recurring in a ChargePointMaxProfile"
        )
    schedule = value.get("chargingSchedule")
    _require(isinstance(schedule, dict), "chargingSchedule", schedule, "an object")
    _read_schedule(profile, schedule, parse_time)
    return profile


def install(profiles: list[Profile], profile: Profile) -> bool:
    """Add `profile` to the list: it replaces one of its id, or of its purpose and stackLevel; False if full.

    OCPP 1.6, 5.16: the same id, or the same stackLevel and purpose, replaces.
    """
    for i in range(len(profiles) - 1, -1, -1):
        old = profiles[i]
        same_place = old.purpose == profile.purpose and old.stack_level == profile.stack_level
        if old.profile_id == profile.profile_id or same_place:
            profiles.pop(i)
    if len(profiles) >= PROFILE_COUNT_MAX:
        return False
    profiles.append(profile)
    return True


def compose(profiles: list[Profile], now_s: int, transaction_s: int | None, voltage_dv: int) -> Composite:
    """Return what the profiles of one station say at `now_s`.

    transaction_s: when the running transaction began, None without one (then no Tx profile and no relative
    one counts); voltage_dv: phase voltage that turns W into mA.
    """
    result = Composite()
    point = _speaker(profiles, PURPOSE_POINT_MAX, (now_s, transaction_s), result)
    own = None
    if transaction_s is not None:
        own = _speaker(profiles, PURPOSE_TX, (now_s, transaction_s), result)
    if own is None:
        own = _speaker(profiles, PURPOSE_TX_DEFAULT, (now_s, transaction_s), result)
    for speaker in (point, own):
        if speaker is not None:
            _apply(result, speaker, voltage_dv)
    return result


def _speaker(profiles, purpose, times, result):
    """Return (profile, period) of the highest level in force; narrow result.until_s to the next possible
    change.
    """
    chosen = None
    for profile in profiles:
        if profile.purpose != purpose:
            continue
        period, until_s = _period_at(profile, times[0], times[1])
        result.until_s = min(result.until_s, until_s)
        if period is not None and (chosen is None or profile.stack_level > chosen[0].stack_level):
            chosen = (profile, period)
    return chosen


def _period_at(profile, now_s, transaction_s):
    """Return (period or None, when that may change)."""
    if now_s < profile.from_s:
        return None, profile.from_s
    if now_s >= profile.to_s:
        return None, NEVER_S
    start_s = profile.start_s
    if profile.kind == KIND_RELATIVE:
        if transaction_s is None:
            return None, profile.to_s
        start_s = transaction_s
    if now_s < start_s:
        return None, min(start_s, profile.to_s)
    again_s = NEVER_S
    if profile.repeat_s:
        start_s += (now_s - start_s) // profile.repeat_s * profile.repeat_s
        again_s = start_s + profile.repeat_s
    end_s = min(start_s + profile.duration_s, again_s)
    if now_s >= end_s:
        return None, min(again_s, profile.to_s)
    found = None
    until_s = end_s
    for period in profile.periods:
        if start_s + period[0] <= now_s:
            found = period
        else:
            until_s = min(until_s, start_s + period[0])
            break
    return found, min(until_s, profile.to_s)


def _apply(result, speaker, voltage_dv):
    """Tighten the composite by one period."""
    profile, period = speaker
    _, limit_tenths, phases = period
    limit_ma = _to_ma(limit_tenths, profile.unit, phases, voltage_dv)
    if limit_ma < result.limit_ma:
        result.limit_ma = limit_ma
        result.profile_id = profile.profile_id
    result.phases = min(result.phases, phases)
    if profile.min_tenths:
        result.min_ma = max(result.min_ma, _to_ma(profile.min_tenths, profile.unit, phases, voltage_dv))


def _to_ma(tenths, unit, phases, voltage_dv):
    if unit == UNIT_A:
        return min(tenths * 100, wire.NO_CAP_MA)
    return power_to_ma(
        tenths, phases, voltage_dv * 10
    )  # Tenths of W over hundredths of V: the tenths cancel.


def _read_schedule(profile, schedule, parse_time):
    profile.unit = _word(schedule, "chargingRateUnit", _UNITS)
    profile.duration_s = _integer(schedule, "duration") if "duration" in schedule else NEVER_S
    profile.start_s = _time(schedule, "startSchedule", None, parse_time)
    if profile.start_s is None:
        needs_start = profile.kind == KIND_RECURRING
        _require(not needs_start, "startSchedule", None, "a time, since the profile is Recurring")
        profile.start_s = max(profile.from_s, 0)
    if "minChargingRate" in schedule:
        profile.min_tenths = to_tenths(schedule["minChargingRate"], "minChargingRate")
    periods = schedule.get("chargingSchedulePeriod")
    good = isinstance(periods, list) and 1 <= len(periods) <= PERIOD_COUNT_MAX
    _require(good, "chargingSchedulePeriod", periods, "1 .. {} periods".format(PERIOD_COUNT_MAX))
    last_s = -1
    for i in range(len(periods)):
        key = "chargingSchedulePeriod[{}]".format(i)
        _require(isinstance(periods[i], dict), key, periods[i], "an object")
        offset_s = _integer(periods[i], "startPeriod")
        rising = offset_s > last_s if i else offset_s == 0
        _require(rising, key + ".startPeriod", offset_s, "0 first, then rising")
        last_s = offset_s
        phases = _integer(periods[i], "numberPhases") if "numberPhases" in periods[i] else 3
        _require(1 <= phases <= 3, key + ".numberPhases", phases, "1 .. 3")
        profile.periods.append([offset_s, to_tenths(periods[i].get("limit"), key + ".limit"), phases])


def to_tenths(value, key: str) -> int:
    """Return a limit in tenths; ConfigError unless it is a multiple of 0.1 from 0 to 10,000,000.

    JSON brings 8.1 as a binary fraction; its shortest decimal text is what the sender wrote, so that is read.
    """
    text = str(value)
    whole, _, rest = text.partition(".")
    good = not isinstance(value, str) and whole.isdigit() and (rest == "" or rest.isdigit())
    _require(good and len(whole) <= 8, key, value, "a multiple of 0.1 from 0 on")
    digit = rest[:1] if rest else "0"
    _require(int(rest[1:] or "0") == 0, key, value, "a multiple of 0.1 from 0 on")
    return int(whole) * 10 + int(digit)


def end_transaction(profiles: list[Profile]):
    """Forget the TxProfiles: they end with their transaction (OCPP 1.6, 3.13.1)."""
    for i in range(len(profiles) - 1, -1, -1):
        if profiles[i].purpose == PURPOSE_TX:
            profiles.pop(i)


def _word(value, key, words):
    word = value.get(key)
    _require(word in words, key, word, "one of " + ", ".join(words))
    return words.index(word)


def _integer(value, key):
    number = value.get(key)
    good = isinstance(number, int) and number is not True and number is not False and number >= 0
    _require(good, key, number, "an integer from 0 on")
    return number


def _time(value, key, default, parse_time):
    if key not in value:
        return default
    valid = "a time like 2026-03-01T08:00:00Z"
    _require(isinstance(value[key], str), key, value[key], valid)
    try:
        return parse_time(value[key])
    except ValueError:
        raise ConfigError(key, value[key], valid)


def _require(good, key, value, valid):
    if not good:
        raise ConfigError(key, value, valid)
