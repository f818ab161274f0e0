"""`python -m contextune` is the `contextune` command."""

from contextune.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
