"""A run over the folder: every picture gets its answer, beside the work in the window."""
