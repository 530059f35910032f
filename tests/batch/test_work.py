"""While logs are worked through the interpreter is set otherwise, and afterwards as before."""

from __future__ import annotations

import gc
import sys

import pyarrow as pa
import pytest

from clearance.batch.work import at_work


@pytest.mark.parametrize("collecting", [True, False])
def test_settings_come_back(*, collecting: bool) -> None:
    interval = sys.getswitchinterval()

    @at_work()
    def interrupted() -> None:
        assert not gc.isenabled()
        assert sys.getswitchinterval() < interval
        raise KeyError

    if not collecting:
        gc.disable()
    try:
        with pytest.raises(KeyError):
            interrupted()
        assert gc.isenabled() is collecting
        assert sys.getswitchinterval() == interval
    finally:
        gc.enable()


def test_whoever_ends_last_sets_things_back() -> None:
    interval, pool = sys.getswitchinterval(), pa.default_memory_pool()
    one, other = at_work(), at_work()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert not gc.isenabled()
    assert sys.getswitchinterval() < interval
    other.__exit__(None, None, None)
    assert gc.isenabled()
    assert sys.getswitchinterval() == interval
    assert pa.default_memory_pool().backend_name == pool.backend_name
