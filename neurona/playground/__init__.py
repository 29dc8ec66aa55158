"""The playground: a page on this machine where a network learns, and everything can be touched."""
