"""Measurements, one command each; none of it is part of the package."""
