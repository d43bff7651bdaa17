"""How fast predictions are served, with and without capturing them, and beside other servers."""
