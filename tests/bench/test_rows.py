"""The rows of `evenload bench` under pytest-benchmark: `make bench` keeps their results as JSON.

A row measures and compares inside one call, so each is run once; its results are kept as extra information.
Nothing fails here for being slow: `evenload bench` holds the values against their targets.
"""

import math

import pytest
from evenload_sim.bench import all_rows

ROWS = [row for row in all_rows() if not row.slow]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_measures_what_it_names(benchmark, row):
    results = benchmark.pedantic(row.run, rounds=1, iterations=1)
    benchmark.extra_info["results"] = results
    assert results
    assert all(entry["value"] is None or math.isfinite(entry["value"]) for entry in results)
