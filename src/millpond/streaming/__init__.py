"""The event bus, what reads it, and what is computed from it while it runs."""
