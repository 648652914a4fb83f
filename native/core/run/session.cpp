#include "session.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace myelin {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw GraphError("run: " + message); }

std::string text(int64_t n) { return std::to_string(n); }

void check_place(const BufferPtr& buffer, const Backend& backend, const std::string& what) {
  if (&buffer->backend == &backend) return;
  refuse(what + " is in the memory of " + buffer->backend.name() + "; the plan runs on " + backend.name());
}

void check_buffer(const BufferPtr& buffer, const Graph::Slot& slot, const Plan& plan, const std::string& what) {
  const auto& [used, dtype, shape] = slot;
  if (!buffer) refuse(what + " " + to_text(shape) + " has no buffer");
  check_place(buffer, plan.backend, what);
  if (buffer->dtype != dtype || buffer->count != count_of(shape)) {
    refuse(what + " must be " + name_of(dtype) + " " + to_text(shape) + " (" + text(count_of(shape)) +
           " elements); its buffer has " + text(buffer->count) + " elements of " + name_of(buffer->dtype));
  }
}

template <class T>
bool holds_bad(const char* bytes, size_t n) {
  const T* values = reinterpret_cast<const T*>(bytes);
  for (size_t i = 0; i < n; i++) {
    if (!std::isfinite(values[i])) return true;
  }
  return false;
}

}  // namespace

int64_t row_size(const Shape& shape) { return shape.empty() ? 1 : count_of(shape) / shape[0]; }

Session::Session(const RunRequest& request) : request_(request), plan_(*request.plan) {
  if (request.steps < 1) refuse("the number of steps must be at least 1, not " + text(request.steps));
  if (request.first_step < 1) refuse("steps are counted from 1");
  const size_t n_hypers = plan_.graph.n_hypers;
  if (n_hypers
          ? request.hyper.size() / n_hypers != static_cast<size_t>(request.steps) || request.hyper.size() % n_hypers
          : !request.hyper.empty()) {
    refuse("hyper must have " + text(request.steps) + " × " + text(static_cast<int64_t>(n_hypers)) +
           " values (steps × hyper slots), it has " + text(static_cast<int64_t>(request.hyper.size())));
  }
  check_states();
  check_inputs();
  check_collect();
  check_aliases();

  work_ = plan_.lease();
}

Session::~Session() {
  if (work_ && request_.keep_memory) plan_.give_back(std::move(work_));
}

void Session::check_states() const {
  if (request_.states.size() != plan_.graph.n_states) {
    refuse("the plan has " + text(plan_.graph.n_states) + " states, the request " +
           text(static_cast<int64_t>(request_.states.size())));
  }
  for (size_t slot = 0; slot < request_.states.size(); slot++) {
    const Graph::Slot& expected = plan_.states[slot];
    if (!expected.used) continue;
    check_buffer(request_.states[slot], expected, plan_, "state " + text(static_cast<int64_t>(slot)));
  }
}

void Session::check_inputs() {
  const size_t n = plan_.graph.n_inputs;
  if (request_.inputs.size() != n) {
    refuse("the plan has " + text(static_cast<int64_t>(n)) + " inputs, the request " +
           text(static_cast<int64_t>(request_.inputs.size())));
  }
  if (!request_.gathered.empty() && request_.gathered.size() != n) {
    refuse("gathered must have one entry for each of the " + text(static_cast<int64_t>(n)) + " inputs, it has " +
           text(static_cast<int64_t>(request_.gathered.size())));
  }
  int64_t data_rows = INT64_MAX;
  for (size_t slot = 0; slot < n; slot++) {
    const Graph::Slot& expected = plan_.inputs[slot];
    if (!expected.used) continue;
    const std::string what = "input " + text(static_cast<int64_t>(slot));
    const BufferPtr& buffer = request_.inputs[slot];
    if (request_.gathered.empty() || !request_.gathered[slot]) {
      check_buffer(buffer, expected, plan_, what);
      continue;
    }
    if (!buffer) refuse(what + " " + to_text(expected.shape) + " has no buffer");
    check_place(buffer, plan_.backend, what);
    if (expected.shape.empty()) refuse(what + " is a scalar: it has no rows to gather");
    const int64_t row = row_size(expected.shape);
    if (buffer->dtype != expected.dtype || buffer->count % row != 0) {
      refuse(what + " gathers rows of " + text(row) + " " + name_of(expected.dtype) + " elements; its buffer has " +
             text(buffer->count) + " elements of " + name_of(buffer->dtype));
    }
    if (batch_ && batch_ != expected.shape[0]) {
      refuse("gathered inputs must have equally many rows: " + text(batch_) + " and " + text(expected.shape[0]));
    }
    batch_ = expected.shape[0];
    data_rows = std::min(data_rows, buffer->count / row);
  }
  const size_t n_rows = request_.rows.size();
  if (!batch_) {
    if (n_rows) refuse("rows are given, but no input is gathered");
    return;
  }
  if (n_rows % static_cast<size_t>(batch_) != 0 ||
      n_rows / static_cast<size_t>(batch_) != static_cast<size_t>(request_.steps)) {
    refuse("rows must have " + text(request_.steps) + " × " + text(batch_) + " numbers (steps × batch), it has " +
           text(static_cast<int64_t>(n_rows)));
  }
  const uint32_t last = *std::max_element(request_.rows.begin(), request_.rows.end());
  if (static_cast<int64_t>(last) >= data_rows) {
    refuse("row number " + text(last) + " is outside the data, which has " + text(data_rows) + " rows");
  }
}

