"""Evenload's kernels: dual target, integer, sans-IO. Importing the package loads nothing."""
