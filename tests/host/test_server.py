"""The web server beside a main loop: what it opens, it closes."""

import gc
import socket

import pytest
from evenload_host.web.server import PortBusy, Server
from flask import Flask


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_busy_port_is_refused_and_leaves_nothing_open():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(PortBusy, match="in use by another program"):
            Server(Flask("site"), taken.getsockname()[1])
        gc.collect()  # An unclosed file would be reported by now.
