// Steps on a device: the tables of the whole run go up once, then only chunks of steps are enqueued.
#include <algorithm>

#include "session.h"

namespace myelin {

DeviceSession::Table::~Table() {
  if (!data) return;
  backend.release(data, bytes);
  count_memory(-static_cast<int64_t>(bytes), 0);
}

void DeviceSession::Table::put(const void* from, size_t size) {
  if (size == 0) return;
  data = backend.allocate(size);
  bytes = size;
  count_memory(static_cast<int64_t>(bytes), 0);
  backend.upload(data, from, bytes);
}

DeviceSession::DeviceSession(const RunRequest& request)
    : Session(request), hyper_(request.plan->backend), rows_(request.plan->backend) {
  work().fit(1);
  bind(*loop().handles().parallel);
  hyper_.put(request.hyper.data(), request.hyper.size() * sizeof(double));
  rows_.put(request.rows.data(), request.rows.size() * sizeof(uint32_t));

  for (const Instruction& instruction : plan_.code.instructions) kernels_.push_back(instruction.kernel->run);
  for (uint32_t slot = 0; batch_ && slot < request.inputs.size(); slot++) {
    if (!request.gathered[slot] || !work().batches[slot] || !plan_.inputs[slot].used) continue;
    const Graph::Slot& input = plan_.inputs[slot];
    const int64_t row_bytes = row_size(input.shape) * static_cast<int64_t>(size_of(input.dtype));
    gathers_.push_back({work().batches[slot]->data, row_bytes});
    data_.push_back(request.inputs[slot]->data);
  }
  for (size_t i = 0; i < request.collect.size(); i++) {
    const Shape& shape = plan_.info.fetches[i];
    const size_t elem = size_of(plan_.info.fetch_dtypes[i]);
    const size_t at = static_cast<size_t>(request.collect_row * row_size(shape)) * elem;
    collects_.push_back({work().collected[i]->data, count_of(shape), static_cast<int32_t>(elem)});
    collect_to_.push_back(static_cast<char*>(request.collect[i]->data) + at);
  }
  for (const uint32_t id : plan_.code.costs) costs_.push_back(base_[id]);

  const auto n = [](const auto& list) { return static_cast<int32_t>(list.size()); };
  step_.is_f64 = plan_.graph.dtype == DType::f64;
  step_.precision = static_cast<int32_t>(plan_.graph.precision);
  step_.n_kernels = n(kernels_);
  step_.n_compute = static_cast<int32_t>(plan_.code.n_compute);
  step_.kernels = kernels_.data();
  step_.calls = work().calls.data();
  step_.n_hypers = static_cast<int32_t>(plan_.graph.n_hypers);
  step_.hypers = work().hyper;
  step_.n_gathers = n(gathers_);
  step_.gathers = gathers_.data();
  step_.batch = batch_;
  step_.n_collects = n(collects_);
  step_.collects = collects_.data();
  step_.n_costs = n(costs_);
  step_.costs = costs_.data();
}

DeviceSession::~DeviceSession() { plan_.set_launches(loop().launches(kernels_.size())); }

void* DeviceSession::collect_base(uint32_t fetch) {
  const int64_t count = count_of(plan_.info.fetches[fetch]);
  return work().kept(work().collected[fetch], plan_.info.fetch_dtypes[fetch], count).data;
}

void DeviceSession::start(bool compute_only) {
  cuda::Run run{};
  run.seed = request_.seed;
  run.first_step = request_.first_step;
  run.steps = request_.steps;
  run.hyper = static_cast<const double*>(hyper_.data);
  run.rows = static_cast<const uint32_t*>(rows_.data);
  run.data = data_.data();
  run.collect_to = collect_to_.data();
  run.compute_only = compute_only;
  loop().begin(step_, run);
}

void DeviceSession::start() { start(false); }

void DeviceSession::enqueue(int64_t steps) { loop().enqueue(steps); }

void DeviceSession::compute_once() {
  start(true);
  loop().enqueue(1);
  loop().wait();
}

std::vector<BufferPtr> DeviceSession::take_fetches() {
  std::vector<BufferPtr> all;
  for (const BufferPtr& fetch : fetches_) {
    auto copy = std::make_shared<Buffer>(cpu_backend(), fetch->dtype, fetch->count, Buffer::Fill::none);
    plan_.backend.download(copy->data, fetch->data, fetch->bytes());
    all.push_back(std::move(copy));
  }
  return all;
}

}  // namespace myelin
