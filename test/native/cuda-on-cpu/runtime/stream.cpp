// Streams, events and captures. A stream is a queue that nobody serves before somebody waits for it: what the host
// reads too early it reads unwritten.
#include "stream.h"

#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "device.h"
#include "graph.h"

using namespace emu;

namespace {

struct Stream;

// Work of another stream that must be done first.
struct Dependency {
  Stream* stream;
  uint64_t sequence;
};
struct Operation {
  std::vector<Dependency> after;
  std::function<void()> work;
};

struct Capture {
  Stream* origin;
  std::thread::id thread;
  cudaStreamCaptureMode mode;
  Operations operations;
  std::set<Stream*> joined;    // streams that take part beside the origin
  bool unjoined_work = false;  // on one of them, since the origin last waited for it
  bool invalid = false;
};

struct Stream {
  bool blocking = true;
  bool alive = true;
  std::deque<Operation> queue;
  uint64_t submitted = 0, done = 0;
  Capture* capture = nullptr;
};

double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

// Streams are kept for ever, so that events may name them.
std::vector<Stream*>& streams() {
  static auto& all = *new std::vector<Stream*>{new Stream};
  return all;
}
Stream* default_stream() { return streams()[0]; }
std::set<Capture*>& captures() {
  static auto& all = *new std::set<Capture*>;
  return all;
}

// Null where the handle is none of ours.
Stream* stream_of(cudaStream_t handle) {
  if (reinterpret_cast<uintptr_t>(handle) <= 2) return default_stream();
  for (Stream* stream : streams()) {
    if (reinterpret_cast<cudaStream_t>(stream) == handle) return stream->alive ? stream : nullptr;
  }
  return nullptr;
}

void drain_to(Stream* stream, uint64_t sequence);

void run_next(Stream* stream) {
  Operation operation = std::move(stream->queue.front());
  stream->queue.pop_front();
  for (const Dependency& d : operation.after) drain_to(d.stream, d.sequence);
  if (operation.work) operation.work();
  stream->done++;
}

void drain_to(Stream* stream, uint64_t sequence) {
  while (stream->done < sequence && !stream->queue.empty()) run_next(stream);
}

// A query makes some progress, so that a host that polls gets there: at least one operation, at most about two
// milliseconds.
bool advance_to(Stream* stream, uint64_t sequence) {
  const double begin = now();
  while (stream->done < sequence && !stream->queue.empty()) {
    run_next(stream);
    if (now() - begin > 0.002) break;
  }
  return stream->done >= sequence;
}

void enqueue_on(Stream* stream, Operation operation) {
  // The default stream waits for the others and they for it, unless they said that they do not.
  if (stream == default_stream()) {
    for (Stream* other : streams()) {
      if (other != stream && other->blocking) operation.after.push_back({other, other->submitted});
    }
  } else if (stream->blocking) {
    operation.after.push_back({default_stream(), default_stream()->submitted});
  }
  stream->queue.push_back(std::move(operation));
  stream->submitted++;
}

}  // namespace

struct CUevent_st {
  Stream* stream = nullptr;
  uint64_t sequence = 0;
  double time = 0;
  bool timed = true;
  Capture* capture = nullptr;
};
// Work that waits holds its event, as destroying one does not undo it.
using Event = std::shared_ptr<CUevent_st>;

namespace {
std::vector<Event>& events() {
  static auto& all = *new std::vector<Event>;
  return all;
}
Event event_of(cudaEvent_t handle) {
  for (const Event& event : events()) {
    if (event.get() == handle) return event;
  }
  return nullptr;
}
}  // namespace

