"""Models: the package format, the runtime that computes them, and what their outputs mean."""
