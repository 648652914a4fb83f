// Steps on the CPU: kernels called one by one by the thread that runs the plan, which leads the pool.
#include <algorithm>
#include <atomic>

#include "session.h"

namespace myelin {
namespace {

std::atomic<int64_t> kernel_calls{0};

}  // namespace

int64_t host_kernel_calls() { return kernel_calls.load(std::memory_order_relaxed); }

HostSession::HostSession(const RunRequest& request) : Session(request), parallel_(pool_view()) {
  work().fit(parallel_.workers);
  bind(parallel_);
  if (request_.collect.empty()) return;
  for (size_t i = 0; i < work().views.size(); i++) {
    const Value& value = plan_.code.values[work().view_value[i]];
    if (value.place == Place::fetch) collected_.push_back({i, value.slot});
  }
}

HostSession::~HostSession() { kernel_calls.fetch_add(calls_, std::memory_order_relaxed); }

void HostSession::begin(int64_t step) {
  Workspace& w = work();
  const DType dtype = plan_.graph.dtype;
  const size_t n_hypers = plan_.graph.n_hypers;
  w.key = {request_.seed, request_.first_step + static_cast<uint64_t>(step)};
  if (n_hypers) {
    const double* row = request_.hyper.data() + static_cast<size_t>(step) * n_hypers;
    for (size_t i = 0; i < n_hypers; i++) {
      if (dtype == DType::f32) {
        reinterpret_cast<float*>(w.hyper_row.data())[i] = static_cast<float>(row[i]);
      } else {
        reinterpret_cast<double*>(w.hyper_row.data())[i] = row[i];
      }
    }
    plan_.backend.upload(w.hyper, w.hyper_row.data(), w.hyper_row.size());
  }
  if (!plan_.graph.guards.empty()) {
    const uint32_t clear = 0;
    plan_.backend.upload(w.flag, &clear, sizeof(clear));
  }
  for (const auto& [view, fetch] : collected_) {
    const Shape& shape = plan_.info.fetches[fetch];
    const int64_t at = request_.collect_row * row_size(shape) + step * count_of(shape);
    const Buffer& to = *request_.collect[fetch];
    char* data = static_cast<char*>(to.data) + static_cast<size_t>(at) * size_of(to.dtype);
    w.views[view].data = data;
    base_[w.view_value[view]] = data;
  }
  if (!batch_) return;
  for (uint32_t slot = 0; slot < request_.inputs.size(); slot++) {
    if (!request_.gathered[slot] || !w.batches[slot] || !plan_.inputs[slot].used) continue;
    const Shape& shape = plan_.inputs[slot].shape;
    View in[2] = {}, out = {};
    const Buffer& data = *request_.inputs[slot];
    out.data = w.batches[slot]->data;
    out.rank = in[0].rank = static_cast<int32_t>(shape.size());
    std::copy(shape.begin(), shape.end(), out.dims);
    std::copy(shape.begin(), shape.end(), in[0].dims);
    out.count = count_of(shape);
    in[0].data = data.data;
    in[0].count = data.count;
    in[0].dims[0] = data.count / row_size(shape);
    in[1].data = const_cast<uint32_t*>(request_.rows.data() + step * batch_);
    in[1].rank = 1;
    in[1].dims[0] = in[1].count = batch_;
    Call call = {};
    call.in = in;
    call.out = &out;
    call.n_in = 2;
    call.n_out = 1;
    call.key = &w.key;
    call.parallel = &parallel_;
    plan_.gather[slot](&call);
  }
}

void HostSession::call(size_t i) {
  calls_++;
  plan_.code.instructions[i].kernel->run(&work().calls[i]);
}

bool HostSession::compute(const std::atomic<bool>* cancel) {
  for (size_t i = 0; i < plan_.code.n_compute; i++) {
    if (cancel && cancel->load(std::memory_order_relaxed)) return false;
    call(i);
  }
  return !(cancel && cancel->load(std::memory_order_relaxed));
}

bool HostSession::finite() const {
  if (plan_.graph.guards.empty()) return true;
  uint32_t flag;
  plan_.backend.download(&flag, work().flag, sizeof(flag));
  return flag == 0;
}

void HostSession::read_costs(std::vector<double>& costs) const {
  for (const uint32_t id : plan_.code.costs) {
    double value;
    float single;
    if (plan_.graph.dtype == DType::f32) {
      plan_.backend.download(&single, base_[id], sizeof(single));
      value = single;
    } else {
      plan_.backend.download(&value, base_[id], sizeof(value));
    }
    costs.push_back(value);
  }
}

void HostSession::commit() {
  for (size_t i = plan_.code.n_compute; i < plan_.code.instructions.size(); i++) call(i);
}

}  // namespace myelin
