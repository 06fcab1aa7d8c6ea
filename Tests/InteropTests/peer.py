"""The stock side of the interoperability tests: grpc.testing.TestService by grpcio, both ends.

  peer.py server [--port N] [--tls-cert F --tls-key F [--client-ca F]]
      prints its port
  peer.py client --port N [--case NAME]... [--tls-ca F [--tls-cert F --tls-key F]] [--server-name NAME]
      prints a line a case, as rpc-interop-client does, and ends with 1 if any failed

What grpcio does not offer is not tested with it: a server cannot see whether a request was compressed, a
client cannot see whether an answer was, nor compress one message of a stream and not the next.
"""

import argparse
import functools
import importlib
import pathlib
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import grpc_tools.protoc

PROTOS = pathlib.Path(__file__).resolve().parents[1] / "Interop/Protos"
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"


@functools.cache
def stubs():
    """The generated modules: messages and services."""
    out = tempfile.TemporaryDirectory()
    arguments = ["protoc", f"-I{PROTOS}", f"--python_out={out.name}", f"--grpc_python_out={out.name}"]
    if grpc_tools.protoc.main([*arguments, "grpc/testing/test.proto"]) != 0:
        sys.exit("protoc failed")
    # `grpc` is the installed package: the generated folder joins it.
    grpc.__path__.append(f"{out.name}/grpc")
    modules = [importlib.import_module(f"grpc.testing.{name}") for name in ("test_pb2", "test_pb2_grpc")]
    return (*modules, out)


# --- Server


def servicer():
    pb, rpc, _ = stubs()

    def begin(context):
        """Echoes the metadata."""
        for key, value in context.invocation_metadata():
            if key == INITIAL:
                context.send_initial_metadata(((key, value),))
            elif key == TRAILING:
                context.set_trailing_metadata(((key, value),))

    def echo(request, context):
        if request.HasField("response_status") and request.response_status.code:
            code = next(c for c in grpc.StatusCode if c.value[0] == request.response_status.code)
            context.abort(code, request.response_status.message)

    def payload(size):
        return pb.Payload(body=bytes(size))

    class TestService(rpc.TestServiceServicer):
        def EmptyCall(self, request, context):
            begin(context)
            return request

        def UnaryCall(self, request, context):
            if request.response_compressed.value:
                context.set_compression(grpc.Compression.Gzip)
            begin(context)
            echo(request, context)
            return pb.SimpleResponse(payload=payload(request.response_size))

        def StreamingInputCall(self, requests, context):
            begin(context)
            return pb.StreamingInputCallResponse(
                aggregated_payload_size=sum(len(request.payload.body) for request in requests))

        def StreamingOutputCall(self, request, context):
            return self.FullDuplexCall([request], context)

        def FullDuplexCall(self, requests, context):
            for index, request in enumerate(requests):
                if index == 0:
                    if any(each.compressed.value for each in request.response_parameters):
                        context.set_compression(grpc.Compression.Gzip)
                    begin(context)
                echo(request, context)
                for parameters in request.response_parameters:
                    time.sleep(parameters.interval_us / 1e6)
                    if not parameters.compressed.value:
                        context.disable_next_message_compression()
                    yield pb.StreamingOutputCallResponse(payload=payload(parameters.size))

    return TestService()


def start_server(port=0, tls_cert=None, tls_key=None, client_ca=None):
    """The running server and its port."""
    server = grpc.server(ThreadPoolExecutor(16))
    stubs()[1].add_TestServiceServicer_to_server(servicer(), server)
    address = f"127.0.0.1:{port}"
    if tls_cert:
        pair = tuple(pathlib.Path(path).read_bytes() for path in (tls_key, tls_cert))
        authorities = pathlib.Path(client_ca).read_bytes() if client_ca else None
        port = server.add_secure_port(address, grpc.ssl_server_credentials(
            [pair], root_certificates=authorities, require_client_auth=bool(client_ca)))
    else:
        port = server.add_insecure_port(address)
    server.start()
    return server, port


# --- Client


def connect(port, tls_ca=None, tls_cert=None, tls_key=None, server_name=None):
    if not tls_ca:
        return grpc.insecure_channel(f"127.0.0.1:{port}")
    ca, key, cert = (pathlib.Path(path).read_bytes() if path else None for path in (tls_ca, tls_key, tls_cert))
    options = [("grpc.ssl_target_name_override", server_name)] if server_name else []
    return grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(ca, key, cert), options)


