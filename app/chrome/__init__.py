"""What stands around the canvas: actions, menus, keys, the status bar."""
