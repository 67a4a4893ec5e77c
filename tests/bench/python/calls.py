# SPDX-License-Identifier: Apache-2.0
"""calls.py plain|sdk FUNCTION CALLS BURSTS: ns per call, one line a burst. FUNCTION: llm, agent, llm_async, agent_async, idle.

`plain` is the program that knows of nothing, alone or under the shim. `sdk` makes a span around each call by hand, with
OpenTelemetry's SDK at its best: batches are large enough that none is exported, to nowhere, in the middle of a burst.
As in calls.c, bursts are followed by a pause in which the recorder catches up, and the first is not timed.
"""

import asyncio
import ctypes
import os
import sys
import time

STRING = "x" * 110
QUIET = 3  # hundredths of a second of all cores' time, in 50 ms
PATIENCE = 20  # such stretches are waited for a quiet one


# --- what is called ------------------------------------------------------------------------------------------


def idle(s):
    return s


def llm(s):
    return s


def agent(s):
    return s


async def llm_async(s):
    return s


async def agent_async(s):
    return s


def converse(function, n):
    """The pipeline."""
    start = time.perf_counter_ns()
    for _ in range(n):
        function(STRING)
    return (time.perf_counter_ns() - start) / n


async def converse_async(function, n):
    start = time.perf_counter_ns()
    for _ in range(n):
        await function(STRING)
    return (time.perf_counter_ns() - start) / n


# --- the same by hand ------------------------------------------------------------------------------------------


class Sdk:
    def __init__(self, calls):
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

        class Nowhere(SpanExporter):
            exported = 0

            def export(self, spans):
                self.exported += len(spans)
                return SpanExportResult.SUCCESS

        self.exporter = Nowhere()
        self.processor = BatchSpanProcessor(self.exporter, max_queue_size=8 * calls, max_export_batch_size=4 * calls,
                                            schedule_delay_millis=3600 * 1000)
        provider = TracerProvider()
        provider.add_span_processor(self.processor)
        self.tracer = provider.get_tracer("bench")

    def around(self, function, name):
        span_of = self.tracer.start_as_current_span

        def traced(s):
            with span_of(name) as span:
                span.set_attribute("input", s)
                result = function(s)
                span.set_attribute("output", result)
                return result

        async def traced_async(s):
            with span_of(name) as span:
                span.set_attribute("input", s)
                result = await function(s)
                span.set_attribute("output", result)
                return result

        return traced_async if asyncio.iscoroutinefunction(function) else traced

    def inside(self, pipeline):
        def traced(function, n):
            with self.tracer.start_as_current_span("converse"):
                return pipeline(function, n)

        async def traced_async(function, n):
            with self.tracer.start_as_current_span("converse"):
                return await pipeline(function, n)

        return traced_async if asyncio.iscoroutinefunction(pipeline) else traced

    def catch_up(self):
        self.processor.force_flush()

    def lost(self, wanted):
        return wanted - self.exporter.exported


# --- pauses ------------------------------------------------------------------------------------------------------


class Spool(ctypes.Structure):
    _fields_ = [("process", ctypes.c_int), ("ring", ctypes.c_int)]


class Ring:
    """Of this process, under the shim; what spool.c sees of it."""

    def __init__(self):
        self.library = ctypes.CDLL(os.environ["BENCH_SPOOL"])
        self.library.bench_spool_open.restype = ctypes.c_bool
        self.library.bench_spool_wait.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
        self.library.bench_spool_lost.restype = ctypes.c_uint64
        self.spool = Spool()
        self.open = self.library.bench_spool_open(ctypes.byref(self.spool))

    def catch_up(self):
        if self.open:
            self.library.bench_spool_wait(ctypes.byref(self.spool), 2**64 - 1)

    def lost(self, _):
        return self.library.bench_spool_lost(ctypes.byref(self.spool)) if self.open else 0


def busy():
    """Hundredths of a second that all cores have worked."""
    with open("/proc/stat", encoding="ascii") as stat:
        times = [int(time) for time in stat.readline().split()[1:]]
    return sum(times) - times[3] - times[4]


def await_quiet():
    """Others share this machine: a burst is timed when they rest, if they do."""
    for _ in range(PATIENCE):
        before = busy()
        time.sleep(0.05)
        if busy() - before < QUIET:
            return


def spread():
    """The calling thread gets a core of its own, the recorder's the rest."""
    cores = sorted(os.sched_getaffinity(0))
    for task in map(int, os.listdir("/proc/self/task")):
        if len(cores) > 1:
            os.sched_setaffinity(task, cores[:1] if task == os.getpid() else cores[1:])


def main(way, name, calls, bursts):
    function = globals()[name]
    pipeline = converse_async if asyncio.iscoroutinefunction(function) else converse
    sdk = Sdk(calls) if way == "sdk" else None
    if sdk:
        function, pipeline = sdk.around(function, name), sdk.inside(pipeline)

    def burst():
        took = pipeline(function, calls)
        return asyncio.run(took) if asyncio.iscoroutine(took) else took

    burst()
    recorder = sdk or Ring()
    spread()
    for _ in range(bursts):
        recorder.catch_up()
        await_quiet()
        print(f"{burst():.1f}")
    recorder.catch_up()
    lost = recorder.lost((calls + 1) * (bursts + 1))
    if lost:
        sys.exit(f"bench: {lost} spans were lost; the figures do not count")


main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
