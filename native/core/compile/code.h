// What a graph becomes on its way to a plan: instructions over values. Internal to the core.
//
//   Graph ──fuse──▶ Fusion (who shares an instruction) ──lower, updates──▶ Code ──schedule──▶ regions ──place──▶ Plan
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/device/backend.h"
#include "core/graph/graph.h"
#include "plan.h"

namespace myelin {

// When within a step something happens.
enum class Phase : uint8_t {
  compute,  // all that fetches, costs, guards and accumulators need; may end the step
  record,   // the step is certain: totals are added while the states still hold their old values
  update,   // what only the new states need; cannot fail
  unused
};

// ---- fusion -----------------------------------------------------------------------------------

// One operand of a node: the node that holds its elements and how an element-wise reader indexes them.
struct Read {
  uint32_t node;
  FusedInput access;
};

// Nodes that become one instruction.
struct Unit {
  enum class Kind { kernel, group };  // one node with its epilogue; element-wise nodes
  Kind kind;
  Phase phase;
  std::vector<uint32_t> nodes;  // ascending; kernel: the node[, the addition of the bias][, the activation]
  // kernel only
  bool has_bias = false;
  uint32_t bias = 0;        // the node that holds it
  bool activation = false;  // the last of `nodes` is one
};

// What must be finite: a node, or the squares of its elements, which then need no memory.
struct Guard {
  uint32_t node;
  bool squares;
};

struct Fusion {
  std::vector<uint32_t> root;            // by node: the node whose memory holds it (itself unless an alias)
  std::vector<Phase> phase;              // by node: the earliest that needs it
  std::vector<std::vector<Read>> reads;  // by node
  std::vector<bool> escapes;             // by node: a fetch, guard, cost, accumulator or update names it (by its root)
  std::vector<Guard> guards;             // in the order of the graph's
  std::vector<Unit> units;               // of all nodes that compute something
};

bool same_access(const FusedInput& a, const FusedInput& b);
Fusion fuse(const Graph& graph, PlanMode mode);

int elementwise_index(const char* name, const KernelTable& table);  // throws GraphError if it is not there

// ---- code -------------------------------------------------------------------------------------

enum class Place : uint8_t { arena, constant, state, input, hyper, fetch, accumulator, flag };

struct Value {
  Place place;
  DType dtype = DType::f32;  // of its elements; of flags and totals, which have types of their own, nothing
  uint32_t slot = 0;         // state, input, hyper, fetch, accumulator: which one
  int64_t count = 1;
  size_t bytes = 0;
  size_t offset = 0;     // arena, constant, accumulator
  bool source = false;   // what the step finds: its readers want it as it was before any write
  bool by_rows = false;  // an input all of whose readers take it by row numbers, so that its rows need not be gathered
};

struct Operand {
  uint32_t value;
  Shape shape;
};

struct FusedSteps {
  std::vector<FusedInput> inputs;
  std::vector<FusedStep> steps;
  std::vector<FusedOutput> outputs;
  FusedAttrs attrs;  // points into the vectors once link() was called and the steps do not move any more
  void link();
};

struct Instruction {
  const KernelEntry* kernel;
  Phase phase;
  std::vector<Operand> in, out;
  std::vector<uint8_t> attrs;         // what the kernel takes, as the op's record made it …
  std::unique_ptr<FusedSteps> fused;  // … or, for the core's own kernel of this name, this
  std::string text;                   // one readable line
  uint32_t key = 0;                   // the place in the graph it belongs to: earlier ones run first where they may
  std::vector<uint32_t> after;        // instructions that must run before, beyond those that make its inputs
  double work = 0;                    // about how many element-wise steps it is
  // By operand, of other instructions than fused ones: whether rows of the outputs (what an index of the first axis
  // covers) need only the same rows of it.
  std::vector<bool> follows;
  int32_t by_rows = 0;  // as in Lowered
  size_t by_rows_at = 0;
};

// What the threads of a run take, at most, before their leader looks up: whether the run was cancelled, whether
// somebody waits for the pool. Element-wise steps: about 5 ms of one core.
constexpr double longest_work = 2e7;

// See regions.cpp.
struct Strand {
  int64_t parts = 1;
  uint32_t first = 0, count = 0;  // its instructions
  double work = 0;
};
struct Region {
  bool alone = false;  // one instruction, which shares its work out by itself
  std::vector<Strand> strands;
};

struct Code {
  std::vector<Value> values;
  std::vector<Instruction> instructions;
  std::vector<uint8_t> constants;
  std::vector<uint32_t> costs;         // values
  std::vector<uint32_t> node_value;    // by node: the value that holds it, or no_value
  size_t n_compute = 0, n_record = 0;  // the instructions of each phase stand together, in order
  std::vector<Region> regions;         // of all instructions, in order; none reaches over the end of a phase
  std::vector<bool> is_alone;          // by instruction: in its region
  size_t arena_bytes = 0;
  size_t accumulator_bytes = 0;
};
constexpr uint32_t no_value = UINT32_MAX;

const KernelEntry* find_kernel(const KernelTable& table, const char* name, DType dtype);

// Instructions without order or memory.
Code lower(const Graph& graph, const Fusion& fusion, PlanMode mode, const KernelTable& table);
// Lets updates write their states: in place where every other reader of the state can run before, else by a copy; rows
// by an instruction that follows all readers.
struct StateWrite {
  Operand value;  // the new contents
  Operand state;  // the state's memory
  // Where the new contents are rows of the state: their numbers, the kernel that writes them, and that which copies
  // the numbers. Else null.
  Operand rows = {};
  const KernelEntry *set_rows = nullptr, *copy_rows = nullptr;
  const KernelEntry* copy = nullptr;  // in the state's dtype
  std::string text;                   // label and shape
};
void write_updates(Code& code, std::vector<StateWrite> writes, PlanMode mode);
// Finds inputs that products alone read, and tells these that the rows may be anywhere.
void read_by_rows(Code& code, const Graph& graph);
// That one instruction must run before another: because that reads its value, or for another reason.
struct Order {
  uint32_t first, second;
  bool by_value;
  uint32_t value;
};
// Puts the instructions in order: by phase, then operands first, then equal updates together, then by key.
std::vector<Order> schedule(Code& code);
// Gathers instructions into regions, and puts them in the order of these …
void form_regions(Code& code, const std::vector<Order>& orders);
// … or every instruction into one of its own.
void stand_alone(Code& code);
// Whether one of `parts` parts of the instruction's outputs needs only the same part of the value, wherever it reads
// it.
bool reads_part(const Code& code, const Instruction& instruction, uint32_t value, int64_t parts);
View view_of(const Operand& operand);
// The call of an instruction, without addresses; its views stand in `views`.
Call call_of(const Instruction& instruction, std::vector<View>& views);
// Gives every arena value its offset; fused instructions write over operands that end with them. Marks outputs that
// lie on an input as deferred.
void place_values(Code& code, PlanMode mode);

constexpr size_t alignment = 64;
inline size_t aligned(size_t bytes) { return (bytes + alignment - 1) & ~(alignment - 1); }

}  // namespace myelin
