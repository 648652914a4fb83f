#include "handles.h"

#include <utility>

#include "core/device/device.h"
#include "environment.h"
#include "errors.h"

namespace myelin::addon {

namespace {

template <class Pointer>
struct Handle final : HandleLink {
  Handle(Pointer held, int64_t bytes) : object(std::move(held)), reported(bytes) {}

  Pointer object;
  int64_t reported;  // bytes V8 was told about

  // Also called in the middle of a garbage collection: it may not touch JavaScript.
  void drop(napi_env env) {
    object.reset();
    if (reported != 0) {
      int64_t total;
      napi_adjust_external_memory(env, -std::exchange(reported, 0), &total);
    }
  }

  void let_go() override { object.reset(); }
};

// Tags hold the address of a static, so a handle made by another loaded copy of the addon is refused too.
template <class Pointer>
const napi_type_tag& tag_of() {
  static char anchor;
  static const napi_type_tag tag{0x6d79656c696e0001u, reinterpret_cast<uint64_t>(&anchor)};
  return tag;
}

void check(napi_env env, napi_status status) {
  if (status != napi_ok) throw Napi::Error::New(env);
}

template <class Pointer>
Napi::Value make(Napi::Env env, Pointer object, int64_t bytes) {
  auto handle = std::make_unique<Handle<Pointer>>(std::move(object), bytes);
  napi_value external;
  check(env, napi_create_external(
                 env, handle.get(),
                 [](napi_env finalizing, void* data, void*) {
                   std::unique_ptr<Handle<Pointer>> owned(static_cast<Handle<Pointer>*>(data));
                   owned->drop(finalizing);
                 },
                 nullptr, &external));
  env.GetInstanceData<Environment>()->handles.add(*handle.release());
  int64_t total;
  check(env, napi_adjust_external_memory(env, bytes, &total));
  check(env, napi_type_tag_object(env, external, &tag_of<Pointer>()));
  return Napi::Value(env, external);
}

template <class Pointer>
Handle<Pointer>& open(const Napi::Value& value, const Place& place, const char* expected) {
  bool tagged = false;
  void* data = nullptr;
  if (value.Type() != napi_external ||
      napi_check_object_type_tag(value.Env(), value, &tag_of<Pointer>(), &tagged) != napi_ok || !tagged ||
      napi_get_value_external(value.Env(), value, &data) != napi_ok) {
    throw bad_argument(place, expected, value);
  }
  return *static_cast<Handle<Pointer>*>(data);
}

template <class Pointer>
const Pointer& live(const Napi::Value& value, const Place& place, const char* expected) {
  const Handle<Pointer>& handle = open<Pointer>(value, place, expected);
  if (!handle.object) {
    throw coded_error(value.Env(), "MYELIN_DISPOSED",
                      place.text() + " was disposed; its native memory is gone. Create it anew, or dispose later");
  }
  return handle.object;
}

constexpr char a_buffer[] = "a buffer made by bufferCreate";
constexpr char a_plan[] = "a plan made by planCompileSync";

}  // namespace

void HandleLink::leave() {
  if (before_ == nullptr) return;
  before_->after_ = after_;
  after_->before_ = before_;
  before_ = after_ = nullptr;
}

HandleRing::HandleRing() { anchor_.before_ = anchor_.after_ = &anchor_; }

void HandleRing::add(HandleLink& link) {
  link.before_ = anchor_.before_;
  link.after_ = &anchor_;
  anchor_.before_->after_ = &link;
  anchor_.before_ = &link;
}

HandleRing::~HandleRing() {
  while (anchor_.after_ != &anchor_) {
    HandleLink& link = *anchor_.after_;
    link.leave();
    link.let_go();
  }
}

Napi::Value make_handle(Napi::Env env, BufferPtr buffer) {
  const auto bytes = static_cast<int64_t>(buffer->bytes());
  return make<BufferPtr>(env, std::move(buffer), bytes);
}

Napi::Value make_handle(Napi::Env env, PlanPtr plan, int64_t bytes) {
  return make<PlanPtr>(env, std::move(plan), bytes);
}

const BufferPtr& to_buffer(const Napi::Value& value, const Place& place) {
  return live<BufferPtr>(value, place, a_buffer);
}

const PlanPtr& to_plan(const Napi::Value& value, const Place& place) { return live<PlanPtr>(value, place, a_plan); }

Backend& to_backend(const Napi::Value& value, const Place& place) {
  if (value.IsUndefined()) return cpu_backend();
  if (!value.IsString()) throw bad_argument(place, "'cpu', 'cuda' or 'cuda:<number>'", value);
  return backend_named(value.As<Napi::String>().Utf8Value());
}

void dispose_buffer(const Napi::Value& value, const Place& place) {
  open<BufferPtr>(value, place, a_buffer).drop(value.Env());
}

void dispose_plan(const Napi::Value& value, const Place& place) {
  open<PlanPtr>(value, place, a_plan).drop(value.Env());
}

}  // namespace myelin::addon
