"""Stamps the VRRP advertisements on a bridge: `python -m evenload_sim.peers.vrrp_witness INTERFACE`.

One line each: CLOCK_MONOTONIC in ns, and the router's number, which is the last byte of its address less one.
"""

import socket
import struct
import sys
import time

ETHERTYPE_IPV4 = 0x0800
PROTOCOL_VRRP = 112
ADVERTISEMENT = 1
HEADER = struct.Struct("!14x9xB2xBBBB")


def router_of(frame: bytes) -> int | None:
    """Return the number of the router whose advertisement this Ethernet frame is, None for any other frame."""
    if len(frame) < 14 + 20 + 8:
        return None
    protocol, *address = HEADER.unpack_from(frame)
    payload = 14 + 4 * (frame[14] & 15)
    if protocol != PROTOCOL_VRRP or frame[payload] & 15 != ADVERTISEMENT:
        return None
    return int(address[3]) - 1


def main() -> None:
    """Listen until killed."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_IPV4)) as listener:
        listener.bind((sys.argv[1], ETHERTYPE_IPV4))
        while True:
            frame = listener.recv(2048)
            index = router_of(frame)
            if index is not None:
                print(time.monotonic_ns(), index, flush=True)


if __name__ == "__main__":
    main()
