"""Rows of the BL0942 parser: how fast the batch decoder is, and what each way of resynchronising recovers."""

from collections.abc import Callable, Iterator

from evenload import bl0942 as twin
from evenload.core import BACKEND, kernel
from evenload.wire import (
    BL0942_COMMAND_READ,
    BL0942_FIELD_CF_CNT,
    BL0942_FIELD_COUNT,
    BL0942_PACKET_HEADER,
    BL0942_PACKET_SIZE,
)

from evenload_sim.bench import Result, Row, absent, best_ns, result
from evenload_sim.bl0942_stream import Stream

BATCH_FRAMES = 10_000
TWIN_FRAMES = 1_000
CORRUPTED_FRAMES = 200_000
CHECKSUM_RATIO_MAX = 2.2
TWIN_RATIO_MIN = 100
FALSE_PER_MILLION_MAX = 1


def batch() -> list[Result]:
    """Time the C batch decoder against a bare checksum loop over the same buffer, and against the twin."""
    if BACKEND != "c":
        return [absent("parser, C batch decode", "ns/frame", "lower", "the C core")]
    core = kernel("bl0942")
    data = Stream(1, BATCH_FRAMES, is_damaged=False).data
    capture, twin_capture = core.Capture(BATCH_FRAMES), twin.Capture(TWIN_FRAMES)
    # Turn and turn about, so that a busy machine disturbs both alike.
    rounds = [
        (
            best_ns(lambda: core.decode_batch(data, 0, capture), 3) / BATCH_FRAMES,
            best_ns(lambda: core.count_checksums(data, 0), 3) / BATCH_FRAMES,
        )
        for _ in range(5)
    ]
    decode_ns, checksum_ns = (min(column) for column in zip(*rounds, strict=True))
    short = data[: TWIN_FRAMES * BL0942_PACKET_SIZE]
    twin_ns = best_ns(lambda: twin.decode_batch(short, 0, twin_capture), 3) / TWIN_FRAMES
    return [
        result("parser, C batch decode", decode_ns, "ns/frame", "lower"),
        result("parser, bare checksum loop", checksum_ns, "ns/frame", "lower"),
        result(
            "parser, batch decode / checksum loop",
            decode_ns / checksum_ns,
            "x",
            "lower",
            target=CHECKSUM_RATIO_MAX,
            peer="bare checksum loop, same buffer and flags",
            ratio=decode_ns / checksum_ns,
        ),
        result(
            "parser, Python twin / C",
            twin_ns / decode_ns,
            "x",
            "higher",
            target=TWIN_RATIO_MIN,
            peer="Python twin",
            ratio=twin_ns / decode_ns,
        ),
    ]


def policies() -> list[Result]:
    """Compare ways to find the next packet on one corrupted stream: 200,000 frames, 17 % damaged."""
    stream = Stream(1, CORRUPTED_FRAMES)
    found: list[Result] = []
    ways: tuple[tuple[str, Callable[[Stream], Iterator[bytes]]], ...] = (
        ("header, a bad frame dropped whole", whole_frames),
        ("sliding", sliding_frames),
    )
    for name, policy in ways:
        recovered, false_count, _ = score(stream, policy(stream))
        found.append(result(f"parser, {name}: recovered", recovered, "%", "higher"))
        found.append(result(f"parser, {name}: false accepts", false_count, "packets", "lower"))
    recovered, false_count, missed = score(stream, accepted_frames(stream))
    per_million = false_count * 1_000_000 / CORRUPTED_FRAMES
    undamaged = 100 * (CORRUPTED_FRAMES - sum(stream.damaged)) / CORRUPTED_FRAMES
    name = "parser, sliding and plausible (ours)"
    return [
        *found,
        result(f"{name}: recovered", recovered, "%", "higher", target=undamaged),
        result(f"{name}: undamaged but missed", missed, "packets", "lower", target=0),
        result(f"{name}: false accepts per 10^6", per_million, "", "lower", target=FALSE_PER_MILLION_MAX),
    ]


def whole_frames(stream: Stream) -> Iterator[bytes]:
    """The common way: look for a header, take 23 bytes, drop them all when the sum is wrong."""
    offset, data = 0, stream.data
    while (offset := data.find(BL0942_PACKET_HEADER, offset)) >= 0:
        frame = data[offset : offset + BL0942_PACKET_SIZE]
        offset += BL0942_PACKET_SIZE
        if has_good_sum(frame, stream.address):
            yield frame


def sliding_frames(stream: Stream) -> Iterator[bytes]:
    """Sliding alone: a bad sum costs one byte, whatever the packet says."""
    offset, data = 0, stream.data
    while (offset := data.find(BL0942_PACKET_HEADER, offset)) >= 0:
        frame = data[offset : offset + BL0942_PACKET_SIZE]
        is_good = has_good_sum(frame, stream.address)
        offset += BL0942_PACKET_SIZE if is_good else 1
        if is_good:
            yield frame


def accepted_frames(stream: Stream) -> Iterator[bytes]:
    """The kernel in use; the sender's packet stands for a row that says the same."""
    bl0942 = kernel("bl0942")
    capture = bl0942.Capture(stream.frame_count)
    count = bl0942.decode_batch(stream.data, stream.address, capture)
    single = bl0942.Capture(1)
    for begin in range(0, count * BL0942_FIELD_COUNT, BL0942_FIELD_COUNT):
        row = list(capture.fields[begin : begin + BL0942_FIELD_COUNT])
        frame = stream.frame(row[BL0942_FIELD_CF_CNT])
        bl0942.decode_batch(frame, stream.address, single)
        yield frame if list(single.fields) == row else b""


def has_good_sum(frame: bytes, address: int) -> bool:
    """Tell whether 23 bytes carry the checksum of their first 22."""
    total: int = BL0942_COMMAND_READ | address
    return len(frame) == BL0942_PACKET_SIZE and (total + sum(frame)) & 0xFF == 0xFF


def score(stream: Stream, frames: Iterator[bytes]) -> tuple[float, int, int]:
    """Return the percentage recovered, the packets nobody sent, and the undamaged ones that were missed."""
    seen = bytearray(stream.frame_count)
    false_count = 0
    for frame in frames:
        index = int.from_bytes(frame[13:16], "little")
        if frame and stream.frame(index) == frame:
            seen[index] = 1
        else:
            false_count += 1
    missed = sum(not (seen[index] or stream.damaged[index]) for index in range(stream.frame_count))
    return 100 * sum(seen) / stream.frame_count, false_count, missed


ROWS = [Row("parser.batch", batch), Row("parser.policies", policies)]
