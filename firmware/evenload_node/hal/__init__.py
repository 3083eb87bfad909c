"""The only place of a node that knows the platform: serial lines, files, the loop."""
