"""Servers of other kinds; each is a script for an environment of its own."""
