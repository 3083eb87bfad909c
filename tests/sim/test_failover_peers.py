"""The failover bench: what it reads from its peers, and how it holds ours against them."""

import pytest
from evenload_sim.bench import failover_peers, is_met
from evenload_sim.peers import etcd, keepalived, pysyncobj, vrrp_witness
from evenload_sim.peers.failover import PeerTimes

OWN = {
    "applied_ms": {"p50": 170, "p99": 180, "max": 181},
    "applied_from_death_ms": {"p50": 150, "p99": 170, "max": 172},
    "leases_at_once_max": 1,
}


def advertisement(protocol=112, first=0x31, address=(10, 255, 0, 3)):
    """Return an Ethernet frame with an IPv4 header of 20 bytes and a VRRPv3 packet (RFC 5798, 5.1)."""
    header = bytes([0x45, 0, 0, 32, 0, 0, 0, 0, 255, protocol, 0, 0, *address, 224, 0, 0, 18])
    return bytes(12) + b"\x08\x00" + header + bytes([first, 51, 254, 1, 0, 5, 0, 0, 10, 255, 0, 100])


def test_an_advertisement_names_its_router():
    assert vrrp_witness.router_of(advertisement()) == 2


@pytest.mark.parametrize(
    "frame", [advertisement(protocol=17), advertisement(first=0x32), advertisement()[:40], b""]
)
def test_nothing_else_is_an_advertisement(frame):
    assert vrrp_witness.router_of(frame) is None


def test_an_answer_of_etcd_is_read_only_when_it_is_whole():
    body = b'{"header":{"member_id":"7"},"leader":"7"}'
    assert etcd.answer(b"HTTP/1.1 200 OK\r\n\r\n" + body) == {"header": {"member_id": "7"}, "leader": "7"}
    assert etcd.answer(b"HTTP/1.1 200 OK\r\n\r\n" + body[:-1]) is None
    assert etcd.answer(b"HTTP/1.1 503 Unavailable\r\n\r\n" + body) is None
    assert etcd.answer(b"") is None


def test_ours_is_held_against_the_best_that_reaches_consensus():
    slow = PeerTimes("slow", has_consensus=True, from_death_ms=[200, 300, 250])
    fast = PeerTimes("fast", has_consensus=True, from_death_ms=[140, 160, 400])
    alone = PeerTimes("asks nobody", has_consensus=False, from_death_ms=[10])
    middle, worst, *_, leases = failover_peers.own_rows(OWN, [slow, fast, alone], "ours")
    assert (middle["target"], middle["peer"]) == (160, "faster than fast")
    assert (worst["target"], worst["peer"]) == (300, "faster than slow")
    assert [is_met(entry) for entry in (middle, worst, leases)] == [True, True, True]


def test_without_a_peer_the_row_says_so(monkeypatch):
    for module in (etcd, keepalived, pysyncobj):
        monkeypatch.setattr(module, "absence", lambda: "not here")
    absent = [
        failover_peers.Peer(peer.name, lambda: "not here", peer.measure) for peer in failover_peers.PEERS
    ]
    monkeypatch.setattr(failover_peers, "PEERS", absent)
    monkeypatch.setattr(failover_peers, "own_times", lambda how, runs: OWN)
    rows = failover_peers.failovers("stop", 1)
    assert [row["value"] for row in rows[:4]] == [None] * 4
    assert {row["peer"] for row in rows[:4]} == {"not here"}
    assert rows[4]["target"] is None


def test_a_missed_failover_is_told():
    rows = failover_peers.peer_rows(PeerTimes("x", has_consensus=True, missed=2), "x")
    assert [(row["value"], row["unit"]) for row in rows] == [(0, ""), (2, "kills")]
