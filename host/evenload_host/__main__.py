"""`python -m evenload_host` is `evenload`."""

from evenload_host.cli import main

main()
