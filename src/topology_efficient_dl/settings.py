"""Kedro's project settings."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import yaml
from kedro.framework.project import configure_logging
from kedro.framework.session import KedroSession

from topology_efficient_dl.hooks import ParameterCheck, Summary
from topology_efficient_dl.run_versions import OwnVersions


class ProcessSession(KedroSession):
    """A session that is named by its start and its process, and so are the versions it saves.

    By its start alone, two runs that begin in one millisecond would write the same version, which Kedro refuses.
    """

    def __init__(self, session_id: str, *args: Any, **options: Any) -> None:
        super().__init__(f"{session_id.removesuffix('Z')}-{os.getpid():07d}Z", *args, **options)


SESSION_CLASS = ProcessSession
HOOKS = (ParameterCheck(), OwnVersions(), Summary())
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
