// augment, augmentSync.
#include "cpu/image/augment.h"

#include <memory>

#include "entry.h"
#include "handles.h"
#include "job.h"
#include "reader.h"

namespace myelin::addon {

namespace {

// A request that owns the motion it points to.
struct OwnedRequest {
  AugmentRequest request;
  ImageMotion motion;
};

Augmentation to_augmentation(const char* function, const Napi::Value& value) {
  Augmentation how;
  const Reader reader(function, "how", value);
  reader.integer("height", 1, how.height);
  reader.integer("width", 1, how.width);
  reader.integer("channels", 1, how.channels);
  reader.flag("planar", how.planar);
  reader.number("flip", how.flip);
  reader.number("crop", how.crop);
  reader.number("rotate", how.degrees);
  reader.integer("translate", 0, how.shift);
  reader.number("strength", how.strength);
  reader.number("smoothness", how.smoothness);
  return how;
}

std::shared_ptr<OwnedRequest> to_augment_request(const char* function, const Napi::CallbackInfo& info) {
  auto owned = std::make_shared<OwnedRequest>();
  AugmentRequest& request = owned->request;
  request.how = to_augmentation(function, info[0]);
  const Reader reader(function, "request", info[1]);
  reader.buffer("images", request.images);
  reader.buffers("beside", request.beside);
  reader.numbers("rows", napi_uint32_array, "a Uint32Array", request.rows);
  reader.seed("seed", request.seed);
  reader.integer("pass", 0, request.pass, UINT32_MAX);
  reader.integer("firstRow", 0, request.first_row);
  request.to = &to_backend(reader.value("device"), {function, "request.device"});
  if (reader.has("motion")) {
    const Reader motion(function, "request.motion", reader.value("motion"));
    motion.flag("flip", owned->motion.flip);
    motion.number("degrees", owned->motion.degrees);
    motion.number("down", owned->motion.down);
    motion.number("right", owned->motion.right);
    request.same = &owned->motion;
  }
  return owned;
}

RunResult result_of(const AugmentRequest& request, const std::atomic<bool>* cancel) {
  RunResult result;
  result.fetches = augment(request, cancel);
  result.status = result.fetches.empty() ? RunStatus::cancelled : RunStatus::done;
  return result;
}

Napi::Value augment_async(const Napi::CallbackInfo& info) {
  auto owned = to_augment_request("augment", info);
  auto* environment = info.Env().GetInstanceData<Environment>();
  auto work = [owned](const std::atomic<bool>* cancel, const Progress*) { return result_of(owned->request, cancel); };
  return Job::start(info.Env(), *environment, std::move(work), info.Env().Null());
}

Napi::Value augment_sync(const Napi::CallbackInfo& info) {
  const auto owned = to_augment_request("augmentSync", info);
  const std::vector<BufferPtr> made = augment(owned->request, nullptr);
  Napi::Array buffers = Napi::Array::New(info.Env(), made.size());
  for (size_t i = 0; i < made.size(); ++i) buffers.Set(static_cast<uint32_t>(i), make_handle(info.Env(), made[i]));
  return buffers;
}

}  // namespace

void add_augment_entries(Napi::Object exports) {
  add_entry<augment_async>(exports, "augment");
  add_entry<augment_sync>(exports, "augmentSync");
}

}  // namespace myelin::addon
