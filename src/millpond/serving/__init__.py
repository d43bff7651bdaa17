"""Serving: the HTTP interface and the pages, over backends that are handed in."""