class Cases:
    """A method a case, by its name in grpc/grpc doc/interop-test-descriptions.md."""

    SIZES = [31415, 9, 2653, 58979]
    REQUESTS = [27182, 8, 1828, 45904]

    def __init__(self, channel, timeout=60):
        self.pb, rpc, _ = stubs()
        self.stub, self.none = rpc.TestServiceStub(channel), rpc.UnimplementedServiceStub(channel)
        self.timeout = timeout

    def payload(self, size):
        return self.pb.Payload(body=bytes(size))

    def large(self, **fields):
        return self.pb.SimpleRequest(response_size=314159, payload=self.payload(271828), **fields)

    def duplex(self, answer, request):
        return self.pb.StreamingOutputCallRequest(
            response_parameters=[self.pb.ResponseParameters(size=answer)], payload=self.payload(request))

    def fails(self, code, call, details=None):
        try:
            call()
        except grpc.RpcError as error:
            assert error.code() == code, f"expected {code}, found {error.code()}: {error.details()}"
            assert details is None or error.details() == details, repr(error.details())
            return
        raise AssertionError(f"expected {code}, and the call went well")

    def empty_unary(self):
        assert self.stub.EmptyCall(self.pb.Empty(), timeout=self.timeout) == self.pb.Empty()

    def large_unary(self):
        answer = self.stub.UnaryCall(self.large(), timeout=self.timeout)
        assert answer.payload.body == bytes(314159)

    def client_streaming(self):
        requests = (self.pb.StreamingInputCallRequest(payload=self.payload(size)) for size in self.REQUESTS)
        assert self.stub.StreamingInputCall(requests, timeout=self.timeout).aggregated_payload_size == 74922

    def server_streaming(self):
        request = self.pb.StreamingOutputCallRequest(
            response_parameters=[self.pb.ResponseParameters(size=size) for size in self.SIZES])
        answers = list(self.stub.StreamingOutputCall(request, timeout=self.timeout))
        assert [answer.payload.body for answer in answers] == [bytes(size) for size in self.SIZES]

    def ping_pong(self):
        requests = queue.Queue()
        answers = self.stub.FullDuplexCall(iter(requests.get, None), timeout=self.timeout)
        for size, request in zip(self.SIZES, self.REQUESTS):
            requests.put(self.duplex(size, request))
            assert next(answers).payload.body == bytes(size)
        requests.put(None)
        assert list(answers) == []

    def empty_stream(self):
        assert list(self.stub.FullDuplexCall(iter(()), timeout=self.timeout)) == []

    def timeout_on_sleeping_server(self):
        requests = queue.Queue()
        requests.put(self.pb.StreamingOutputCallRequest(payload=self.payload(27182)))
        call = self.stub.FullDuplexCall(iter(requests.get, None), timeout=0.001)
        self.fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: list(call))
        requests.put(None)

    def cancel_after_begin(self):
        requests = queue.Queue()
        call = self.stub.StreamingInputCall.future(iter(requests.get, None), timeout=self.timeout)
        call.cancel()
        assert call.cancelled() and call.code() == grpc.StatusCode.CANCELLED
        requests.put(None)

    def cancel_after_first_response(self):
        requests = queue.Queue()
        requests.put(self.duplex(31415, 27182))
        call = self.stub.FullDuplexCall(iter(requests.get, None), timeout=self.timeout)
        assert len(next(call).payload.body) == 31415
        call.cancel()
        self.fails(grpc.StatusCode.CANCELLED, lambda: list(call))
        requests.put(None)

    def custom_metadata(self):
        metadata = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))

        def check(call):
            assert dict(call.initial_metadata())[INITIAL] == "test_initial_metadata_value"
            assert dict(call.trailing_metadata())[TRAILING] == b"\xab\xab\xab"

        answer, call = self.stub.UnaryCall.with_call(self.large(), metadata=metadata, timeout=self.timeout)
        assert len(answer.payload.body) == 314159
        check(call)
        call = self.stub.FullDuplexCall(iter([self.duplex(314159, 271828)]), metadata=metadata, timeout=self.timeout)
        assert [len(answer.payload.body) for answer in call] == [314159]
        check(call)

    def status(self, message):
        status = self.pb.EchoStatus(code=2, message=message)
        self.fails(grpc.StatusCode.UNKNOWN, lambda: self.stub.UnaryCall(
            self.pb.SimpleRequest(response_status=status), timeout=self.timeout), message)
        self.fails(grpc.StatusCode.UNKNOWN, lambda: list(self.stub.FullDuplexCall(
            iter([self.pb.StreamingOutputCallRequest(response_status=status)]), timeout=self.timeout)), message)

    def status_code_and_message(self):
        self.status("test status message")

    def special_status_message(self):
        self.status("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")

    def unimplemented_method(self):
        self.fails(grpc.StatusCode.UNIMPLEMENTED, lambda: self.stub.UnimplementedCall(
            self.pb.Empty(), timeout=self.timeout))

    def unimplemented_service(self):
        self.fails(grpc.StatusCode.UNIMPLEMENTED, lambda: self.none.UnimplementedCall(
            self.pb.Empty(), timeout=self.timeout))

    def client_compressed_unary(self):
        def call(expected, compression):
            request = self.large(expect_compressed=self.pb.BoolValue(value=expected))
            answer = self.stub.UnaryCall(request, compression=compression, timeout=self.timeout)
            assert len(answer.payload.body) == 314159

        self.fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(True, grpc.Compression.NoCompression))
        call(True, grpc.Compression.Gzip)
        call(True, grpc.Compression.Deflate)
        call(False, grpc.Compression.NoCompression)

    def client_compressed_streaming(self):
        def call(compression):
            requests = (self.pb.StreamingInputCallRequest(
                payload=self.payload(size), expect_compressed=self.pb.BoolValue(value=True))
                for size in (27182, 45904))
            answer = self.stub.StreamingInputCall(requests, compression=compression, timeout=self.timeout)
            assert answer.aggregated_payload_size == 73086

        self.fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: call(grpc.Compression.NoCompression))
        call(grpc.Compression.Gzip)

    def server_compressed_unary(self):
        for compressed in (True, False):
            request = self.large(response_compressed=self.pb.BoolValue(value=compressed))
            assert len(self.stub.UnaryCall(request, timeout=self.timeout).payload.body) == 314159

    def server_compressed_streaming(self):
        request = self.pb.StreamingOutputCallRequest(response_parameters=[
            self.pb.ResponseParameters(size=31415, compressed=self.pb.BoolValue(value=True)),
            self.pb.ResponseParameters(size=92653, compressed=self.pb.BoolValue(value=False))])
        answers = self.stub.StreamingOutputCall(request, timeout=self.timeout)
        assert [len(answer.payload.body) for answer in answers] == [31415, 92653]

    def slow_reader(self):
        """Ours, beside the described ones: 10 MB each way at once, answers read slowly, so that every hop's
        flow control holds the sender back. Nothing may be lost, and nobody may wait for ever."""
        requests = (self.duplex(200_000, 200_000) for _ in range(50))
        count = 0
        for answer in self.stub.FullDuplexCall(requests, timeout=self.timeout):
            time.sleep(0.02)
            count += len(answer.payload.body)
        assert count == 50 * 200_000, f"{count} bytes came back"


