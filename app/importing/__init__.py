"""Labels come in from files."""
