// bufferCreate, bufferReserve, bufferRead, bufferWrite, bufferClone, bufferDispose, memory.
#include "core/device/buffer.h"

#include <string>

#include "arguments.h"
#include "entry.h"
#include "handles.h"

namespace myelin::addon {

namespace {

// The largest count whose bytes a double still holds exactly.
constexpr int64_t max_count = max_safe_integer / 8;
// Beyond this the array is made by JavaScript's own constructor, which throws where V8's C++ one ends the process.
constexpr size_t large_bytes = size_t{1} << 26;

void check_length(const Place& place, const Napi::Value& got, size_t length, int64_t count) {
  if (length == static_cast<size_t>(count)) return;
  const std::string expected = "an array of " + std::to_string(count) + " elements";
  throw bad_argument(place, expected.c_str(), got);
}

Napi::Value create(const Napi::CallbackInfo& info) {
  const DType dtype = to_dtype(info[0], {"bufferCreate", "dtype"});
  const int64_t count = to_integer(info[1], {"bufferCreate", "count"}, 0, max_count);
  const Place place{"bufferCreate", "data"};
  Backend& backend = to_backend(info[3], {"bufferCreate", "device"});
  if (info[2].IsNull()) return make_handle(info.Env(), std::make_shared<Buffer>(backend, dtype, count));
  const Elements elements = to_elements(info[2], place, dtype);
  check_length(place, info[2], elements.length, count);
  auto buffer = std::make_shared<Buffer>(backend, dtype, count, Buffer::Fill::none);
  if (count > 0) buffer->backend.upload(buffer->data, elements.data, buffer->bytes());
  return make_handle(info.Env(), std::move(buffer));
}

Napi::Value reserve(const Napi::CallbackInfo& info) {
  const DType dtype = to_dtype(info[0], {"bufferReserve", "dtype"});
  const int64_t count = to_integer(info[1], {"bufferReserve", "count"}, 0, max_count);
  Backend& backend = to_backend(info[2], {"bufferReserve", "device"});
  return make_handle(info.Env(), std::make_shared<Buffer>(backend, dtype, count, Buffer::Fill::none));
}

// The address of an element, on the host or on a device.
void* at(const Buffer& buffer, int64_t element) {
  return static_cast<char*>(buffer.data) + static_cast<size_t>(element) * size_of(buffer.dtype);
}

// An array of the dtype's type, full of zeros.
Napi::Value new_array(Napi::Env env, DType dtype, size_t count) {
  if (count * size_of(dtype) > large_bytes) {
    const char* name = dtype == DType::f32 ? "Float32Array" : dtype == DType::f64 ? "Float64Array" : "Int32Array";
    const auto constructor = env.Global().Get(name).As<Napi::Function>();
    return constructor.New({Napi::Number::New(env, static_cast<double>(count))});
  }
  switch (dtype) {
    case DType::f32: return Napi::Float32Array::New(env, count);
    case DType::f64: return Napi::Float64Array::New(env, count);
    case DType::i32: break;
  }
  return Napi::Int32Array::New(env, count);
}

Napi::Value read(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const BufferPtr buffer = to_buffer(info[0], {"bufferRead", "buffer"});
  const int64_t from = info[1].IsUndefined() ? 0 : to_integer(info[1], {"bufferRead", "from"}, 0, buffer->count);
  const int64_t rest = buffer->count - from;
  const int64_t wanted = info[2].IsUndefined() ? rest : to_integer(info[2], {"bufferRead", "count"}, 0, rest);
  const auto count = static_cast<size_t>(wanted);
  const size_t bytes = count * size_of(buffer->dtype);
  const Napi::Value array = new_array(env, buffer->dtype, count);
  const Place place{"bufferRead", "result"};
  const Elements target = to_elements(array, place, buffer->dtype);
  check_length(place, array, target.length, wanted);
  if (count > 0) buffer->backend.download(target.data, at(*buffer, from), bytes);
  return array;
}

Napi::Value write(const Napi::CallbackInfo& info) {
  const BufferPtr& buffer = to_buffer(info[0], {"bufferWrite", "buffer"});
  const Place place{"bufferWrite", "data"};
  const Elements elements = to_elements(info[1], place, buffer->dtype);
  if (info[2].IsUndefined()) {
    check_length(place, info[1], elements.length, buffer->count);
    if (buffer->count > 0) buffer->backend.upload(buffer->data, elements.data, buffer->bytes());
    return info.Env().Undefined();
  }
  const int64_t from = to_integer(info[2], {"bufferWrite", "from"}, 0, buffer->count);
  const int64_t room = buffer->count - from;
  if (elements.length > static_cast<size_t>(room)) {
    const std::string expected = "an array of at most " + std::to_string(room) + " elements";
    throw bad_argument(place, expected.c_str(), info[1]);
  }
  const size_t bytes = elements.length * size_of(buffer->dtype);
  if (bytes > 0) buffer->backend.upload(at(*buffer, from), elements.data, bytes);
  return info.Env().Undefined();
}

// The memory of the CPU is the one that every backend can reach.
void copy_between(const Buffer& from, Buffer& to) {
  if (&from.backend == &to.backend) {
    to.backend.copy(to.data, from.data, from.bytes());
  } else if (!from.backend.device()) {
    to.backend.upload(to.data, from.data, from.bytes());
  } else if (!to.backend.device()) {
    from.backend.download(to.data, from.data, from.bytes());
  } else {
    Buffer between(cpu_backend(), from.dtype, from.count, Buffer::Fill::none);
    copy_between(from, between);
    copy_between(between, to);
  }
}

Napi::Value clone(const Napi::CallbackInfo& info) {
  const BufferPtr& source = to_buffer(info[0], {"bufferClone", "buffer"});
  Backend& to = info[1].IsUndefined() ? source->backend : to_backend(info[1], {"bufferClone", "device"});
  auto copy = std::make_shared<Buffer>(to, source->dtype, source->count, Buffer::Fill::none);
  if (source->count > 0) copy_between(*source, *copy);
  return make_handle(info.Env(), std::move(copy));
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  dispose_buffer(info[0], {"bufferDispose", "buffer"});
  return info.Env().Undefined();
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  const MemoryStats stats = memory_stats();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("liveBytes", static_cast<double>(stats.live_bytes));
  result.Set("liveBuffers", static_cast<double>(stats.live_buffers));
  result.Set("peakBytes", static_cast<double>(stats.peak_bytes));
  return result;
}

}  // namespace

void add_buffer_entries(Napi::Object exports) {
  add_entry<create>(exports, "bufferCreate");
  add_entry<reserve>(exports, "bufferReserve");
  add_entry<read>(exports, "bufferRead");
  add_entry<write>(exports, "bufferWrite");
  add_entry<clone>(exports, "bufferClone");
  add_entry<dispose>(exports, "bufferDispose");
  add_entry<memory>(exports, "memory");
}

}  // namespace myelin::addon
