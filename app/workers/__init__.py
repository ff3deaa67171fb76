"""Background work: one lane for the engine, one for files; results arrive on the GUI thread."""
