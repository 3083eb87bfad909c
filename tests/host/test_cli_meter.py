"""`evenload meter decode`: captured bytes in, one JSON line per accepted packet out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

VECTORS = json.loads((Path(__file__).parent.parent / "vectors/bl0942_frames.json").read_text())
RAW = ("i_rms", "v_rms", "i_fast_rms", "watt", "cf_cnt", "freq", "status")


def decode(data, *options, core="c"):
    """Run the command on standard input; return (exit code, lines, stderr)."""
    done = subprocess.run(
        [sys.executable, "-m", "evenload_host", "meter", "decode", *options, "-"],
        input=data,
        capture_output=True,
        env={**os.environ, "EVENLOAD_CORE": core},
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr.decode()


@pytest.mark.parametrize("core", ["c", "python"])
def test_every_recorded_frame_comes_out_with_its_registers_and_units(core):
    frames = [frame for frame in VECTORS["packet_frames"] if frame["address"] == 0]
    code, lines, _ = decode(b"".join(bytes.fromhex(frame["bytes"]) for frame in frames), core=core)
    assert code == 0
    for frame, line in zip(frames, lines, strict=True):
        assert [line[name] for name in RAW] == [frame["decoded"][name] for name in RAW], frame["id"]
        for name in ("current_a", "voltage_v", "power_w", "frequency_hz"):
            assert line[name] == pytest.approx(frame["at_reference_design"][name], abs=2e-3), frame["id"]


@pytest.mark.parametrize("stream", VECTORS["resync_streams"], ids=lambda stream: stream["id"])
def test_packets_are_found_between_junk(stream):
    code, lines, _ = decode(stream["stream"].encode(), "--hex", "--summary")
    summary = lines.pop()
    assert code == 0
    assert [line["v_rms"] for line in lines] == [
        frame["decoded"]["v_rms"] for frame in stream["expect_frames"]
    ]
    junk = len(bytes.fromhex(stream["stream"])) - 23 * len(lines)
    assert summary == {"packets": len(lines), "dropped_bytes": junk, "bad_checksum": 0, "implausible": 0}


def test_another_address_needs_its_option():
    frame = bytes.fromhex(next(frame["bytes"] for frame in VECTORS["packet_frames"] if frame["id"] == "S2"))
    assert decode(frame)[1] == []
    assert decode(frame, "--address", "2")[1][0]["i_rms"] == 251213


def test_hexadecimal_pairs_may_be_split_by_any_white_space():
    text = VECTORS["packet_frames"][0]["bytes"].replace(" ", "")
    broken = "\n".join(text[at : at + 3] for at in range(0, len(text), 3))
    assert len(decode(broken.encode(), "--hex")[1]) == 1


def test_a_bad_digit_is_named_with_its_offset():
    code, _, error = decode(b"55 0G", "--hex")
    assert code == 2
    assert "'G' at offset 4" in error


def test_an_odd_number_of_digits_is_refused():
    code, _, error = decode(b"55 0", "--hex")
    assert code == 2
    assert "odd number of digits" in error


def test_an_empty_capture_has_an_empty_summary():
    code, lines, _ = decode(b"", "--summary")
    assert (code, lines) == (0, [{"packets": 0, "dropped_bytes": 0, "bad_checksum": 0, "implausible": 0}])


def test_bytes_that_wait_for_more_at_the_end_are_counted_as_dropped():
    frame = bytes.fromhex(VECTORS["packet_frames"][0]["bytes"])
    assert decode(frame + frame[:10], "--summary")[1][-1]["dropped_bytes"] == 10


def test_a_missing_file_is_a_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "evenload_host", "meter", "decode", "no-such-capture"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no-such-capture" in done.stderr
    assert "Traceback" not in done.stderr


def test_calibration_changes_the_units_and_bad_values_keep_their_default(tmp_path):
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps({"voltage": 15968, "current": -1}))
    frame = bytes.fromhex(next(frame["bytes"] for frame in VECTORS["packet_frames"] if frame["id"] == "S1"))
    code, lines, error = decode(frame, "--calibration", str(file))
    assert code == 0
    assert lines[0]["voltage_v"] == pytest.approx(3494335 / 15968, abs=1e-4)
    assert lines[0]["current_a"] == pytest.approx(1.0, abs=1e-4)
    assert "current is -1" in error


def test_both_cores_print_the_same_bytes_on_a_damaged_stream():
    from evenload_sim.bl0942_stream import Stream

    stream = Stream(5, 300).data
    assert decode(stream, "--summary", core="c") == decode(stream, "--summary", core="python")
