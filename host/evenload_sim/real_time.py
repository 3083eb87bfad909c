"""Ask the kernel to run this process as punctually as it can."""

import ctypes
import gc
import os

LOCK_ALL = 3  # MCL_CURRENT | MCL_FUTURE: nothing is paged out.
SET_TIMER_SLACK = 29  # prctl: how much later than asked a sleep may end, 50 us by default.


def claim_real_time(priority: int) -> bool:
    """Take SCHED_FIFO `priority` (1..99) and lock the memory; returns whether both were permitted.

    What is not permitted is left out. In any case sleeps end within microseconds, and what is in memory now is no
    longer searched for garbage: the process runs one loop.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(SET_TIMER_SLACK, 1, 0, 0, 0)
    gc.collect()
    gc.freeze()
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except PermissionError:
        return False
    return int(libc.mlockall(LOCK_ALL)) == 0
