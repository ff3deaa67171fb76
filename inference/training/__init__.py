"""Training of BiSeNetFormer: losses, labelled photos, and the command `python -m inference.training`.

Needs the `train` extra (SciPy). The product itself never imports this package.
"""
