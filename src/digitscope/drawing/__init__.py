"""How one draws in a browser: modules of JavaScript that the lab serves to its page, and that the
shared page takes into its one file. So a digit is drawn the same in both.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["MODULES"]

MODULES = Path(__file__).parent / "modules"
