"""The composition root: arguments become a command of the command line, or an application with a window.

The window imports neither torch nor an engine: those are loaded in the engine's lane, after the window is on screen.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PROGRAM = "ade-mask-studio"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; the exit code for the shell."""
    shadow = shadowed_package()
    if shadow is not None:
        print(shadow, file=sys.stderr)  # noqa: T201 - there is no window yet that could say it
        return 2
    from app import cli

    cli.let_output_name_everything()
    arguments = cli.parse(sys.argv[1:] if argv is None else argv)
    if arguments.command is not None:
        return cli.run(arguments)
    from app.window import run_window

    return run_window(arguments.paths, screenshot=arguments.screenshot)


def shadowed_package() -> str | None:
    """A sentence when another distribution's `inference` or `resources` stands in front of ours, else None."""
    home = Path(__file__).resolve().parent.parent
    for name in ("inference", "resources"):
        found = find_spec(name)
        origin = None if found is None or found.origin is None else Path(found.origin).resolve()
        if origin is None or home not in origin.parents:
            where = "is missing" if origin is None else f"comes from {origin.parent}"
            return (
                f"The package '{name}' {where} instead of ADE Mask Studio; install it into an environment of its own."
            )
    return None


if __name__ == "__main__":
    sys.exit(main())
