// Decides which nodes share an instruction.
//
// 1. Aliases: a node that moves nothing (a reshape, a slice of everything) is its input.
// 2. Reads: an element-wise node looks through broadcasts at the smaller array behind them.
// 3. An op whose kernel has an epilogue takes a bias and an activation in.
// 4. Element-wise nodes of one size form groups. Every node gets a depth that grows by one along every edge that
//    cannot be fused; nodes of equal size, phase and depth may then share an instruction without making a cycle:
//    a path that leaves a group and comes back would have to grow. Nodes all of whose readers could fuse with them
//    first sink to the depth of the earliest reader (a mask that only backward reads moves there).
// 5. A number that the updates of several states read (the factor of a clipped norm) stays out of them all, those of
//    states with one element included: then all these updates have the same steps, and a device runs them in one
//    launch.
#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "code.h"
#include "core/ops/op.h"

namespace myelin {

int elementwise_index(const char* name, const KernelTable& table) {
  for (int i = 0; i < table.n_elementwise; i++) {
    if (!strcmp(name, table.elementwise[i].name)) return i;
  }
  throw GraphError("the backend has no element-wise op '" + std::string(name) + "'");
}

bool same_access(const FusedInput& a, const FusedInput& b) {
  return a.mode == b.mode && a.period == b.period && a.rank == b.rank && std::equal(a.dims, a.dims + a.rank, b.dims) &&
         std::equal(a.strides, a.strides + a.rank, b.strides);
}

namespace {

bool is_source(const Node& node) { return node.record->source != Source::none; }

// How element i of an array of shape `space` finds its element in an operand of shape `in`.
FusedInput access_of(const Shape& space, const Shape& in) {
  FusedInput access;
  memset(&access, 0, sizeof(access));
  const int64_t n = count_of(in);
  if (n == count_of(space)) {
    access.mode = load_full;
    access.period = 1;
    return access;
  }
  if (n == 1) {
    access.mode = load_scalar;
    access.period = 1;
    return access;
  }
  // Dimensions of the space with the operand's strides, neighbours joined where one step covers both.
  std::vector<std::pair<int64_t, int64_t>> dims;
  int64_t stride = 1;
  for (size_t d = 0; d < space.size(); d++) {
    const int64_t size = space[space.size() - 1 - d];
    const int64_t own = d < in.size() ? in[in.size() - 1 - d] : 1;
    if (size == 1) continue;
    const int64_t step = own == 1 ? 0 : stride;
    if (!dims.empty() && (step == 0 ? dims.back().second == 0
                                    : dims.back().second != 0 && step == dims.back().second * dims.back().first)) {
      dims.back().first *= size;
    } else {
      dims.push_back({size, step});
    }
    stride *= own;
  }
  std::reverse(dims.begin(), dims.end());  // outermost first
  if (dims.size() == 2 && dims[0].second == 0) {
    access.mode = load_row;
    access.period = dims[1].first;
  } else if (dims.size() == 2 && dims[1].second == 0) {
    access.mode = load_column;
    access.period = dims[1].first;
  } else {
    access.mode = load_strided;
    access.period = 1;
    access.rank = static_cast<int32_t>(dims.size());
    for (size_t d = 0; d < dims.size(); d++) {
      access.dims[d] = dims[d].first;
      access.strides[d] = dims[d].second;
    }
  }
  return access;
}

// Thread ownership: a local of fuse().
class Fuser {
 public:
  Fuser(const Graph& graph, PlanMode mode) : graph_(graph), fused_(mode == PlanMode::fused), n_(graph.nodes.size()) {}

  Fusion run() {
    find_aliases();
    find_reads();
    find_guards();
    find_phases();
    find_readers();
    unit_.resize(n_);
    std::iota(unit_.begin(), unit_.end(), 0);
    if (fused_) fuse_epilogues();
    make_groups();
    return std::move(f_);
  }

 private:
  const Node& node(uint32_t id) const { return graph_.nodes[id]; }
  int64_t count(uint32_t id) const { return count_[id]; }

  void find_aliases() {
    f_.root.resize(n_);
    elementwise_.resize(n_);
    count_.resize(n_);
    for (uint32_t id = 0; id < n_; id++) {
      count_[id] = count_of(node(id).shape);
      const auto moves_nothing = node(id).record->moves_nothing;
      f_.root[id] = fused_ && moves_nothing && moves_nothing(graph_, node(id)) ? f_.root[node(id).inputs[0]] : id;
      elementwise_[id] = f_.root[id] == id && node(id).record->element;
    }
  }

