// The working memory of a run, and its calls with everything filled in but addresses.
#include <algorithm>

#include "core/compile/plan_impl.h"

namespace myelin {
namespace {

constexpr int pieces_per_worker = 2;   // so that one that was interrupted does not keep the others waiting
constexpr int64_t parts_together = 8;  // rows that kernels take at once

// Who computed a value, where one worker computed all of it: by value; -1: several, or not known.
using Homes = std::vector<int>;

// The pieces of a stage in the order of the shares that workers have in it (pool.h). What is small beside the stage is
// one worker's: of two that need the same array, one has it in its cache then. So a derivative of a weight and the
// weight's update belong to the same worker, in every step. What is large is cut evenly.
class Shares {
 public:
  Shares(const Code& code, const Region& region, int workers, Homes& homes)
      : code_(code), homes_(homes), shares_(static_cast<size_t>(workers)) {
    for (const Strand& strand : region.strands) all_ += strand.work;
    for (const Strand& strand : region.strands) add(strand);
  }

  void append_to(std::vector<Piece>& pieces) const {
    for (const Share& share : shares_) pieces.insert(pieces.end(), share.pieces.begin(), share.pieces.end());
  }

 private:
  struct Share {
    double work = 0;
    std::vector<Piece> pieces;
  };

  void add(const Strand& strand) {
    const int64_t workers = static_cast<int64_t>(shares_.size());
    const int64_t most = std::min<int64_t>(strand.parts, pieces_per_worker * workers);
    const int64_t wanted = std::clamp<int64_t>(static_cast<int64_t>(strand.work / team_work().piece), 1, most);
    int64_t parts = (strand.parts + wanted - 1) / wanted;
    if (parts > parts_together / 2) parts = (parts + parts_together - 1) / parts_together * parts_together;
    const bool is_one = parts >= strand.parts;
    const bool is_small = strand.work * 2 * static_cast<double>(workers) < all_;
    const int home = is_one || is_small ? home_of(strand) : -1;
    for (uint32_t i = strand.first; i < strand.first + strand.count; i++) {
      for (const Operand& out : code_.instructions[i].out) homes_[out.value] = home;
    }
    for (int64_t begin = 0; begin < strand.parts; begin += parts) {
      const int64_t end = std::min(begin + parts, strand.parts);
      Share& share = shares_[static_cast<size_t>(home >= 0 ? home : begin * workers / strand.parts)];
      share.work += strand.work * static_cast<double>(end - begin) / static_cast<double>(strand.parts);
      share.pieces.push_back({strand.first, strand.count, is_one ? 0 : strand.parts, begin, end});
    }
  }

  // Where the strand finds what it reads, or the worker with the least to do.
  int home_of(const Strand& strand) const {
    for (uint32_t i = strand.first; i < strand.first + strand.count; i++) {
      for (const Operand& in : code_.instructions[i].in) {
        if (homes_[in.value] >= 0) return homes_[in.value];
      }
    }
    size_t least = 0;
    for (size_t s = 1; s < shares_.size(); s++) {
      if (shares_[s].work < shares_[least].work) least = s;
    }
    return static_cast<int>(least);
  }

  const Code& code_;
  Homes& homes_;
  double all_ = 0;
  std::vector<Share> shares_;
};

}  // namespace

TeamWork& team_work() {
  static TeamWork work;
  return work;
}

Workspace::Workspace(const Plan& owner) : plan(owner), backend_(owner.backend) {
  const Code& code = plan.code;
  const size_t elem = size_of(plan.graph.dtype);
  hyper_row.resize(plan.graph.n_hypers * elem);

  std::vector<View> own;
  std::vector<size_t> at;
  for (size_t i = 0; i < code.instructions.size(); i++) {
    const Instruction& instruction = code.instructions[i];
    calls.push_back(call_of(instruction, own));
    calls.back().prepared = plan.prepared[i];
    at.push_back(views.size());
    views.insert(views.end(), own.begin(), own.end());
    for (const auto* operands : {&instruction.in, &instruction.out}) {
      for (const Operand& operand : *operands) view_value.push_back(operand.value);
    }
  }
  for (size_t i = 0; i < calls.size(); i++) {  // the views do not move any more
    calls[i].in = views.data() + at[i];
    calls[i].out = calls[i].in + calls[i].n_in;
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
  divide(workers);
  for (View& view : views) view.data = nullptr;
  size_t bytes = 0;
  piece_scratch = 0;
  for (const auto* all : {&compute, &commit}) {
    for (const Stretch& stretch : *all) {
      if (stretch.alone) {
        const ScratchFn ask = plan.code.instructions[stretch.instruction].kernel->scratch;
        if (ask) bytes = std::max(bytes, ask(&calls[stretch.instruction], workers));
      }
      for (const Piece& piece : stretch.pieces) {
        for (uint32_t i = piece.first; i < piece.first + piece.count; i++) {
          const ScratchFn ask = plan.code.instructions[i].kernel->scratch;
          if (ask) piece_scratch = std::max(piece_scratch, aligned(ask(&calls[i], 1)));
        }
      }
    }
  }
  bytes = std::max(bytes, piece_scratch * static_cast<size_t>(workers));
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

void Workspace::divide(int workers) {
  const uint32_t n = static_cast<uint32_t>(plan.code.instructions.size());
  const uint32_t n_compute = static_cast<uint32_t>(plan.code.n_compute);
  std::vector<int> homes(plan.code.values.size(), -1);
  compute = stretches(0, n_compute, workers, homes);
  commit = stretches(n_compute, n, workers, homes);
}

// How the instructions [first, end) run on `workers` threads. Whoever leads them has a look at the world between two
// stretches.
std::vector<Stretch> Workspace::stretches(uint32_t first, uint32_t end, int workers, std::vector<int>& homes) const {
  std::vector<Stretch> made;
  double since = 0;  // work of the present stretch
  for (const Region& region : plan.code.regions) {
    const uint32_t begin = region.strands[0].first;
    if (begin < first || begin >= end) continue;
    if (region.alone) {
      made.push_back({true, begin, {}, {}, {}});
      continue;
    }
    double work = 0;
    uint32_t count = 0;
    for (const Strand& strand : region.strands) {
      work += strand.work;
      count += strand.count;
    }
    if (made.empty() || made.back().alone || since + work > longest_work) {
      made.push_back({false, 0, {}, {}, {}});
      since = 0;
    }
    since += work;
    Stretch& stretch = made.back();
    const uint32_t at = static_cast<uint32_t>(stretch.pieces.size());
    if (workers == 1 || work < team_work().shared) {
      if (at && stretch.tasks.back() == 1 && !stretch.pieces.back().parts) {  // goes on with the stage before
        stretch.pieces.back().count += count;
        continue;
      }
      stretch.at.push_back(at);
      stretch.pieces.push_back({begin, count, 0, 0, 0});
    } else {
      stretch.at.push_back(at);
      Shares(plan.code, region, workers, homes).append_to(stretch.pieces);
    }
    stretch.tasks.push_back(static_cast<int>(stretch.pieces.size() - at));
  }
  return made;
}

}  // namespace myelin