void Session::check_collect() const {
  if (request_.collect.empty()) return;
  const auto& shapes = plan_.info.fetches;
  if (request_.collect.size() != shapes.size()) {
    refuse("the plan has " + text(static_cast<int64_t>(shapes.size())) + " fetches, collect has " +
           text(static_cast<int64_t>(request_.collect.size())) + " buffers");
  }
  if (request_.collect_row < 0) refuse("collect_row must not be negative");
  for (size_t i = 0; i < shapes.size(); i++) {
    const BufferPtr& buffer = request_.collect[i];
    const std::string what = "collect " + text(static_cast<int64_t>(i));
    if (!buffer) refuse(what + " has no buffer");
    check_place(buffer, plan_.backend, what);
    const DType dtype = plan_.info.fetch_dtypes[i];
    if (buffer->dtype != dtype) {
      refuse(what + " must be " + name_of(dtype) + ", it is " + name_of(buffer->dtype));
    }
    const int64_t row = row_size(shapes[i]), rows = shapes[i].empty() ? 1 : shapes[i][0];
    const int64_t room = buffer->count / row - request_.collect_row;  // in rows; no product can overflow
    if (room < 0 || request_.steps > room / rows) {
      refuse(what + " has " + text(buffer->count) + " elements; " + text(request_.steps) + " steps of " +
             to_text(shapes[i]) + " from row " + text(request_.collect_row) + " on do not fit");
    }
  }
}

// What a run writes must be nobody else's memory.
void Session::check_aliases() const {
  std::set<const Buffer*> written;
  const auto write = [&](const BufferPtr& buffer) {
    if (!written.insert(buffer.get()).second) refuse("one buffer is given for two arrays that the run writes");
  };
  for (size_t slot = 0; slot < request_.states.size(); slot++) {
    if (plan_.state_updated[slot]) write(request_.states[slot]);
  }
  for (const BufferPtr& buffer : request_.collect) write(buffer);
  if (written.empty()) return;
  for (size_t slot = 0; slot < request_.states.size(); slot++) {
    if (!plan_.state_updated[slot] && written.count(request_.states[slot].get())) {
      refuse("state " + text(static_cast<int64_t>(slot)) + " shares its buffer with an array that the run writes");
    }
  }
  for (size_t slot = 0; slot < request_.inputs.size(); slot++) {
    if (request_.inputs[slot] && written.count(request_.inputs[slot].get())) {
      refuse("input " + text(static_cast<int64_t>(slot)) + " shares its buffer with an array that the run writes");
    }
  }
}

void Session::bind(const Parallel& parallel) {
  Workspace& w = *work_;
  const Code& code = plan_.code;
  const size_t elem = size_of(plan_.graph.dtype);
  if (request_.collect.empty()) {
    for (size_t i = 0; i < plan_.info.fetches.size(); i++) {
      const int64_t count = count_of(plan_.info.fetches[i]);
      fetches_.push_back(
          std::make_shared<Buffer>(plan_.backend, plan_.info.fetch_dtypes[i], count, Buffer::Fill::none));
    }
  }
  base_.resize(code.values.size());
  for (size_t id = 0; id < base_.size(); id++) {
    const Value& value = code.values[id];
    void*& base = base_[id];
    switch (value.place) {
      case Place::arena: base = w.arena + value.offset; break;
      case Place::constant: base = static_cast<char*>(plan_.constants) + value.offset; break;
      case Place::state: base = request_.states[value.slot]->data; break;
      case Place::hyper: base = w.hyper + value.slot * elem; break;
      case Place::accumulator: base = w.accumulators + value.offset; break;
      case Place::flag: base = w.flag; break;
      case Place::fetch: base = fetches_.empty() ? collect_base(value.slot) : fetches_[value.slot]->data; break;
      case Place::input: {
        base = request_.inputs[value.slot]->data;
        if (is_gathered(value.slot) && !value.by_rows)
          base = w.kept(w.batches[value.slot], value.dtype, value.count).data;
        break;
      }
    }
  }
  for (size_t i = 0; i < w.views.size(); i++) {
    w.views[i].data = base_[w.view_value[i]];
    w.views[i].rows = nullptr;  // those of an earlier run are gone
  }
  // On the CPU, instructions that share a region with others do not share out their own work.
  for (size_t i = 0; i < w.calls.size(); i++) w.calls[i].parallel = w.loop || code.is_alone[i] ? &parallel : nullptr;
  if (code.accumulator_bytes) plan_.backend.clear(w.accumulators, code.accumulator_bytes);
}

std::vector<double> Session::totals() const {
  std::vector<double> values(plan_.code.accumulator_bytes / sizeof(double));
  if (!values.empty()) plan_.backend.download(values.data(), work_->accumulators, plan_.code.accumulator_bytes);
  return values;
}

bool Session::is_bad(uint32_t node) const {
  const uint32_t id = plan_.code.node_value[node];
  if (id == no_value || !base_[id]) return false;
  const DType dtype = plan_.code.values[id].dtype;
  if (!is_floating(dtype)) return false;
  const size_t bytes = plan_.code.values[id].bytes;
  alignas(8) char chunk[1 << 13];
  for (size_t at = 0; at < bytes; at += sizeof(chunk)) {
    const size_t part = std::min(sizeof(chunk), bytes - at);
    plan_.backend.download(chunk, static_cast<const char*>(base_[id]) + at, part);
    if (dtype == DType::f32 ? holds_bad<float>(chunk, part / 4) : holds_bad<double>(chunk, part / 8)) return true;
  }
  return false;
}

}  // namespace myelin