  // The node that an element-wise reader of shape `space` really reads.
  Read resolve(uint32_t operand, const Shape& space) const {
    FusedInput access = access_of(space, node(operand).shape);
    uint32_t id = f_.root[operand];
    while (fused_ && access.mode == load_full && node(id).record->sees_through) {
      operand = node(id).inputs[0];
      access = access_of(node(id).shape, node(operand).shape);
      id = f_.root[operand];
    }
    if (is_fill(node(id)) && count(id) > 1) {
      memset(&access, 0, sizeof(access));
      access.mode = load_scalar;
      access.period = 1;
    }
    return {id, access};
  }

  void find_reads() {
    f_.reads.resize(n_);
    for (uint32_t id = 0; id < n_; id++) {
      if (f_.root[id] != id) continue;
      for (const uint32_t operand : node(id).inputs) {
        Read read{f_.root[operand], {}};
        if (elementwise_[id]) read = resolve(operand, node(id).shape);
        f_.reads[id].push_back(read);
      }
    }
  }

  void find_guards() {
    for (const uint32_t id : graph_.guards) {
      const std::vector<uint32_t>& inputs = node(id).inputs;
      const bool squares = fused_ && node(id).op == "mul" && inputs[0] == inputs[1];
      f_.guards.push_back({squares ? inputs[0] : id, squares});
    }
  }

  void find_phases() {
    f_.phase.assign(n_, Phase::unused);
    f_.escapes.assign(n_, false);
    const auto need = [&](uint32_t id, Phase phase) {
      const uint32_t root = f_.root[id];
      f_.escapes[root] = true;
      f_.phase[root] = std::min(f_.phase[root], phase);
    };
    for (const auto* ids : {&graph_.fetches, &graph_.costs, &graph_.accumulators}) {
      for (const uint32_t id : *ids) need(id, Phase::compute);
    }
    for (const Guard& guard : f_.guards) need(guard.node, Phase::compute);
    for (const Update& update : graph_.updates) {
      need(update.value, Phase::update);
      if (update.rows != all_rows) need(update.rows, Phase::update);
    }
    for (uint32_t id = static_cast<uint32_t>(n_); id-- > 0;) {
      if (f_.phase[id] == Phase::unused) continue;
      for (const Read& read : f_.reads[id]) f_.phase[read.node] = std::min(f_.phase[read.node], f_.phase[id]);
    }
  }

  void find_readers() {
    readers_.resize(n_);
    for (uint32_t id = 0; id < n_; id++) {
      if (f_.phase[id] == Phase::unused) continue;
      for (const Read& read : f_.reads[id]) readers_[read.node].push_back(id);
    }
  }

  // One number for each element of the product's last axis?
  bool is_bias(const Read& read, uint32_t product) const {
    const int64_t n = node(product).shape.back(), m = count(product) / n;
    if (count(read.node) != n || (is_fill(node(read.node)) && n > 1)) return false;
    return (read.access.mode == load_row && read.access.period == n) || (m == 1 && read.access.mode == load_full) ||
           (n == 1 && read.access.mode == load_scalar);
  }

  void fuse_epilogues() {
    for (uint32_t product = 0; product < n_; product++) {
      if (!node(product).record->epilogue || f_.phase[product] == Phase::unused) continue;
      Unit unit{Unit::Kind::kernel, f_.phase[product], {product}};
      uint32_t z = product;
      if (!f_.escapes[z] && readers_[z].size() == 1) {
        const uint32_t sum = readers_[z][0];
        // A sum of two rows that are both products is the epilogue of the first; the other is its bias.
        const bool taken = products_.count(sum) != 0;
        const bool adds = node(sum).record->in_epilogue == InEpilogue::bias;
        if (!taken && adds && count(sum) == count(z) && f_.phase[sum] == unit.phase) {
          const auto& reads = f_.reads[sum];
          const Read& other = reads[reads[0].node == z ? 1 : 0];
          if (is_bias(other, product)) {
            unit.has_bias = true;
            unit.bias = other.node;
            unit.nodes.push_back(sum);
            z = sum;
          }
        }
      }
      for (const uint32_t reader : readers_[z]) {
        if (node(reader).record->in_epilogue == InEpilogue::activation && f_.phase[reader] == unit.phase) {
          unit.activation = true;
          unit.nodes.push_back(reader);
          break;
        }
      }
      // The unit stands where z stands: all its operands have smaller ids, all its readers greater ones.
      for (const uint32_t id : unit.nodes) {
        unit_[id] = z;
        elementwise_[id] = false;
      }
      products_[z] = std::move(unit);
    }
  }

  // Is this a number of the update phase that arrays read?
  bool feeds_updates(uint32_t id) const {
    return elementwise_[id] && count(id) == 1 && f_.phase[id] == Phase::update &&
           std::any_of(readers_[id].begin(), readers_[id].end(), [&](uint32_t reader) { return count(reader) != 1; });
  }