namespace emu {

cudaError_t submit(cudaStream_t handle, std::function<void()> work) {
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (Capture* capture = stream->capture) {
    if (capture->invalid) return failed(cudaErrorStreamCaptureInvalidated);
    capture->operations.push_back(std::move(work));
    if (stream != capture->origin) capture->unjoined_work = true;
    return cudaSuccess;
  }
  enqueue_on(stream, {{}, std::move(work)});
  return cudaSuccess;
}

bool is_capturing(cudaStream_t handle) {
  const Stream* stream = stream_of(handle);
  return stream && stream->capture;
}

cudaError_t refuse_in_capture() {
  for (Capture* capture : captures()) {
    const bool concerned =
        capture->mode == cudaStreamCaptureModeGlobal ||
        (capture->mode == cudaStreamCaptureModeThreadLocal && capture->thread == std::this_thread::get_id());
    if (!concerned) continue;
    capture->invalid = true;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  return cudaSuccess;
}

void drain(cudaStream_t handle) {
  if (Stream* stream = stream_of(handle)) drain_to(stream, stream->submitted);
}
void drain_all() {
  for (Stream* stream : streams()) drain_to(stream, stream->submitted);
}
void drain_blocking() {
  for (Stream* stream : streams()) {
    if (stream->blocking) drain_to(stream, stream->submitted);
  }
}

}  // namespace emu

// ---- streams ----------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned flags) {
  Lock lock(device_mutex());
  if (const cudaError_t error = check_device()) return failed(error);
  if (flags > cudaStreamNonBlocking) return failed(cudaErrorInvalidValue);
  Stream* stream = new Stream;
  stream->blocking = flags != cudaStreamNonBlocking;
  streams().push_back(stream);
  *handle = reinterpret_cast<cudaStream_t>(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  if (!stream || stream == default_stream()) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capture) return failed(cudaErrorStreamCaptureUnsupported);
  drain_to(stream, stream->submitted);
  stream->alive = false;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capture) {
    stream->capture->invalid = true;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  drain_to(stream, stream->submitted);
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (stream->capture) {
    stream->capture->invalid = true;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  return advance_to(stream, stream->submitted) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  Lock lock(device_mutex());
  return submit(stream, [=] { function(data); });
}

// ---- events -----------------------------------------------------------------------------------

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned flags) {
  Lock lock(device_mutex());
  if (const cudaError_t error = check_device()) return failed(error);
  events().push_back(std::make_shared<CUevent_st>());
  events().back()->timed = !(flags & cudaEventDisableTiming);
  *handle = events().back().get();
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  Lock lock(device_mutex());
  for (size_t i = 0; i < events().size(); i++) {
    if (events()[i].get() != handle) continue;
    events().erase(events().begin() + static_cast<ptrdiff_t>(i));
    return cudaSuccess;
  }
  return failed(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle) {
  Lock lock(device_mutex());
  const Event event = event_of(handle);
  Stream* stream = stream_of(stream_handle);
  if (!event || !stream) return failed(cudaErrorInvalidResourceHandle);
  event->capture = stream->capture;
  event->stream = stream;
  if (stream->capture) return cudaSuccess;  // orders the graph, and the graph keeps the order of the calls anyway
  enqueue_on(stream, {{}, [event] { event->time = now(); }});
  event->sequence = stream->submitted;
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  Lock lock(device_mutex());
  const Event event = event_of(handle);
  if (!event) return failed(cudaErrorInvalidResourceHandle);
  if (event->capture) return failed(cudaErrorCapturedEvent);
  return !event->stream || advance_to(event->stream, event->sequence) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  Lock lock(device_mutex());
  const Event event = event_of(handle);
  if (!event) return failed(cudaErrorInvalidResourceHandle);
  if (event->capture) return failed(cudaErrorCapturedEvent);
  if (event->stream) drain_to(event->stream, event->sequence);
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  Lock lock(device_mutex());
  const Event start = event_of(start_handle), end = event_of(end_handle);
  if (!start || !end || !start->timed || !end->timed || !start->stream || !end->stream) {
    return failed(cudaErrorInvalidResourceHandle);
  }
  if (start->capture || end->capture) return failed(cudaErrorCapturedEvent);
  if (start->stream->done < start->sequence || end->stream->done < end->sequence) return cudaErrorNotReady;
  *milliseconds = static_cast<float>((end->time - start->time) * 1e3);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  const Event event = event_of(event_handle);
  if (!stream || !event) return failed(cudaErrorInvalidResourceHandle);
  if (event->capture && captures().count(event->capture)) {
    if (stream->capture && stream->capture != event->capture) return failed(cudaErrorStreamCaptureMerge);
    if (!stream->capture) {
      stream->capture = event->capture;
      event->capture->joined.insert(stream);
    }
    if (stream == event->capture->origin) event->capture->unjoined_work = false;
    return cudaSuccess;
  }
  if (stream->capture) {  // a captured stream cannot wait for what is outside of its graph
    stream->capture->invalid = true;
    return failed(cudaErrorStreamCaptureUnsupported);
  }
  if (event->stream) enqueue_on(stream, {{{event->stream, event->sequence}}, nullptr});
  return cudaSuccess;
}

// ---- captures ---------------------------------------------------------------------------------

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (stream == default_stream()) return failed(cudaErrorStreamCaptureUnsupported);
  if (stream->capture) return failed(cudaErrorIllegalState);
  Capture* capture = new Capture{stream, std::this_thread::get_id(), mode, {}, {}, false, false};
  stream->capture = capture;
  captures().insert(capture);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  Lock lock(device_mutex());
  *graph = nullptr;
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  if (!stream->capture) return failed(cudaErrorIllegalState);
  if (stream->capture->origin != stream) return failed(cudaErrorStreamCaptureUnmatched);
  const std::unique_ptr<Capture> capture(stream->capture);
  captures().erase(capture.get());
  stream->capture = nullptr;
  for (Stream* joined : capture->joined) joined->capture = nullptr;
  for (const Event& event : events()) {
    if (event->capture != capture.get()) continue;
    event->capture = nullptr;
    event->stream = nullptr;
  }
  if (capture->invalid) return failed(cudaErrorStreamCaptureInvalidated);
  if (capture->unjoined_work) return failed(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st{std::move(capture->operations)};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  Lock lock(device_mutex());
  Stream* stream = stream_of(handle);
  if (!stream) return failed(cudaErrorInvalidResourceHandle);
  *status = !stream->capture           ? cudaStreamCaptureStatusNone
            : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                       : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
