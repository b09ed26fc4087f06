"""Pure image work: bytes in, bytes and facts out; knows no Django, no database, no storage."""
