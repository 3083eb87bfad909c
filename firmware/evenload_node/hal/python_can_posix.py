"""The cluster's wire through any adapter that python-can knows; its messages become 16-byte frames and back.

The kernel is then driven from Python (python_drive_posix): later than the C loop, by the same rules.
"""

import struct
from typing import Any

import can
from evenload.wire import CAN_DATA_SIZE

EXTENDED_FLAG = 1 << 31
IDENTIFIER_MASK = (1 << 29) - 1


class PythonCanBus:
    """An open adapter, with the methods of SocketBus."""

    is_socketcan = False

    def __init__(self, bus: can.BusABC):
        self._bus = bus

    def receive(self, timeout_s: float) -> bytes | None:
        """Return the next extended data frame, None when none came in time. Raises OSError when it is gone."""
        try:
            message = self._bus.recv(timeout_s)
        except (ValueError, IndexError, UnicodeDecodeError):
            return b""  # A garbled line of an adapter: counted by the caller.
        except Exception as error:  # A driver of an adapter raises what it likes; the loop may not end by it.
            raise OSError(f"{type(error).__name__}: {error}") from error
        if message is None:
            return None
        if not message.is_extended_id or message.is_remote_frame or message.is_error_frame or message.is_fd:
            return b""
        identifier = message.arbitration_id | EXTENDED_FLAG
        return struct.pack("<IB3x8s", identifier, message.dlc, bytes(message.data))

    def send(self, frame: bytearray) -> bool:
        """Send one frame; False when the adapter takes none now. Raises OSError when it is gone."""
        identifier, size, data = struct.unpack("<IB3x8s", frame)
        message = can.Message(
            arbitration_id=identifier & IDENTIFIER_MASK,
            is_extended_id=True,
            data=data[: min(size, CAN_DATA_SIZE)],
        )
        try:
            self._bus.send(message, timeout=0)
        except can.CanTimeoutError:
            return False
        except Exception as error:  # As above.
            raise OSError(f"{type(error).__name__}: {error}") from error
        return True

    def close(self) -> None:
        """Close the adapter."""
        try:
            self._bus.shutdown()
        except (can.CanError, OSError, ValueError):
            pass  # It is gone already, and that is all that was wanted.


def open_python_can(config) -> PythonCanBus:
    """Open the adapter that the section `can` describes. Raises OSError with a sentence; may take 2 s."""
    values = config.can
    # A serial adapter may restart when its port is opened and wants time; a socket does not.
    quick: dict[str, Any] = (
        {"sleep_after_open": 0} if values.interface == "slcan" and "://" in values.channel else {}
    )
    try:
        bus = can.Bus(interface=values.interface, channel=values.channel, bitrate=values.bitrate, **quick)
    except (can.CanError, OSError, ValueError, TypeError, ImportError) as error:
        raise OSError(f"{values.interface} {values.channel}: {error}") from error
    return PythonCanBus(bus)
