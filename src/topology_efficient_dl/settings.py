"""Kedro's project settings."""

import logging
import warnings
from pathlib import Path

import yaml
from kedro.framework.project import configure_logging

from topology_efficient_dl.hooks import ParameterCheck, Summary

HOOKS = (ParameterCheck(), Summary())
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}

# The study of costs reads the splits of track A across namespaces, on purpose.
warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")

# A failing node is reported once, by the command line.
logging.getLogger("kedro.pipeline.node").addFilter(lambda record: "failed with error" not in str(record.msg))

_logging = Path("conf/logging.yml")
if _logging.exists():
    configure_logging(yaml.safe_load(_logging.read_text(encoding="utf-8")))
