"""`ade-mask-studio bench`: how fast everything is on this machine. Imported only when it is asked for."""
