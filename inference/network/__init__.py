"""BiSeNetFormer (arXiv 2404.09570): the network, its configurations and nothing that runs it.

Importing this package does not import torch: `inference.network.config` is plain Python, so a window can list and
recognise networks before torch is loaded. The modules themselves are in `inference.network.bisenetformer`.
"""
