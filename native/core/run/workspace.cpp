// The working memory of a run, and its calls with everything filled in but addresses.
#include <algorithm>

#include "core/compile/plan_impl.h"

namespace myelin {
namespace {

const void* attrs_of(const Instruction& instruction) {
  if (instruction.fused) return &instruction.fused->attrs;
  return instruction.attrs.empty() ? nullptr : instruction.attrs.data();
}

View view_of(const Operand& operand, int64_t count) {
  View view = {};
  view.rank = static_cast<int32_t>(operand.shape.size());
  view.count = count;
  std::copy(operand.shape.begin(), operand.shape.end(), view.dims);
  return view;
}

}  // namespace

Workspace::Workspace(const Plan& owner) : plan(owner), backend_(owner.backend) {
  const Code& code = plan.code;
  const size_t elem = size_of(plan.graph.dtype);
  hyper_row.resize(plan.graph.n_hypers * elem);

  for (const Instruction& instruction : code.instructions) {
    for (const auto* operands : {&instruction.in, &instruction.out}) {
      for (const Operand& operand : *operands) {
        views.push_back(view_of(operand, count_of(operand.shape)));
        view_value.push_back(operand.value);
      }
    }
  }
  size_t at = 0;
  for (const Instruction& instruction : code.instructions) {
    Call call = {};
    call.n_in = static_cast<int32_t>(instruction.in.size());
    call.n_out = static_cast<int32_t>(instruction.out.size());
    call.in = views.data() + at;
    call.out = views.data() + at + instruction.in.size();
    call.attrs = attrs_of(instruction);
    at += instruction.in.size() + instruction.out.size();
    calls.push_back(call);
  }
  batches.resize(plan.graph.n_inputs);
  collected.resize(plan.graph.fetches.size());
  if (DeviceBackend* device = backend_.device()) {
    loop = std::make_unique<DeviceLoop>(*device, batches.size(), collected.size(), code.costs.size());
  }
  for (size_t i = 0; i < calls.size(); i++) {
    calls[i].key = loop ? loop->handles().key : &key;
    if (loop && i >= code.n_compute) calls[i].skip = loop->handles().skip;
  }

  // One block: arena | hyper row | accumulators | flag (that of a device is part of its loop).
  const size_t hyper_at = aligned(code.arena_bytes), totals_at = hyper_at + aligned(hyper_row.size());
  const size_t flag_at = totals_at + aligned(code.accumulator_bytes);
  block_bytes_ = flag_at + alignment;
  block_ = static_cast<char*>(backend_.allocate(block_bytes_));
  count_memory(static_cast<int64_t>(block_bytes_), 0);
  arena = block_;
  hyper = block_ + hyper_at;
  accumulators = block_ + totals_at;
  flag = loop ? reinterpret_cast<char*>(loop->handles().flag) : block_ + flag_at;
}

Workspace::~Workspace() {
  backend_.release(block_, block_bytes_);
  if (scratch) backend_.release(scratch, scratch_bytes_);
  count_memory(-static_cast<int64_t>(block_bytes_ + scratch_bytes_), 0);
}

const Buffer& Workspace::kept(std::unique_ptr<Buffer>& place, DType dtype, int64_t count) {
  if (!place) place = std::make_unique<Buffer>(backend_, dtype, count, Buffer::Fill::none);
  return *place;
}

void Workspace::fit(int workers) {
  if (workers == workers_) return;
  for (View& view : views) view.data = nullptr;
  size_t bytes = 0;
  for (size_t i = 0; i < calls.size(); i++) {
    const ScratchFn ask = plan.code.instructions[i].kernel->scratch;
    if (ask) bytes = std::max(bytes, ask(&calls[i], workers));
  }
  if (bytes > scratch_bytes_) {
    void* larger = backend_.allocate(bytes);
    if (scratch) backend_.release(scratch, scratch_bytes_);
    count_memory(static_cast<int64_t>(bytes) - static_cast<int64_t>(scratch_bytes_), 0);
    scratch = larger;
    scratch_bytes_ = bytes;
  }
  for (Call& call : calls) call.scratch = scratch;
  workers_ = workers;
}

}  // namespace myelin
