"""The simulated world: chips, lines, stations and sites that run on stepped time, and the benchmark rows."""
