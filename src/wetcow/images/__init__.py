"""Images before they are learned: a common frame, background, augmentation, picture files."""
