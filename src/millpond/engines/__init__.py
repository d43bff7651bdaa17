"""Batch engines: one function over Arrow batches, on threads, Spark or Ray."""
