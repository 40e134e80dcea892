"""Tissue: conductivity, the dispersion of weakly evanescent waves, rays, and the wave field."""
