"""The pixel heart: segment maps, their tables, reversible edits and files. No Qt and no torch in here."""
