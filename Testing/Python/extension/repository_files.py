"""What the repository holds of the module's folder."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "BV5Analysis"


def module_files() -> list[str]:
    """Files of the module's folder that are to ship, relative to it.

    Those that git knows; of a copy without git all, but what Python and pip leave there.
    """
    files = [name for name in _of_git() or _on_disk() if (MODULE / name).is_file()]
    return sorted(name for name in files if name != "CMakeLists.txt")


def _of_git() -> list[str]:
    # A copy of the project may lie inside another repository.
    if not (ROOT / ".git").exists():
        return []
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=MODULE, capture_output=True, check=True, text=True
    )
    return done.stdout.split("\0")[:-1]


def _on_disk() -> list[str]:
    paths = (path.relative_to(MODULE) for path in MODULE.rglob("*"))
    return [path.as_posix() for path in paths if not any(map(_is_left_over, path.parts))]


def _is_left_over(name: str) -> bool:
    return name == "__pycache__" or name.startswith(".") or name.endswith(".egg-info")
