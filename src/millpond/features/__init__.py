"""Features: what a network sees in images, as vectors, scaled and reduced."""
