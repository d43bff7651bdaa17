"""Marts: the truth, or the predictions, in the forms that other tools read.

Each format is a file of its own and an entry of `millpond.marts.marts.FORMATS`. It
yields the mart's files by name, so that the folder and the ZIP hold the same bytes.
"""
