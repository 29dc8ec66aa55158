"""The command line: `main` declares the commands; the module of the same name does a command's work."""
