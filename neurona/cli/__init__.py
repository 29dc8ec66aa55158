"""The command line. `main` alone is imported to show help; each command's work is imported when it runs."""
