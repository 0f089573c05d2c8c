"""Kedro's project settings."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.framework.project import configure_logging
from kedro.framework.session import KedroSession

from topology_efficient_dl.common.terminal import harmless_record
from topology_efficient_dl.datasets.run_versions import OwnVersions
from topology_efficient_dl.errors import ParameterError
from topology_efficient_dl.hooks import ParameterCheck, Summary
from topology_efficient_dl.params.conf_files import RUN, check_conf, check_environment, read_conf, run_name


class ProcessSession(KedroSession):
    """A session that is named by its start and its process, and so are the versions it saves.

    By its start alone, two runs that begin in one millisecond would write the same version, which Kedro refuses.
    """

    def __init__(self, session_id: str, *args: Any, **options: Any) -> None:
        super().__init__(f"{session_id.removesuffix('Z')}-{os.getpid():07d}Z", *args, **options)
        # The study of costs reads the splits of track A across namespaces, on purpose.
        warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")


class CheckedConfigLoader(OmegaConfigLoader):
    """Kedro's loader of conf, which looks at the files first, and knows the run's name, ``${globals:run}``.

    Raises
    ------
    ParameterError : a file cannot be read, or two do not go together; names file and line, or the key
    """

    def __init__(self, conf_source: str, env: str | None = None, **options: Any) -> None:
        base, own = options.get("base_env") or "", options.get("default_run_env") or ""
        folder, environment = Path(conf_source), env or own
        check_environment(folder, environment)
        if folder.is_dir():  # else an archive, which Kedro unpacks
            names = dict.fromkeys(filter(None, (base, environment)))
            check_conf([folder / name for name in names], options.get("runtime_params"))
            if (folder / "logging.yml").exists():
                read_conf(folder / "logging.yml")
        super().__init__(conf_source=conf_source, env=env, **options)
        run = run_name(folder, environment)
        try:
            found = self["globals"]
        except MissingConfigException:  # an environment that is not there is refused when its parameters are read
            found = {}
        self["globals"] = {**found, RUN: base if run == own else run}  # one user's own settings are over the base


SESSION_CLASS = ProcessSession
CONFIG_LOADER_CLASS = CheckedConfigLoader
HOOKS = (ParameterCheck(), OwnVersions(), Summary())
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"published": ["published*"]},
    "merge_strategy": {"parameters": "soft", "globals": "soft", "published": "soft"},
}

# A failing node is reported once, by the command line.
logging.getLogger("kedro.pipeline.node").addFilter(lambda record: "failed with error" not in str(record.msg))

_logging = Path("conf/logging.yml")
if _logging.exists():
    try:
        read_conf(_logging)
        configure_logging(yaml.safe_load(_logging.read_text(encoding="utf-8")))
    except (ParameterError, ValueError, TypeError, AttributeError) as error:
        logging.getLogger(__name__).warning("logging stays as Kedro has it: %s: %s", _logging, error)
for _handler in logging.getLogger().handlers:
    _handler.addFilter(harmless_record)
