"""The Caltech charging network of acnportal as a site of ours: phasor constraints into a tree of circuits.

The network: 54 stations, each between two lines of a 208 V delta-wye transformer. With x, y, z the summed
currents of the pairs AB, BC and CA (120 degrees apart) it constrains

    two pods of 8 stations, both on AB       their plain sums                      <= 80 A
    secondary line A (B and C alike)         |AB - CA| = sqrt(x^2 + x z + z^2)     <= 416.7 A
    primary line A (B and C alike)           |AB + BC - 2 CA| / 4                  <= 180.5 A

Our kernel sums per line arithmetically, and x + z is up to 15 % more than |AB - CA|. So the phasors are not
given to it as lines: each pair becomes a circuit of its own with one limit, the same for all three. Every
constraint is the norm of a linear function of (x, y, z), hence convex, hence largest over the box
[0, limit]^3 at one of its eight corners: the limit is the largest one at which all eight corners are feasible
by acnportal's own matrix. Nothing that the kernel grants inside the box can violate anything, whatever the
mix, and the balanced corner (limit, limit, limit) uses the whole 150 kVA.
"""

from itertools import product
from typing import Any

import numpy as np

# acnportal's phase angle in degrees of a station, and the two lines it hangs between.
WIRING_BY_ANGLE = {30: "L1-L2", -90: "L2-L3", 150: "L3-L1"}
CORNERS = np.array(list(product((0, 1), repeat=3))).T
EV_MIN_MA = 6000


def site_of(info: Any, settings: dict[str, int]) -> dict[str, Any]:
    """Return the SITE.json shape of `evenload.site` for what acnportal says of its Caltech network.

    info: `Interface.infrastructure_info()` of `acnsim.sites.caltech_acn`. settings: keys of the site
    (step_ma, slot_ms, ...) added as they are. Stations keep acnportal's order. Raises ValueError where a
    constraint is neither a pod nor loaded alike by all stations of a pair.
    """
    pods = pods_of(info)
    limit_ma = pair_limit_ma(info)
    # A line carries two pairs, so the root never binds before they do.
    circuits = [circuit("transformer", None, 2 * limit_ma)]
    circuits += [circuit(wiring, "transformer", limit_ma) for wiring in WIRING_BY_ANGLE.values()]
    circuits += [circuit(name, wiring_of(info, members[0]), pod_ma) for name, members, pod_ma in pods]
    pod_by_station = {index: name for name, members, _ in pods for index in members}
    stations = [
        {
            "id": station_id,
            "circuit": pod_by_station.get(index, wiring_of(info, index)),
            "wiring": wiring_of(info, index),
            "min_ma": EV_MIN_MA,
            "max_ma": int(info.max_pilot[index] * 1000),
        }
        for index, station_id in enumerate(info.station_ids)
    ]
    return {"name": "caltech_acn", **settings, "circuits": circuits, "stations": stations}


def circuit(name: str, parent: str | None, limit_ma: int) -> dict[str, Any]:
    """Return one circuit of a site with the same limit on every line."""
    above = {} if parent is None else {"parent": parent}
    return {"id": name, **above, "limit_ma": [limit_ma] * 3, "metered": False}


def wiring_of(info: Any, index: int) -> str:
    """Return the wiring of a station by its phase angle."""
    return WIRING_BY_ANGLE[round(float(info.phases[index]))]


def pods_of(info: Any) -> list[tuple[str, list[int], int]]:
    """Return name, station indices and limit in mA of each constraint that is a plain sum in one pair."""
    pods = []
    for row, name in enumerate(info.constraint_ids):
        factors = info.constraint_matrix[row]
        members = [int(index) for index in np.flatnonzero(factors)]
        one_pair = len({wiring_of(info, index) for index in members}) == 1
        if one_pair and bool(np.all(factors[members] == 1)):
            pods.append((name, members, int(info.constraint_limits[row] * 1000)))
    return pods


def pair_phasors(info: Any) -> tuple[Any, Any]:
    """Return what one ampere on each pair adds to each transformer line, and the lines' limits in A.

    Shapes: complex, lines x 3 pairs in the order of WIRING_BY_ANGLE; lines. Raises ValueError if the stations
    of a pair differ in a line, because then their sum says nothing about it.
    """
    pods = {name for name, _, _ in pods_of(info)}
    lines = [row for row, name in enumerate(info.constraint_ids) if name not in pods]
    columns = []
    for angle in WIRING_BY_ANGLE:
        factors = info.constraint_matrix[lines][:, np.round(info.phases) == angle]
        if not np.all(factors == factors[:, :1]):
            raise ValueError(f"the stations at {angle} degrees do not load every transformer line alike")
        columns.append(factors[:, 0] * np.exp(1j * np.deg2rad(angle)))
    return np.array(columns).T, info.constraint_limits[lines]


def pair_limit_ma(info: Any) -> int:
    """Return the largest current in mA that all three pairs may carry at once, in any mix."""
    phasors, limits_a = pair_phasors(info)
    largest_per_a = np.abs(phasors @ CORNERS).max(axis=1)
    return int(min(limits_a / largest_per_a) * 1000)
