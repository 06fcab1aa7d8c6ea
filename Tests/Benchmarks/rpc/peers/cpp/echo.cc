// gRPC C++ as the benchmark's peer: its callback API, which its authors recommend for speed.
//
//   echo serve                                            prints "listening on PORT"
//   echo load HOST:PORT unary|stream BYTES CONNECTIONS STREAMS CALLS   prints a JSON object
//
// `load` keeps CONNECTIONS times STREAMS calls open until CALLS are answered; in `stream` each of
// them is one bidirectional call that sends the next message when the last has come back.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench.grpc.pb.h"

using lauter::bench::v1::Echo;
using lauter::bench::v1::Payload;
using Clock = std::chrono::steady_clock;

class EchoService final : public Echo::CallbackService {
  grpc::ServerUnaryReactor *Unary(
      grpc::CallbackServerContext *context, const Payload *request, Payload *response) override {
    response->set_data(request->data());
    auto *reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  class StreamReactor final : public grpc::ServerBidiReactor<Payload, Payload> {
   public:
    StreamReactor() { StartRead(&message_); }
    void OnReadDone(bool ok) override {
      if (ok)
        StartWrite(&message_);
      else
        Finish(grpc::Status::OK);
    }
    void OnWriteDone(bool ok) override {
      if (ok)
        StartRead(&message_);
      else
        Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    Payload message_;
  };

  grpc::ServerBidiReactor<Payload, Payload> *Stream(grpc::CallbackServerContext *) override {
    return new StreamReactor();
  }
};

static int serve() {
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  printf("listening on %d\n", port);
  fflush(stdout);
  server->Wait();
  return 0;
}

// What the calls of one run share.
struct Load {
  long calls;
  std::atomic<long> started{0};
  std::atomic<long> failed{0};
  std::mutex mutex;
  std::condition_variable changed;
  long open = 0;
  std::vector<float> times;

  void answered(Clock::time_point start, bool ok) {
    float time = std::chrono::duration<float, std::micro>(Clock::now() - start).count();
    if (!ok) failed++;
    std::lock_guard<std::mutex> lock(mutex);
    times.push_back(time);
  }

  void closed() {
    std::lock_guard<std::mutex> lock(mutex);
    open--;
    changed.notify_one();
  }
};

class UnaryLoop {
 public:
  UnaryLoop(Load &load, Echo::Stub *stub, const Payload &request)
      : load_(load), stub_(stub), request_(request) {}

  void next() {
    if (load_.started++ >= load_.calls) return load_.closed();
    context_ = std::make_unique<grpc::ClientContext>();
    start_ = Clock::now();
    stub_->async()->Unary(context_.get(), &request_, &response_, [this](grpc::Status status) {
      load_.answered(start_, status.ok() && response_.data().size() == request_.data().size());
      next();
    });
  }

 private:
  Load &load_;
  Echo::Stub *stub_;
  const Payload &request_;
  Payload response_;
  std::unique_ptr<grpc::ClientContext> context_;
  Clock::time_point start_;
};

class StreamLoop final : public grpc::ClientBidiReactor<Payload, Payload> {
 public:
  StreamLoop(Load &load, Echo::Stub *stub, const Payload &request)
      : load_(load), request_(request) {
    stub->async()->Stream(&context_, this);
    next();
    StartCall();
  }
  void OnWriteDone(bool ok) override {
    if (ok) StartRead(&response_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    load_.answered(start_, response_.data().size() == request_.data().size());
    next();
  }
  void OnDone(const grpc::Status &status) override {
    if (!status.ok()) load_.failed++;
    load_.closed();
  }

 private:
  void next() {
    if (load_.started++ >= load_.calls) return StartWritesDone();
    start_ = Clock::now();
    StartWrite(&request_);
  }

  Load &load_;
  const Payload &request_;
  Payload response_;
  grpc::ClientContext context_;
  Clock::time_point start_;
};

static double cpu_seconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
         (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int load(char **arguments) {
  bool streams = std::string(arguments[1]) == "stream";
  Payload request;
  request.set_data(std::string(atoi(arguments[2]), 'x'));
  int connections = atoi(arguments[3]), per_connection = atoi(arguments[4]);
  Load load;
  load.calls = atol(arguments[5]);
  load.open = connections * per_connection;
  load.times.reserve(load.calls);

  std::vector<std::unique_ptr<Echo::Stub>> stubs;
  for (int i = 0; i < connections; i++) {
    grpc::ChannelArguments options;
    options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto channel =
        grpc::CreateCustomChannel(arguments[0], grpc::InsecureChannelCredentials(), options);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) return 1;
    stubs.push_back(Echo::NewStub(channel));
  }
  auto start = Clock::now();
  double cpu = cpu_seconds();
  std::vector<std::unique_ptr<UnaryLoop>> unary;
  std::vector<std::unique_ptr<StreamLoop>> bidirectional;
  for (int i = 0; i < connections * per_connection; i++) {
    auto *stub = stubs[i % connections].get();
    if (streams) {
      bidirectional.push_back(std::make_unique<StreamLoop>(load, stub, request));
    } else {
      unary.push_back(std::make_unique<UnaryLoop>(load, stub, request));
      unary.back()->next();
    }
  }
  {
    std::unique_lock<std::mutex> lock(load.mutex);
    load.changed.wait(lock, [&] { return load.open == 0; });
  }
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  cpu = cpu_seconds() - cpu;
  std::sort(load.times.begin(), load.times.end());
  auto at = [&](double part) { return load.times[(size_t)(part * (load.times.size() - 1))]; };
  printf("{\"calls\": %zu, \"failed\": %ld, \"seconds\": %f, \"cpu\": %f, \"p50\": %f, \"p99\": %f}\n",
         load.times.size(), load.failed.load(), seconds, cpu, at(0.5), at(0.99));
  return 0;
}

int main(int count, char **arguments) {
  std::string verb = count > 1 ? arguments[1] : "";
  if (verb == "serve" && count == 2) return serve();
  if (verb == "load" && count == 8) return load(arguments + 2);
  fprintf(stderr, "usage: echo serve | echo load TARGET unary|stream BYTES CONNECTIONS STREAMS CALLS\n");
  return 64;
}
