"""What the outputs of the common families of models mean: an adapter for each."""
