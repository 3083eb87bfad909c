"""Each decision of the design taken away, to see what breaks: `evenload sim cluster --ablate NAME`.

An ablation changes a setting of the kernel, the clock or the mailboxes of the simulated node, or what its
frames look like on the wire. The kernel itself has no switches for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evenload_sim.cluster.world import ClusterWorld


@dataclass(frozen=True)
class Ablation:
    """What is taken away. apply: changes a world before it begins."""

    sentence: str
    apply: Callable[["ClusterWorld"], None]


ABLATIONS: dict[str, Ablation] = {}
