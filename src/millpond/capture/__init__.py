"""Capture: the operational database's facts, each written in one transaction."""
