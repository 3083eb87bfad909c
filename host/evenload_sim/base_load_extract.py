"""Makes base_load_data/homes.csv again: python -m evenload_sim.base_load_extract
CityLearn-2.1.2-py3-none-any.whl

What is taken, and under which licence, is written in base_load_data/NOTICE.
"""

import csv
import io
import sys
import zipfile
from pathlib import Path

HOMES = range(1, 9)
DAYS_PER_MONTH = 7
FOLDER = "citylearn/data/citylearn_challenge_2022_phase_all"
COLUMN = "Equipment Electric Power [kWh]"
TARGET = Path(__file__).parent / "base_load_data" / "homes.csv"


def extract(wheel: Path) -> str:
    """Return the extract as CSV text: month, day of the extract (1..7), hour (0..23), mean watts of homes 1
    .. 8.
    """
    with zipfile.ZipFile(wheel) as archive:
        homes = [_rows(archive, home) for home in HOMES]
    lines = ["month,day,hour," + ",".join(f"home_{home}_w" for home in HOMES)]
    for start, day in _first_days_of_months(homes[0]):
        for hour in range(24):
            row = start + hour
            watts = [round(float(rows[row][COLUMN]) * 1000) for rows in homes]
            month = int(float(homes[0][row]["Month"]))
            lines.append(",".join(str(value) for value in [month, day, hour, *watts]))
    return "\n".join(lines) + "\n"


def _rows(archive: zipfile.ZipFile, home: int) -> list[dict[str, str]]:
    text = archive.read(f"{FOLDER}/Building_{home}.csv").decode()
    return list(csv.DictReader(io.StringIO(text)))


def _first_days_of_months(rows: list[dict[str, str]]) -> list[tuple[int, int]]:
    """Return (row of hour 1, day number 1..7) of the first seven whole days of each month, in the file's
    order.
    """
    taken: dict[int, int] = {}
    days = []
    starts = [
        index for index, row in enumerate(rows) if int(float(row["Hour"])) == 1 and index + 24 <= len(rows)
    ]
    for start in starts:
        month = int(float(rows[start]["Month"]))
        taken[month] = taken.get(month, 0) + 1
        if taken[month] <= DAYS_PER_MONTH:
            days.append((start, taken[month]))
    return days


if __name__ == "__main__":
    TARGET.write_text(extract(Path(sys.argv[1])))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")
