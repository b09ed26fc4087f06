"""The studio's public face."""
