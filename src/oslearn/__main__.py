"""`python -m oslearn` is `oslearn`."""

from oslearn.cli import main

if __name__ == "__main__":
    main(prog_name="oslearn")
