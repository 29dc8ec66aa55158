"""The programs are run by test_programs.py, each in its own process; pytest does not import them."""

collect_ignore_glob = ["*/*.py"]
