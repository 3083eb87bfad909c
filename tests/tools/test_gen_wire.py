"""The generated files are what wire.py says, and `--check` notices when they are not."""

import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ["csrc/include/evenload/wire.h", "csrc/wire.cdef", "SPEC.md"]


@pytest.fixture(scope="module")
def gen_wire():
    spec = importlib.util.spec_from_file_location("gen_wire", ROOT / "tools" / "gen_wire.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy_root(tmp_path):
    for name in GENERATED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_every_generated_file_is_current(gen_wire):
    assert gen_wire.stale_paths() == []


@pytest.mark.parametrize("name", GENERATED[:2])
def test_a_changed_constant_is_noticed(gen_wire, copy_root, name):
    (copy_root / name).write_text((copy_root / name).read_text().replace("BL0942_PACKET_SIZE", "BL0942_SIZE"))
    assert gen_wire.stale_paths(copy_root) == [copy_root / name]


def test_a_changed_value_in_the_spec_is_noticed(gen_wire, copy_root):
    spec = copy_root / "SPEC.md"
    spec.write_text(
        spec.read_text().replace("| `BL0942_PACKET_SIZE` | 23 |", "| `BL0942_PACKET_SIZE` | 24 |")
    )
    assert gen_wire.stale_paths(copy_root) == [spec]


def test_a_missing_file_is_noticed(gen_wire, copy_root):
    (copy_root / GENERATED[0]).unlink()
    assert gen_wire.stale_paths(copy_root) == [copy_root / GENERATED[0]]


def test_lost_spec_markers_are_an_error_that_names_them(gen_wire):
    with pytest.raises(ValueError, match="wire tables"):
        gen_wire.spec_text("# a SPEC without markers")


def test_every_constant_stands_in_exactly_one_section(gen_wire):
    listed = [name for _, names in gen_wire.sections() for name in names]
    assert sorted(listed) == sorted(name for name, _ in gen_wire.constants())


def test_the_words_of_an_enumeration_stand_beside_its_codes(gen_wire):
    assert "| `METER_STALE` | 2 | stale |" in gen_wire.spec_tables()
    assert gen_wire.word_of("METER_STALE_THRESHOLD_MS", 3000) == ""
