"""The vote floor's record: torn at every byte, corrupt, unreadable, absent; in memory and in real files."""

import os

import pytest
from evenload.wire import TERM_MAX
from evenload_node.floor import CEILING_UNREADABLE, RECORD_SIZE, Floor, pack_record, unpack_record
from evenload_node.hal.floor_posix import FloorFiles


class MemorySlots:
    """Two slots whose next write may stop after some bytes, as a power cut leaves it."""

    def __init__(self):
        self.data = [None, None]
        self.torn_after = None
        self.unreadable = set()

    def name(self, index):
        return f"slot {index}"

    def read(self, index):
        if index in self.unreadable:
            raise OSError(5, "Input/output error")
        return self.data[index]

    def write(self, index, data):
        if self.torn_after is not None:
            old = self.data[index] or b""
            self.data[index] = data[: self.torn_after] + old[self.torn_after :]
            raise OSError(5, "power cut")
        self.data[index] = data


@pytest.fixture
def slots():
    return MemorySlots()


def stored(slots, *ceilings):
    floor = Floor(slots)
    floor.load()
    for ceiling in ceilings:
        floor.store(ceiling)


def test_a_record_is_sixteen_bytes_that_say_what_was_put_in():
    record = pack_record(7, 272)
    assert record[:4] == b"EVF1"
    assert len(record) == RECORD_SIZE
    assert unpack_record(record) == (7, 272)


def test_every_changed_bit_makes_a_record_invalid():
    record = pack_record(7, 272)
    for place in range(8 * RECORD_SIZE):
        wrong = bytearray(record)
        wrong[place // 8] ^= 1 << place % 8
        assert unpack_record(bytes(wrong)) is None
    assert unpack_record(record + b"\0") is None
    assert unpack_record(pack_record(1, TERM_MAX + 1)) is None


def test_the_very_first_start_has_no_floor(slots):
    floor = Floor(slots)
    assert floor.load() == 0
    assert floor.fault == ""


def test_both_slots_hold_what_was_stored_and_versions_count_on(slots):
    stored(slots, 256, 512, 768)
    assert [unpack_record(data) for data in slots.data] == [(5, 768), (6, 768)]
    assert Floor(slots).load() == 768


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("torn_after", range(RECORD_SIZE + 1))
def test_a_write_torn_at_any_byte_leaves_the_ceiling_that_counted(slots, count, torn_after):
    stored(slots, *[256 * n for n in range(1, count + 1)])
    floor = Floor(slots)
    assert floor.load() == 256 * count
    slots.torn_after = torn_after
    with pytest.raises(OSError, match="power cut"):
        floor.store(256 * (count + 1))
    slots.torn_after = None
    after = Floor(slots)
    # Complete but unconfirmed is as good as confirmed: a higher floor only abstains more.
    wanted = 256 * count if torn_after < RECORD_SIZE else 256 * (count + 1)
    assert after.load() == wanted
    after.store(5000)
    assert Floor(slots).load() == 5000


def test_the_version_goes_on_after_a_restart(slots):
    stored(slots, 256)
    stored(slots, 512)
    assert [unpack_record(data) for data in slots.data] == [(3, 512), (4, 512)]


def test_a_slot_that_cannot_be_read_means_no_vote_and_says_why(slots):
    stored(slots, 256, 512)
    slots.unreadable = {0}
    floor = Floor(slots)
    assert floor.load() == CEILING_UNREADABLE
    assert floor.fault.startswith("slot 0 can't be read")
    assert "does not vote" in floor.fault


def test_two_corrupt_slots_mean_no_vote_and_say_why(slots):
    slots.data = [b"junk", b""]
    floor = Floor(slots)
    assert floor.load() == CEILING_UNREADABLE
    assert floor.fault.startswith("slot 0 and slot 1 hold no valid record: this node does not vote.")


@pytest.mark.parametrize("corrupt", [0, 1])
@pytest.mark.parametrize("damage", [b"junk", b"", None])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_damaged_or_missing_slot_never_lowers_the_ceiling(slots, count, damage, corrupt):
    stored(slots, *[256 * n for n in range(1, count + 1)])
    slots.data[corrupt] = damage
    assert Floor(slots).load() == 256 * count


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_valid_slots_the_higher_version_wins(slots, order):
    for version, index in enumerate(order, 1):
        slots.data[index] = pack_record(version, 256 * version)
    assert Floor(slots).load() == 512


def test_files_are_replaced_as_a_whole(tmp_path):
    files = FloorFiles(str(tmp_path))
    stored(files, 256, 512, 768)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["floor.0", "floor.1"]
    assert Floor(FloorFiles(str(tmp_path))).load() == 768


@pytest.mark.parametrize("size", range(RECORD_SIZE))
def test_a_file_cut_short_is_survived(tmp_path, size):
    stored(FloorFiles(str(tmp_path)), 256, 512)
    os.truncate(tmp_path / "floor.1", size)
    (tmp_path / "floor.1.new").write_bytes(b"EVF")
    assert Floor(FloorFiles(str(tmp_path))).load() == 512


def test_a_folder_in_place_of_a_slot_cannot_be_read(tmp_path):
    stored(FloorFiles(str(tmp_path)), 256)
    (tmp_path / "floor.1").unlink()
    (tmp_path / "floor.1").mkdir()
    floor = Floor(FloorFiles(str(tmp_path)))
    assert floor.load() == CEILING_UNREADABLE
    assert str(tmp_path) in floor.fault
