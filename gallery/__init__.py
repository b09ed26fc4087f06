"""Photos, from the memory card to the guest's phone."""
