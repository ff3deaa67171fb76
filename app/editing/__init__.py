"""The session: the documents that are open, what is in hand, and every change of their labels."""
