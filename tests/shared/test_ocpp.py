"""OCPP 1.6 smart charging: levels, purposes, kinds, units, validity, and what is refused."""

import json
from datetime import UTC, datetime

import pytest
from evenload import wire
from evenload.errors import ConfigError
from evenload.ocpp import (
    DAY_S,
    NEVER_S,
    PROFILE_COUNT_MAX,
    WEEK_S,
    compose,
    end_transaction,
    install,
    parse_profile,
    to_tenths,
)

VOLTAGE_DV = 2300
MONDAY = "2026-03-02T00:00:00Z"


def parse_time(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC).timestamp())


NOW_S = parse_time(MONDAY)


def message(limit=16, purpose="TxDefaultProfile", level=0, **changes):
    """Return a csChargingProfiles object as it comes from JSON; `schedule_` keys go into its schedule."""
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    profile = {
        "chargingProfileId": changes.pop("id", 1),
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
    }
    for key, value in changes.items():
        if key.startswith("schedule_"):
            schedule[key.removeprefix("schedule_")] = value
        else:
            profile[key] = value
    return json.loads(json.dumps({**profile, "chargingSchedule": schedule}))


def profiles(*messages):
    return [parse_profile(one, parse_time) for one in messages]


def limit_ma(stack, now_s=NOW_S, transaction_s=None):
    return compose(stack, now_s, transaction_s, VOLTAGE_DV).limit_ma


def test_without_profiles_nothing_limits():
    result = compose([], NOW_S, None, VOLTAGE_DV)
    assert (result.limit_ma, result.until_s, result.profile_id) == (wire.NO_CAP_MA, NEVER_S, -1)


def test_the_highest_stack_level_of_a_purpose_wins_even_if_it_allows_more():
    assert limit_ma(profiles(message(10, level=0), message(20, level=3, id=2))) == 20_000


def test_a_tx_profile_replaces_the_default_while_a_transaction_runs():
    stack = profiles(message(10, level=9), message(20, "TxProfile", 0, id=2))
    assert limit_ma(stack, transaction_s=NOW_S - 60) == 20_000
    assert limit_ma(stack) == 10_000


def test_the_charge_point_maximum_is_combined_with_the_lower_of_both():
    point = message(16, "ChargePointMaxProfile", id=2)
    assert limit_ma(profiles(point, message(20))) == 16_000
    assert limit_ma(profiles(point, message(10))) == 10_000
    assert compose(profiles(point, message(20)), NOW_S, None, VOLTAGE_DV).profile_id == 2


def test_tx_profiles_end_with_their_transaction():
    stack = profiles(message(10), message(20, "TxProfile", id=2))
    end_transaction(stack)
    assert [profile.profile_id for profile in stack] == [1]


# Watts per phase count: limit, phases, expected mA at 230.0 V, floored.
@pytest.mark.parametrize(
    ("limit", "phases", "expected_ma"),
    [(11_040, 3, 16_000), (4_200, 1, 18_260), (4_200.5, 3, 6_087), (0, 3, 0)],
)
def test_watts_become_amperes_by_voltage_and_phases(limit, phases, expected_ma):
    periods = [{"startPeriod": 0, "limit": limit, "numberPhases": phases}]
    stack = profiles(message(schedule_chargingRateUnit="W", schedule_chargingSchedulePeriod=periods))
    assert limit_ma(stack) == expected_ma


def test_limits_are_multiples_of_a_tenth():
    assert limit_ma(profiles(message(8.1))) == 8_100
    assert [to_tenths(value, "limit") for value in (0, 0.1, 0.3, 16, 16.0, 31.9)] == [0, 1, 3, 160, 160, 319]


@pytest.mark.parametrize("value", [8.15, -1, -0.1, "16", True, None, 1e30, float("nan"), [16]])
def test_what_is_no_multiple_of_a_tenth_is_refused(value):
    with pytest.raises(ConfigError, match=r"a multiple of 0\.1"):
        to_tenths(value, "limit")


def test_phases_and_the_minimum_rate_are_reported():
    periods = [{"startPeriod": 0, "limit": 20, "numberPhases": 1}]
    stack = profiles(message(schedule_chargingSchedulePeriod=periods, schedule_minChargingRate=6.5))
    result = compose(stack, NOW_S, None, VOLTAGE_DV)
    assert (result.phases, result.min_ma) == (1, 6_500)


HOURLY = [
    {"startPeriod": 0, "limit": 10},
    {"startPeriod": 3600, "limit": 20},
    {"startPeriod": 7200, "limit": 5},
]


def test_an_absolute_schedule_steps_through_its_periods_and_tells_the_next_change():
    stack = profiles(
        message(
            schedule_startSchedule=MONDAY, schedule_duration=10_000, schedule_chargingSchedulePeriod=HOURLY
        )
    )
    expected = [
        (-1, None, 0),
        (0, 10_000, 3600),
        (3599, 10_000, 3600),
        (3600, 20_000, 7200),
        (9999, 5_000, 10_000),
    ]
    for offset_s, current_ma, until in expected:
        result = compose(stack, NOW_S + offset_s, None, VOLTAGE_DV)
        assert result.limit_ma == (wire.NO_CAP_MA if current_ma is None else current_ma)
        assert result.until_s == NOW_S + until
    assert compose(stack, NOW_S + 10_000, None, VOLTAGE_DV).until_s == NEVER_S


