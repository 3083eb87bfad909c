"""The extraction of the homes, on a small made-up wheel of the same shape."""

import zipfile

from evenload_sim.base_load_extract import COLUMN, DAYS_PER_MONTH, FOLDER, HOMES, extract


def wheel_of(path, months, days_per_month):
    """Write a wheel whose home h uses h.0004 kWh an hour; the first row ends the day before."""
    with zipfile.ZipFile(path, "w") as archive:
        for home in HOMES:
            lines = [f"Month,Hour,{COLUMN}", "7.0,24.0,9"]
            for month in months:
                hours = [hour for _ in range(days_per_month) for hour in range(1, 25)]
                lines += [f"{month}.0,{hour}.0,{home}.0004" for hour in hours]
            archive.writestr(f"{FOLDER}/Building_{home}.csv", "\n".join(lines))
    return path


def test_the_first_seven_days_of_each_month_are_taken_in_whole_watts(tmp_path):
    lines = extract(wheel_of(tmp_path / "wheel.whl", [8, 9], 10)).splitlines()
    assert lines[0] == "month,day,hour," + ",".join(f"home_{home}_w" for home in HOMES)
    assert lines[1] == "8,1,0,1000,2000,3000,4000,5000,6000,7000,8000"
    assert len(lines) == 1 + 2 * DAYS_PER_MONTH * 24
    assert lines[-1].startswith("9,7,23,")


def test_a_month_with_fewer_days_gives_what_it_has(tmp_path):
    lines = extract(wheel_of(tmp_path / "wheel.whl", [8], 2)).splitlines()
    assert len(lines) == 1 + 2 * 24
