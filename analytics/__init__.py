"""Counting: who came, what was loved, what was taken home."""
