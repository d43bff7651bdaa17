"""The index of images: what grids, filters and queues ask, ready in memory."""
