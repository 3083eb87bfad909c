"""The peers of the failover bench as real processes: each loses its leader once and has another."""

import pytest
from evenload_sim.bench import failover_peers

pytestmark = pytest.mark.alone


@pytest.mark.parametrize("how", failover_peers.WORDS)
@pytest.mark.parametrize("peer", failover_peers.PEERS, ids=lambda peer: peer.name)
def test_a_peer_has_a_new_leader(peer, how):
    if (sentence := peer.absence()) is not None:
        pytest.skip(sentence)
    times = peer.measure(how, 1)
    assert times.missed == 0
    assert len(times.from_death_ms) == 1
    assert times.leaders_at_once >= 1
