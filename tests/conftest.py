"""What all tests share."""

import os
import sys
from pathlib import Path

from hypothesis import settings

# Worker processes must find the functions that tests hand them.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
)
sys.path.insert(0, str(Path(__file__).parents[1]))
settings.register_profile("house", deadline=None, max_examples=50)
settings.load_profile("house")
