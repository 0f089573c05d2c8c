"""Kedro's project settings."""

import warnings
from pathlib import Path

import yaml
from kedro.framework.project import configure_logging

from topology_efficient_dl.hooks import ParameterNames, Summary

HOOKS = (ParameterNames(), Summary())
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}

# The study of costs reads the splits of track A across namespaces, on purpose.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")

_logging = Path("conf/logging.yml")
if _logging.exists():
    configure_logging(yaml.safe_load(_logging.read_text(encoding="utf-8")))
