"""Millpond: the whole data loop of an AI application."""
