"""An adapter of python-can whose driver breaks: whatever it raises is a lost wire, never the end of the loop."""

import pytest


def test_whatever_a_driver_raises_is_a_lost_wire(require_module):
    require_module("can", "`make core` installs it")
    import can
    from evenload_node.hal.python_can_posix import PythonCanBus

    class PulledAdapter(can.BusABC):
        """An adapter that was pulled: its driver fails in ways that python-can does not translate."""

        def __init__(self):
            super().__init__("pulled")

        def recv(self, timeout=None):
            raise TypeError("'NoneType' object cannot be interpreted as an integer")

        def send(self, msg, timeout=None):
            raise AttributeError("port")

        def shutdown(self):
            pass

    bus = PythonCanBus(PulledAdapter())
    with pytest.raises(OSError, match="TypeError"):
        bus.receive(0)
    with pytest.raises(OSError, match="AttributeError"):
        bus.send(bytearray(16))
    bus.close()
