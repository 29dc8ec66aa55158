"""`python -m neurona`: the command `neurona`, where its folder is not on the path."""

import sys

from neurona.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
