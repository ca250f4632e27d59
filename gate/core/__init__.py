"""The decisions of Gate as pure values and functions: no I/O, no clock, no randomness."""