CASES = [
    "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream",
    "timeout_on_sleeping_server", "cancel_after_begin", "cancel_after_first_response", "custom_metadata",
    "status_code_and_message", "special_status_message", "unimplemented_method", "unimplemented_service",
    "client_compressed_unary", "client_compressed_streaming", "server_compressed_unary",
    "server_compressed_streaming"]
# A grpcio server does not see whether a request was compressed.
CASES_OF_STOCK_SERVER = [case for case in CASES if not case.startswith("client_compressed")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=["server", "client"])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--case", action="append", choices=[*CASES, "slow_reader"])
    parser.add_argument("--timeout", type=float, default=60)
    for name in ("--tls-cert", "--tls-key", "--client-ca", "--tls-ca", "--server-name"):
        parser.add_argument(name)
    options = parser.parse_args()
    if options.role == "server":
        server, port = start_server(options.port, options.tls_cert, options.tls_key, options.client_ca)
        print(port, flush=True)
        server.wait_for_termination()
        return
    failed = False
    with connect(options.port, options.tls_ca, options.tls_cert, options.tls_key, options.server_name) as channel:
        cases = Cases(channel, options.timeout)
        for case in options.case or CASES:
            try:
                getattr(cases, case)()
                print(f"ok {case}", flush=True)
            except (AssertionError, grpc.RpcError) as error:
                failed = True
                print(f"FAILED {case}: {error!r}".replace("\n", " "), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
