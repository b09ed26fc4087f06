"""What people say: likes, comments, the guestbook, editing requests."""
