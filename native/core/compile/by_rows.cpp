// Batches that need not be put together: a product packs the rows of its operands anyway, and can fetch them from where
// they are in the data.
#include <cstring>

#include "code.h"

namespace myelin {

void read_by_rows(Code& code, const Graph& graph) {
  std::vector<bool> possible(code.values.size(), false), read(code.values.size(), false);
  for (size_t id = 0; id < code.values.size(); id++) possible[id] = code.values[id].place == Place::input;
  for (const Instruction& instruction : code.instructions) {
    for (size_t k = 0; k < instruction.in.size(); k++) {
      const bool takes_rows = k < 31 && (instruction.by_rows >> k & 1) != 0;
      const uint32_t id = instruction.in[k].value;
      read[id] = true;
      if (!possible[id]) continue;
      // A reader may see the array in another shape, whose rows are not those that are gathered.
      const Shape &seen = instruction.in[k].shape, &gathered = graph.inputs[code.values[id].slot].shape;
      possible[id] = takes_rows && !seen.empty() && !gathered.empty() && seen[0] == gathered[0];
    }
  }
  for (const uint32_t id : code.costs) possible[id] = false;
  for (size_t id = 0; id < code.values.size(); id++) code.values[id].by_rows = possible[id] && read[id];
  for (Instruction& instruction : code.instructions) {
    int32_t by_rows = 0;
    for (size_t k = 0; k < instruction.in.size() && k < 31; k++) {
      if (code.values[instruction.in[k].value].by_rows) by_rows |= 1 << k;
    }
    if (by_rows) memcpy(instruction.attrs.data() + instruction.by_rows_at, &by_rows, sizeof by_rows);
  }
}

}  // namespace myelin
