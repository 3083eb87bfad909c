"""The cluster as real processes: the fleet, for whoever runs one."""

from evenload_sim.fleet import Fleet, FleetError, FleetOptions

__all__ = ["Fleet", "FleetError", "FleetOptions"]
