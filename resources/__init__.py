"""Data the application ships: the ADE20K class table, sample photographs, icons and model cards.

Everything is read through `importlib.resources`; nothing here knows Qt, torch or the application.
"""
