"""What a node can be: each role is one file, a list of machines stepped in a fixed order."""