  // May `reader` share an instruction with `id`, which it reads?
  bool fusable(uint32_t id, uint32_t reader) const {
    return fused_ && elementwise_[id] && elementwise_[reader] && count(id) == count(reader) &&
           f_.phase[id] == f_.phase[reader] && !feeds_updates(id);
  }

  template <class Fn>
  void each_operand(uint32_t id, Fn fn) const {  // of the unit that stands at id
    const auto product = products_.find(id);
    if (product == products_.end()) {
      for (const Read& read : f_.reads[id]) fn(read.node);
    } else {
      for (const Read& read : f_.reads[product->second.nodes[0]]) fn(read.node);
      if (product->second.has_bias) fn(product->second.bias);
    }
  }

  bool computes(uint32_t id) const { return f_.phase[id] != Phase::unused && unit_[id] == id && !is_source(node(id)); }

  void find_depths() {
    depth_.assign(n_, 0);
    for (uint32_t id = 0; id < n_; id++) {
      if (!computes(id)) continue;
      each_operand(id, [&](uint32_t operand) {
        if (is_source(node(operand))) return;
        const uint32_t unit = unit_[operand];
        depth_[id] = std::max(depth_[id], depth_[unit] + (fusable(operand, id) ? 0 : 1));
      });
    }
    for (uint32_t id = static_cast<uint32_t>(n_); id-- > 0;) {
      if (!computes(id) || !elementwise_[id] || readers_[id].empty()) continue;
      uint32_t depth = UINT32_MAX;
      for (const uint32_t reader : readers_[id]) {
        depth = std::min(depth, fusable(id, reader) ? depth_[reader] : 0);
      }
      depth_[id] = std::max(depth_[id], depth);
    }
  }

  uint32_t find(uint32_t id) {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }
  void join(uint32_t a, uint32_t b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

  void make_groups() {
    find_depths();
    parent_.resize(n_);
    std::iota(parent_.begin(), parent_.end(), 0);
    // By phase and depth: scalar arithmetic is all overhead, so all of it shares.
    std::map<std::pair<Phase, uint32_t>, uint32_t> scalars;
    for (uint32_t id = 0; fused_ && id < n_; id++) {
      if (!computes(id) || !elementwise_[id]) continue;
      for (const Read& read : f_.reads[id]) {
        if (fusable(read.node, id) && computes(read.node) && depth_[read.node] == depth_[id]) join(read.node, id);
      }
      if ((count(id) == 1 && f_.phase[id] == Phase::compute) || feeds_updates(id)) {
        join(scalars.emplace(std::make_pair(f_.phase[id], depth_[id]), id).first->second, id);
      }
    }
    std::map<uint32_t, std::vector<uint32_t>> members;
    for (uint32_t id = 0; id < n_; id++) {
      if (!computes(id)) continue;
      const auto product = products_.find(id);
      if (product != products_.end()) {
        f_.units.push_back(product->second);
      } else if (elementwise_[id]) {
        members[find(id)].push_back(id);
      } else {
        f_.units.push_back({Unit::Kind::kernel, f_.phase[id], {id}});
      }
    }
    for (const auto& group : members) split(group.second);
  }

  // Cuts a group, in topological order, into pieces that fit an instruction.
  void split(const std::vector<uint32_t>& members) {
    Unit unit{Unit::Kind::group, f_.phase[members[0]], {}};
    std::set<uint32_t> inside;
    std::vector<Read> inputs;
    for (const uint32_t id : members) {
      for (int attempt = 0; attempt < 2; attempt++) {
        auto grown = inputs;
        for (const Read& read : f_.reads[id]) {
          const auto same = [&](const Read& other) {
            return other.node == read.node && same_access(other.access, read.access);
          };
          if (!inside.count(read.node) && std::none_of(grown.begin(), grown.end(), same)) grown.push_back(read);
        }
        if (unit.nodes.empty() || grown.size() + unit.nodes.size() + 1 <= max_fused_slots) {
          inputs = std::move(grown);
          break;
        }
        f_.units.push_back(unit);
        unit.nodes.clear();
        inside.clear();
        inputs.clear();
      }
      unit.nodes.push_back(id);
      inside.insert(id);
    }
    f_.units.push_back(unit);
  }

  const Graph& graph_;
  const bool fused_;
  const size_t n_;
  Fusion f_;
  std::vector<bool> elementwise_;  // may be a member of a group
  std::vector<int64_t> count_;
  std::vector<std::vector<uint32_t>> readers_;  // by node, once per read
  std::vector<uint32_t> unit_;                  // where the node's unit stands in the order
  std::map<uint32_t, Unit> products_;           // with an epilogue, by where they stand
  std::vector<uint32_t> depth_, parent_;
};

}  // namespace

Fusion fuse(const Graph& graph, PlanMode mode) { return Fuser(graph, mode).run(); }

}  // namespace myelin
