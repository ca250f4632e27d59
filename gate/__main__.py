"""`python -m gate`: the same as `gate`."""

from gate.cli import main

main()
