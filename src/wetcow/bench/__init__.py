"""Speed and scale of networks, measured beside their limits and beside others (`wetcow bench`)."""
