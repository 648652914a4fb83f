// planRun: the asynchronous entry.
#include "arguments.h"
#include "entry.h"
#include "job.h"
#include "request.h"

namespace myelin::addon {

namespace {

Napi::Value run_async(const Napi::CallbackInfo& info) {
  RunRequest request = to_request("planRun", info[0], info[1]);
  const Napi::Value on_progress = info[2];
  if (!on_progress.IsNull() && !on_progress.IsFunction()) {
    throw bad_argument({"planRun", "onProgress"}, "a function or null", on_progress);
  }
  auto* environment = info.Env().GetInstanceData<Environment>();
  auto work = [request = std::move(request)](const std::atomic<bool>* cancel, const Progress* progress) {
    return run(request, cancel, progress);
  };
  return Job::start(info.Env(), *environment, std::move(work), on_progress);
}

}  // namespace

void add_job_entries(Napi::Object exports) { add_entry<run_async>(exports, "planRun"); }

}  // namespace myelin::addon
