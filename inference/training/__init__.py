"""Training of BiSeNetFormer: losses, labelled photos, learning from corrections, and `python -m inference.training`.

The program itself never imports this package: `inference.learning` runs it in a process of its own.
"""
