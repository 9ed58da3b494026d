"""The report of a run: its figures, and one self-contained page to hand out."""

from __future__ import annotations

from digitscope.report.comparison import write_comparison
from digitscope.report.history import read_history
from digitscope.report.report import write_report
from digitscope.report.sweep import write_sweep_figures

__all__ = ["read_history", "write_comparison", "write_report", "write_sweep_figures"]
