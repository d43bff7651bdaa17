"""Snapshots: frozen training sets, and how they are split."""
