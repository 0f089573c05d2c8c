"""What may and may not be said about the machine."""

import getpass
import json
import platform
from datetime import datetime, timezone
from pathlib import Path

from topology_efficient_dl.efficiency import describe_environment, environment_fingerprint


def test_no_host_user_or_path():
    text = json.dumps(describe_environment())
    assert platform.node() not in text or not platform.node()
    assert str(Path.home()) not in text
    assert getpass.getuser() not in text


def test_date_is_utc_and_now():
    stamp = datetime.fromisoformat(describe_environment()["date"])
    assert stamp.utcoffset().total_seconds() == 0
    assert abs((datetime.now(timezone.utc) - stamp).total_seconds()) < 60


def test_fingerprint_follows_machine_and_libraries_only():
    here = describe_environment()
    assert environment_fingerprint(here) == environment_fingerprint({**here, "date": "2001-01-01", "threads": 99})
    assert environment_fingerprint(here) != environment_fingerprint({**here, "cpu": "another"})
    assert environment_fingerprint(here) != environment_fingerprint({**here, "torch": "0.0"})
