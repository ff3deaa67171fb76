"""The panels of the window: they show the session and ask it for changes."""
