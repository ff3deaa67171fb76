"""ADE Mask Studio: look at what a network makes of a photo, correct it, and take home labels that are right."""
