"""What is done is in the project at once, and comes back from it."""
