"""Models and devices: which there are, where they come from, which is used."""
