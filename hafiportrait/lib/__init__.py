"""What knows no app: jobs, keyset pages, HTTP answers, limits of tries. One topic per file."""
