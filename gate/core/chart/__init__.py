"""Charts of a repository's trend as Vega-Lite specs: plain values, for `gate.charts` to draw. Nothing is drawn here."""

from __future__ import annotations

from gate.core.chart.counts import SEVERITIES, blocked_chart, findings_chart, over_chart
from gate.core.chart.coverage import MEDIAN_WEEKS, coverage_chart, medians
from gate.core.chart.frame import Spec
from gate.core.chart.theme import LIGHT, Theme

__all__ = (
    "LIGHT",
    "MEDIAN_WEEKS",
    "SEVERITIES",
    "Spec",
    "Theme",
    "blocked_chart",
    "coverage_chart",
    "findings_chart",
    "medians",
    "over_chart",
)
