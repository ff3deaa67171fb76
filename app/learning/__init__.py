"""Learn from my corrections: from the question to the model in use."""
