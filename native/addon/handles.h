// What JavaScript holds of native objects: type-tagged externals. A handle owns one reference, which dispose or the
// garbage collector drops; running jobs hold their own. JavaScript thread only.
#pragma once
#include <napi.h>

#include "arguments.h"
#include "core/compile/plan.h"
#include "core/device/buffer.h"

namespace myelin::addon {

// A place in the ring of the handles of one environment. Some runtimes end a worker without finalizing its externals:
// the environment's own end then lets go of what is left.
class HandleLink {
 public:
  virtual ~HandleLink() { leave(); }

 protected:
  virtual void let_go() = 0;

 private:
  friend class HandleRing;
  void leave();
  HandleLink* before_ = nullptr;  // null outside a ring
  HandleLink* after_ = nullptr;
};

class HandleRing {
 public:
  HandleRing();
  ~HandleRing();
  HandleRing(const HandleRing&) = delete;
  HandleRing& operator=(const HandleRing&) = delete;
  void add(HandleLink& link);

 private:
  struct Anchor final : HandleLink {
    void let_go() override {}
  };
  Anchor anchor_;
};

// Every make_* reports the object's bytes to V8, so that the garbage collector knows what it would gain.
Napi::Value make_handle(Napi::Env env, BufferPtr buffer);
Napi::Value make_handle(Napi::Env env, PlanPtr plan, int64_t bytes);

// Throw TypeError for anything that is not such a handle of this addon, Error 'MYELIN_DISPOSED' after dispose.
const BufferPtr& to_buffer(const Napi::Value& value, const Place& place);
const PlanPtr& to_plan(const Napi::Value& value, const Place& place);

// A device's name ('cpu', 'cuda', 'cuda:1'); undefined stands for the CPU. Throws Error 'MYELIN_DEVICE' for one that is
// missing.
Backend& to_backend(const Napi::Value& value, const Place& place);

// Idempotent.
void dispose_buffer(const Napi::Value& value, const Place& place);
void dispose_plan(const Napi::Value& value, const Place& place);

}  // namespace myelin::addon
