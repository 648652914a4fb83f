// Arrays that products of a region read, in panels: packed once for all rows of the batch, before the region, where
// every part of a product would have to pack them for itself.
#include <cstring>
#include <map>

#include "code.h"

namespace myelin {

void pack_operands(Code& code, const KernelTable& table, DType dtype) {
  const int64_t columns = table.panel_columns[dtype == DType::f64];
  if (!columns) return;
  std::map<std::pair<uint32_t, int32_t>, uint32_t> packed;  // by value and transposed
  std::vector<Instruction> made;
  for (Instruction& instruction : code.instructions) {
    if (!instruction.packable || instruction.phase != Phase::compute || is_large(code, instruction)) continue;
    const Packable& packable = *instruction.packable;
    const PanelAttrs& attrs = packable.attrs;
    Operand& operand = instruction.in[packable.operand];
    // What the step computes itself would end a region, to be packed before the next.
    const Value from = code.values[operand.value];
    if (from.place != Place::state && from.place != Place::constant) continue;
    uint32_t& value = packed.emplace(std::make_pair(operand.value, attrs.transposed), no_value).first->second;
    const Shape shape = {(attrs.n + columns - 1) / columns, attrs.k, columns};
    if (value == no_value) {
      Value panels{Place::arena, from.dtype};
      panels.count = count_of(shape);
      panels.bytes = static_cast<size_t>(panels.count) * size_of(from.dtype);
      value = static_cast<uint32_t>(code.values.size());
      code.values.push_back(panels);
      Instruction pack;
      pack.kernel = find_kernel(table, "packPanels", dtype);
      pack.phase = Phase::compute;
      pack.attrs = to_bytes(attrs);
      pack.work = 2 * static_cast<double>(attrs.k * attrs.n);
      pack.text = "pack " + to_text(operand.shape) + (attrs.transposed ? "ᵀ" : "");
      pack.in.push_back(operand);
      pack.follows = {false};
      pack.out.push_back({value, shape});
      made.push_back(std::move(pack));
    }
    operand = {value, shape};
    const int32_t set = 1;
    memcpy(instruction.attrs.data() + packable.flag, &set, sizeof set);
  }
  for (Instruction& pack : made) code.instructions.push_back(std::move(pack));
}

}  // namespace myelin
