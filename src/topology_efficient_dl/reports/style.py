"""One look for every figure: colours by model, names, axis labels, and a matplotlib style without clutter."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
from matplotlib.figure import Figure

INK, FADED, LINE = "#20262e", "#8a919c", "#d5d9df"
"""Text, secondary text and grid lines of static figures."""

_PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#8c6d31", "#5c6670")

STATUS_COLOURS = {"confirmed": "#1a7f5a", "refuted": "#c2410c", "inconclusive": "#7c8593"}
"""One colour per verdict, dark enough on white and light enough on black."""

AXIS_LABELS = {
    "accuracy_mean": "Accuracy",
    "f1_macro_mean": "Macro-F1",
    "auroc_mean": "AUROC",
    "params": "Parameters",
    "flops": "FLOPs per inference",
    "latency_ms_b1": "Latency per sample, batch 1 (ms)",
    "latency_ms_b64": "Latency per sample, batch 64 (ms)",
    "model_latency_ms_b1": "Latency of the model alone, batch 1 (ms)",
    "throughput": "Throughput (samples/s)",
    "peak_memory_mb": "Peak memory (MB)",
    "fit_seconds": "Training time (s)",
}

_STYLE: dict[str, Any] = {
    "figure.dpi": 120,
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.edgecolor": FADED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "topology-efficient-dl",
}


def model_colours(models: Iterable[str]) -> dict[str, str]:
    """A colour for every model, by order of first appearance; distinguishable for colour-blind readers.

    The palette is that of Okabe and Ito, without black and yellow, and then three more; it repeats after nine.

    Examples
    --------
    >>> model_colours(["large", "small", "large"])
    {'large': '#0072b2', 'small': '#d55e00'}
    """
    names = dict.fromkeys(str(name) for name in models)
    return {name: _PALETTE[place % len(_PALETTE)] for place, name in enumerate(names)}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw within this look; matplotlib's own settings come back afterwards."""
    with mpl.rc_context(cast(Any, _STYLE)):
        yield


def to_png(figure: Figure, dpi: int = 160) -> bytes:
    """The figure as PNG on white."""
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    return buffer.getvalue()


def to_svg(figure: Figure) -> str:
    """The figure as an SVG element to put into a page, transparent, in the page's own text and line colours."""
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    return text.replace(INK, "currentColor").replace(LINE, "var(--line)")
