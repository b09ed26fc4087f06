"""People who log in: the photographer and the couple. Guests are never users."""
