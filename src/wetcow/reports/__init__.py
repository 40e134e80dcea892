"""Figures, tables and the reproduction report."""
