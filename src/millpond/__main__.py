"""``python -m millpond``: the command line."""

from millpond.cli.main import main

main()
