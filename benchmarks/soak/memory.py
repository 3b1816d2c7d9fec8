"""What this process holds in memory."""

from os import sysconf
from pathlib import Path


def rss_mb() -> float:
    """Return the resident memory, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * sysconf("SC_PAGE_SIZE") / 1e6
