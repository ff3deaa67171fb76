"""Labels leave as ADE PNGs."""
