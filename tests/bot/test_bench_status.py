"""The benchmark of the status page measures what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.bench import status

pytestmark = pytest.mark.usefixtures("quick_starts")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processor time is from /proc")
def test_the_page_is_measured_beside_nginx_and_apart_from_the_bot() -> None:
    result = status.run(1, seconds=0.3, readers=50)

    assert result["sitrep"]["requests_per_second"] > 0
    assert result["sitrep"]["cpu_us"] > 0
    if status.NGINX is None:
        assert (result["nginx"], result["ratios"]) == (None, {})
    else:
        assert result["nginx"]["cpu_us"] > 0
        assert result["ratios"].keys() == {
            "sitrep/nginx requests_per_second",
            "sitrep/nginx cpu_us",
        }
    isolation = result["isolation"]
    # How far apart the two are is the figure itself; with few readers on a busy machine, not far.
    assert isolation["own_process_p50_ms"] > 0
    assert isolation["same_loop_p50_ms"] > 0
    assert json.loads(json.dumps(result)) == result
