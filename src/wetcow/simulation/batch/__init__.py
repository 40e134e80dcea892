"""Many runs side by side in one compiled call, for `sweep`."""
