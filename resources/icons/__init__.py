"""The application's own icon set: 24 × 24 outlines in `currentColor`, tinted with the palette where they are painted.

`app-icon.svg` is the one picture in full colour; `app-icon.png` is the same at 256 pixels.
"""
