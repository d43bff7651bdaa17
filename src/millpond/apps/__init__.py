"""Applications that come along, built on the public API alone, as a user's own would be."""
