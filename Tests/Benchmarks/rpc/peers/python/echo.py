"""grpcio as the benchmark's peer: sync servicer, and clients with sync stubs.

    echo.py serve                                                   prints "listening on PORT"
    echo.py load TARGET unary|stream BYTES CONNECTIONS STREAMS CALLS    prints a JSON object

`load` keeps CONNECTIONS times STREAMS calls open until CALLS are answered.
"""

import concurrent.futures
import itertools
import json
import queue
import resource
import sys
import threading
import time

import grpc

import bench_pb2
import bench_pb2_grpc


class Echo(bench_pb2_grpc.EchoServicer):
    def Unary(self, request, context):
        return request

    def Stream(self, requests, context):
        yield from requests


def serve():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=8))
    bench_pb2_grpc.add_EchoServicer_to_server(Echo(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on {port}", flush=True)
    server.wait_for_termination()


def load(target, kind, size, connections, streams, calls):
    request = bench_pb2.Payload(data=b"x" * size)
    turns = itertools.count()
    times, failed = [], []

    def unary(stub):
        def next_call():
            if next(turns) >= calls:
                return done.release()
            start = time.perf_counter()

            def answered(future):
                times.append(time.perf_counter() - start)
                if future.exception() is not None or len(future.result().data) != size:
                    failed.append(1)
                next_call()

            stub.Unary.future(request).add_done_callback(answered)

        next_call()

    def stream(stub):
        requests = queue.SimpleQueue()

        def run():
            answers = stub.Stream(iter(requests.get, None))
            while next(turns) < calls:
                start = time.perf_counter()
                requests.put(request)
                if len(next(answers).data) != size:
                    failed.append(1)
                times.append(time.perf_counter() - start)
            requests.put(None)
            for _ in answers:
                failed.append(1)
            done.release()

        threading.Thread(target=run).start()

    done = threading.Semaphore(0)
    stubs = []
    for _ in range(connections):
        channel = grpc.insecure_channel(target, [("grpc.use_local_subchannel_pool", 1)])
        grpc.channel_ready_future(channel).result(10)
        stubs.append(bench_pb2_grpc.EchoStub(channel))
    start, cpu = time.perf_counter(), cpu_seconds()
    for index in range(connections * streams):
        (stream if kind == "stream" else unary)(stubs[index % connections])
    for _ in range(connections * streams):
        done.acquire()
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - cpu
    times.sort()
    print(json.dumps({
        "calls": len(times), "failed": len(failed), "seconds": seconds, "cpu": cpu,
        "p50": times[len(times) // 2] * 1e6, "p99": times[int(len(times) * 0.99)] * 1e6,
    }))


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        load(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
