"""A project: what is known of the pictures of a folder, in one SQLite file beside them."""
