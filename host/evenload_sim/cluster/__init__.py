"""A simulated cluster: nodes with the real kernel on a virtual CAN bus, faults, invariants, measured failovers."""
