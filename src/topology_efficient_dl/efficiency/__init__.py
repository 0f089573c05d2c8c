"""Cost of a model: parameters, arithmetic, time and memory. Knows callables and modules, no track."""

from topology_efficient_dl.efficiency.environment import describe_environment, environment_fingerprint
from topology_efficient_dl.efficiency.flops import FlopCount, count_flops, count_flops_of_call
from topology_efficient_dl.efficiency.latency import (
    LatencyRatio,
    LatencyRecord,
    fixed_threads,
    latency_columns,
    latency_ratio,
    measure_latency,
    paired_ratio,
    time_block,
)
from topology_efficient_dl.efficiency.memory import MemoryRecord, peak_rss_mb, peak_vram_mb
from topology_efficient_dl.efficiency.parameters import ParameterCount, count_parameters, measure_parameters

__all__ = [
    "FlopCount",
    "LatencyRatio",
    "LatencyRecord",
    "MemoryRecord",
    "ParameterCount",
    "count_flops",
    "count_flops_of_call",
    "count_parameters",
    "describe_environment",
    "environment_fingerprint",
    "fixed_threads",
    "latency_columns",
    "latency_ratio",
    "measure_latency",
    "measure_parameters",
    "paired_ratio",
    "peak_rss_mb",
    "peak_vram_mb",
    "time_block",
]
