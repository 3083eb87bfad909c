"""Files that survive a power cut: whole or not at all, and a number that never starts over by mistake."""

import pytest
from evenload.setpoint import Counter
from evenload_node.hal.files import NumberFile, make_folder, read_text, write_text


def test_a_missing_file_is_none_and_other_trouble_an_error(tmp_path):
    assert read_text(str(tmp_path / "none")) is None
    with pytest.raises(OSError, match="directory"):
        read_text(str(tmp_path))


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "state.json"
    write_text(str(path), "old, and longer than the new one")
    write_text(str(path), "new")
    assert path.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_a_write_that_fails_leaves_the_old_content(tmp_path):
    path = tmp_path / "state.json"
    write_text(str(path), "old")
    (tmp_path / "state.json.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_text(str(path), "new")
    assert path.read_text() == "old"


def test_folders_are_made_down_to_the_last_and_may_be_there(tmp_path):
    for _ in range(2):
        make_folder(str(tmp_path / "a" / "b" / "c"))
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_relative_folders_are_made_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_folder("var/node")
    assert (tmp_path / "var" / "node").is_dir()


def test_a_number_comes_back_and_a_missing_one_is_zero(tmp_path):
    store = NumberFile(str(tmp_path / "mark"))
    assert store.load() == 0
    store.store(4096)
    assert store.load() == 4096


def test_a_file_without_a_number_is_an_error_and_never_a_fresh_start(tmp_path):
    (tmp_path / "mark").write_text("rubbish")
    with pytest.raises(OSError, match="holds no number"):
        Counter(NumberFile(str(tmp_path / "mark")))


def test_a_counter_goes_on_above_its_mark_after_a_restart(tmp_path):
    store = NumberFile(str(tmp_path / "mark"))
    before = [Counter(store).next() for _ in range(3)]
    assert before == sorted(set(before))
