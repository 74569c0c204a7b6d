"""The command ``lodestock``, where its extra packages are installed; else how to install them."""

from __future__ import annotations

import sys

EXTRA_PACKAGES = ("typer", "rich")


def main() -> None:
    """Run the command."""
    try:
        from lodestock.commands import app
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in EXTRA_PACKAGES:
            raise
        print('the command lodestock needs two more packages: pip install "lodestock[cli]"', file=sys.stderr)
        raise SystemExit(2) from error
    app()


if __name__ == "__main__":
    main()
