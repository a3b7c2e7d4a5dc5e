"""`python -m slipway`: the command line."""

from slipway.cli.main import main

if __name__ == "__main__":
    main()
