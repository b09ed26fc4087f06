"""Events booked, the chapters of the day, and who may enter."""