@pytest.mark.parametrize(("kind", "repeat_s"), [("Daily", DAY_S), ("Weekly", WEEK_S)])
def test_a_recurring_schedule_starts_again_and_its_gap_lets_the_next_level_speak(kind, repeat_s):
    stack = profiles(
        message(32, level=0),
        message(
            level=1,
            id=2,
            chargingProfileKind="Recurring",
            recurrencyKind=kind,
            schedule_startSchedule=MONDAY,
            schedule_duration=10_000,
            schedule_chargingSchedulePeriod=HOURLY,
        ),
    )
    for turn in (0, 1, 5):
        start_s = NOW_S + turn * repeat_s
        assert limit_ma(stack, start_s + 4000) == 20_000
        assert limit_ma(stack, start_s + 10_000) == 32_000
        assert compose(stack, start_s + 10_000, None, VOLTAGE_DV).until_s == start_s + repeat_s


def test_a_relative_schedule_counts_from_the_transaction():
    stack = profiles(
        message(purpose="TxProfile", chargingProfileKind="Relative", schedule_chargingSchedulePeriod=HOURLY)
    )
    assert limit_ma(stack, NOW_S + 100, NOW_S) == 10_000
    assert limit_ma(stack, NOW_S + 3700, NOW_S) == 20_000
    assert limit_ma(stack, NOW_S + 3700) == wire.NO_CAP_MA


def test_a_profile_counts_only_while_it_is_valid():
    stack = profiles(message(16, validFrom="2026-03-02T01:00:00Z", validTo="2026-03-02T02:00:00Z"))
    assert limit_ma(stack) == wire.NO_CAP_MA
    assert compose(stack, NOW_S, None, VOLTAGE_DV).until_s == NOW_S + 3600
    assert limit_ma(stack, NOW_S + 3600) == 16_000
    assert compose(stack, NOW_S + 3600, None, VOLTAGE_DV).until_s == NOW_S + 7200
    assert limit_ma(stack, NOW_S + 7200) == wire.NO_CAP_MA


def test_installing_replaces_the_same_id_and_the_same_purpose_and_level():
    stack = []
    for one in profiles(message(10, id=1), message(12, level=1, id=1), message(14, level=1, id=2)):
        assert install(stack, one)
    assert [(profile.profile_id, profile.stack_level) for profile in stack] == [(2, 1)]


def test_a_full_list_refuses():
    stack = []
    assert all(
        install(stack, one) for one in profiles(*[message(id=n, level=n) for n in range(PROFILE_COUNT_MAX)])
    )
    assert not install(stack, profiles(message(id=99, level=99))[0])


# What is changed in a good profile, and the key that the sentence names.
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"purpose": "Other"}, "chargingProfilePurpose"),
        ({"level": -1}, "stackLevel"),
        ({"level": True}, "stackLevel"),
        ({"chargingProfileKind": "Sometimes"}, "chargingProfileKind"),
        ({"chargingProfileKind": "Recurring"}, "recurrencyKind"),
        ({"chargingProfileKind": "Recurring", "recurrencyKind": ["Daily"]}, "recurrencyKind"),
        ({"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}, "startSchedule"),
        ({"chargingProfileKind": "Relative", "purpose": "ChargePointMaxProfile"}, "chargingProfileKind"),
        ({"validFrom": "yesterday"}, "validFrom"),
        ({"validTo": 5}, "validTo"),
        ({"schedule_chargingRateUnit": "kW"}, "chargingRateUnit"),
        ({"schedule_duration": -5}, "duration"),
        ({"schedule_minChargingRate": 6.55}, "minChargingRate"),
        ({"schedule_chargingSchedulePeriod": []}, "chargingSchedulePeriod"),
        ({"schedule_chargingSchedulePeriod": [5]}, "chargingSchedulePeriod[0]"),
        ({"schedule_chargingSchedulePeriod": [{"startPeriod": 1, "limit": 5}]}, "startPeriod"),
        (
            {"schedule_chargingSchedulePeriod": [HOURLY[0], HOURLY[0]]},
            "chargingSchedulePeriod[1].startPeriod",
        ),
        (
            {"schedule_chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5, "numberPhases": 4}]},
            "numberPhases",
        ),
        ({"schedule_chargingSchedulePeriod": [{"startPeriod": 0}]}, "limit"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_key(changes, key):
    with pytest.raises(ConfigError) as refused:
        parse_profile(message(**changes), parse_time)
    assert key in refused.value.key


@pytest.mark.parametrize("value", [None, 5, "profile", [], [{}]])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(ConfigError, match="csChargingProfiles"):
        parse_profile(value, parse_time)


def test_a_profile_without_a_schedule_is_refused():
    one = message()
    del one["chargingSchedule"]
    with pytest.raises(ConfigError, match="chargingSchedule"):
        parse_profile(one, parse_time)
