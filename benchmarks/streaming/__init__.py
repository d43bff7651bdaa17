"""What the bus and the windows cost: the same events here and in other tools."""
