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
  for (size_t i = 0; i < work().views.size(); i++) {
    const Value& value = plan_.code.values[work().view_value[i]];
    if (value.place == Place::input && is_gathered(value.slot)) gathered_.push_back({i, value.slot});
  }
  if (is_profiling() && !plan_.graph.updates.empty()) {
    profile_.workers = parallel_.workers;
    profile_.instructions = plan_.info.instructions;
    busy_.assign(static_cast<size_t>(parallel_.workers), std::vector<double>(profile_.instructions.size(), 0));
  }
  if (request_.collect.empty()) return;
  for (size_t i = 0; i < work().views.size(); i++) {
    const Value& value = plan_.code.values[work().view_value[i]];
    if (value.place == Place::fetch) collected_.push_back({i, value.slot});
  }
}

HostSession::~HostSession() {
  kernel_calls.fetch_add(calls_, std::memory_order_relaxed);
  if (busy_.empty()) return;
  profile_.busy.assign(profile_.instructions.size(), 0);
  for (const auto& worker : busy_) {
    for (size_t i = 0; i < worker.size(); i++) profile_.busy[i] += worker[i];
  }
  leave_profile(std::move(profile_));
}

void HostSession::begin(int64_t step) {
  if (!busy_.empty()) step_began_ = nanoseconds_now();
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
  // Rows that stand side by side are read where they are.
  const uint32_t* rows = request_.rows.data() + step * batch_;
  bool in_order = true;
  for (int64_t i = 1; in_order && i < batch_; i++) in_order = rows[i] == rows[0] + i;
  for (const auto& [view, slot] : gathered_) {
    const bool by_rows = plan_.code.values[w.view_value[view]].by_rows;
    w.views[view].rows = by_rows && !in_order ? rows : nullptr;
    const Buffer& from = in_order || by_rows ? *request_.inputs[slot] : *w.batches[slot];
    const int64_t at = in_order ? rows[0] * row_size(plan_.inputs[slot].shape) : 0;
    w.views[view].data = static_cast<char*>(from.data) + static_cast<size_t>(at) * size_of(from.dtype);
    base_[w.view_value[view]] = w.views[view].data;
  }
  if (in_order) return;
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
    in[1].data = const_cast<uint32_t*>(rows);
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

void HostSession::run_kernel(uint32_t instruction, const Call& call, int worker) {
  const KernelFn kernel = plan_.code.instructions[instruction].kernel->run;
  if (busy_.empty()) return kernel(&call);
  const double began = nanoseconds_now();
  kernel(&call);
  const int counted = plan_.code.is_alone[instruction] ? parallel_.workers : 1;
  busy_[static_cast<size_t>(worker)][instruction] += (nanoseconds_now() - began) * counted;
}

// A piece of a stretch, on any thread of the team.
void HostSession::run_piece(void* context, int stage, int task, int worker) {
  auto& [session, stretch] = *static_cast<Team*>(context);
  const Workspace& w = session.work();
  const Piece& piece = stretch.pieces[stretch.at[static_cast<size_t>(stage)] + static_cast<size_t>(task)];
  if (!piece.parts && worker == 0) {
    for (uint32_t i = piece.first; i < piece.first + piece.count; i++) session.run_kernel(i, w.calls[i], 0);
    return;
  }
  for (uint32_t i = piece.first; i < piece.first + piece.count; i++) {
    Call call = w.calls[i];
    call.scratch = static_cast<char*>(w.scratch) + static_cast<size_t>(worker) * w.piece_scratch;
    call.parts = piece.parts;
    call.first = piece.begin;
    call.end = piece.end;
    session.run_kernel(i, call, worker);
  }
}

void HostSession::run(const Stretch& stretch) {
  if (stretch.alone) {
    run_kernel(stretch.instruction, work().calls[stretch.instruction], 0);
    return;
  }
  Team team = {*this, stretch};
  run_stages(parallel_.workers, static_cast<int>(stretch.tasks.size()), stretch.tasks.data(), run_piece, &team);
}

bool HostSession::compute(const std::atomic<bool>* cancel) {
  for (const Stretch& stretch : work().compute) {
    if (cancel && cancel->load(std::memory_order_relaxed)) return false;
    run(stretch);
  }
  calls_ += static_cast<int64_t>(plan_.code.n_compute);
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
  for (const Stretch& stretch : work().commit) run(stretch);
  if (!busy_.empty()) {
    profile_.nanoseconds += nanoseconds_now() - step_began_;
    profile_.steps++;
  }
  calls_ += static_cast<int64_t>(plan_.code.instructions.size() - plan_.code.n_compute);
}

}  // namespace myelin
