"""The real charger role in the simulated world, between its meters and its stations."""

from typing import TYPE_CHECKING, Any

from evenload.site import build
from evenload_node.roles.charger import ChargerRole

from evenload_sim.events import CODE_NAMES

if TYPE_CHECKING:
    from evenload_sim.world import World


class SimulatedInlet:
    """The inlet's selector, turned by hand: `limit_ma` per phase, `is_legal` whether a code stands for it."""

    def __init__(self, limit_ma: int) -> None:
        self.limit_ma = limit_ma
        self.is_legal = True

    def inlet_limit_ma(self) -> int:
        """Return the inlet current in mA that the selector says now."""
        return self.limit_ma


class RoleController:
    """Builds the site and the role as a node does, and names its events for people."""

    def __init__(self, world: "World") -> None:
        self.site = build(world.site_dict)
        self.allocation: Any = self.site.allocation
        self.inlet = SimulatedInlet(max(self.allocation.limit_ma[:3]))
        self.role: Any = ChargerRole(self.site, list(world.rig.meters), list(world.stations), self.inlet)

    def step(self, now_ms: int) -> None:
        """Do one pass of the node's loop."""
        self.role.step(now_ms)

    def take_events(self) -> list[tuple[str, str, object]]:
        """Return what happened as (code, subject, value)."""
        return [
            (CODE_NAMES.get(code, str(code)), subject, value)
            for code, subject, value in self.role.take_events()
        ]
