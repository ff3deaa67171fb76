"""Training of BiSeNetFormer: the set losses, photos with labels, and a resumable command (`python -m inference.training`)."""
