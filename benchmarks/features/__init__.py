"""What features cost: the same images and the same network here and in other tools."""
