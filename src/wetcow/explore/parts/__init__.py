"""What pages are made of: widgets and figures of one style, lessons, and work that follows them."""
