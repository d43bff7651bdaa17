"""History: an insert-only data vault in Delta tables, and the load that fills it."""
