"""The picture on screen: view, overlay, cursor, and the signs that say what is going on."""
