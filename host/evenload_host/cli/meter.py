"""`evenload meter ...`: looking at metering chips from the command line."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

CHUNK_SIZE = 1 << 16
PROGRESS_FROM_SIZE = 8 << 20
WHITE_SPACE = b" \t\r\n\v\f"
HEX_DIGITS = b"0123456789abcdefABCDEF"
COUNTERS = ("packets", "dropped_bytes", "bad_checksum", "implausible")


@click.group("meter")
def command() -> None:
    """Look at BL0942 metering chips."""


@command.command("decode")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--hex", "is_hex", is_flag=True, help="The input is hexadecimal text; white space is ignored.")
@click.option(
    "--address",
    type=click.IntRange(0, 3),
    default=0,
    show_default=True,
    help="Address of the chip that was asked; it is part of the checksum.",
)
@click.option(
    "--calibration",
    "calibration_file",
    type=click.Path(dir_okay=False),
    help="JSON with counts per unit (voltage current power energy frequency); default: reference design.",
)
@click.option("--summary", is_flag=True, help="End with one line of counters.")
def decode(file: str, is_hex: bool, address: int, calibration_file: str | None, summary: bool) -> None:
    """Find the packets in a captured byte stream: one JSON line for each that is accepted.

    FILE holds the bytes as they were on the line, junk and damage included; - reads standard input. Raw
    registers come first, then amperes, volts, watts and hertz with the calibration in use. frequency_hz is
    null while the voltage is too low for the chip to measure it.

    \b
    Examples:
      evenload meter decode capture.bin
      evenload meter decode --hex --summary capture.txt
      echo 554DD503BF5135366401BA1702B00400204E0000010057 | evenload meter decode --hex -
    """
    from evenload_host.calibration import read_counts

    counts = read_counts(Path(calibration_file) if calibration_file else None)
    with click.open_file(file, "rb") as stream:
        decoder = Decoder(address, counts)
        for chunk in hex_chunks(stream) if is_hex else byte_chunks(stream):
            decoder.feed(chunk)
    decoder.flush()
    if summary:
        click.echo(json.dumps(decoder.counters()))


class Decoder:
    """Writes one JSON line per accepted packet of a stream that comes in chunks; memory stays constant."""

    def __init__(self, address: int, counts: dict[str, float]) -> None:
        from evenload.core import kernel
        from evenload.wire import BL0942_FIELD_NAMES, BL0942_V_RMS_LIVE_MIN

        bl0942 = kernel("bl0942")
        self._names = BL0942_FIELD_NAMES
        self._v_rms_live_min = BL0942_V_RMS_LIVE_MIN
        self._counts = counts
        # A packet's last byte may be the next one's header, so packets can follow each other every 22 bytes.
        self._capture: Any = bl0942.Capture(CHUNK_SIZE // 22 + 2)
        self._parser: Any = bl0942.Parser(address, self._capture)

    def feed(self, chunk: bytes) -> None:
        """Decode `chunk` (up to CHUNK_SIZE bytes) and print what it completes."""
        width = len(self._names)
        packets = self._parser.feed(chunk)
        fields = list(self._capture.fields[: packets * width])
        lines = [json.dumps(self._describe(fields[at : at + width])) for at in range(0, len(fields), width)]
        if lines:
            sys.stdout.write("\n".join(lines) + "\n")
            sys.stdout.flush()

    def flush(self) -> None:
        """End the stream: what waits for more is dropped and counted."""
        self._parser.flush()

    def counters(self) -> dict[str, int]:
        """Return what was counted since the start."""
        return {name: getattr(self._capture, name) for name in COUNTERS}

    def _describe(self, values: list[int]) -> dict[str, Any]:
        packet: dict[str, Any] = dict(zip(self._names, values, strict=True))
        counts = self._counts
        is_live = packet["v_rms"] >= self._v_rms_live_min and packet["freq"] > 0
        packet["current_a"] = round(packet["i_rms"] / counts["current"], 6)
        packet["voltage_v"] = round(packet["v_rms"] / counts["voltage"], 5)
        packet["power_w"] = round(packet["watt"] / counts["power"], 5)
        packet["frequency_hz"] = round(counts["frequency"] / packet["freq"], 5) if is_live else None
        return packet


def byte_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of `stream` as they come, up to CHUNK_SIZE at a time; show progress for a long file."""
    read = getattr(stream, "read1", stream.read)
    size = stream_size(stream)
    if size < PROGRESS_FROM_SIZE or not sys.stderr.isatty():
        while chunk := read(CHUNK_SIZE):
            yield chunk
        return
    with click.progressbar(length=size, label="Decoding", file=sys.stderr) as bar:
        while chunk := read(CHUNK_SIZE):
            yield chunk
            bar.update(len(chunk))


def stream_size(stream: IO[bytes]) -> int:
    """Return the size of a file in bytes, 0 for a pipe."""
    if not stream.seekable():
        return 0
    size = stream.seek(0, 2)
    stream.seek(0)
    return size


def hex_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes that the hexadecimal text in `stream` spells; a pair of digits may span white space."""
    carried = b""
    offset = 0
    for chunk in byte_chunks(stream):
        digits = carried + chunk.translate(None, WHITE_SPACE)
        if digits.translate(None, HEX_DIGITS):
            refuse_digit(chunk, offset)
        even = len(digits) & ~1
        yield bytes.fromhex(digits[:even].decode())
        carried = digits[even:]
        offset += len(chunk)
    if carried:
        raise click.ClickException(
            "The hexadecimal input has an odd number of digits: its last byte is incomplete."
        )


def refuse_digit(chunk: bytes, offset: int) -> None:
    """Say which character of the input is no hexadecimal digit."""
    at = next(i for i, byte in enumerate(chunk) if byte not in HEX_DIGITS + WHITE_SPACE)
    raise click.ClickException(
        f"The input has {chr(chunk[at])!r} at offset {offset + at}; valid with --hex: 0-9, a-f, A-F and "
        "white space. For raw bytes leave --hex out."
    )
