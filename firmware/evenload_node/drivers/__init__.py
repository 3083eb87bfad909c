"""One file per device a node can talk to; each implements a port of evenload or evenload_node."""
