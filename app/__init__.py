"""ADE Mask Studio: look at what a segmentation network makes of a photo, correct it, and take home labels that are right."""
