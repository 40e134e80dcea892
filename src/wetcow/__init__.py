"""wetcow."""
