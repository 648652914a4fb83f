// "packPanels": the second operand of products in the order in which their tiles read it, for products that share it.
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/units.h"
#ifdef MYELIN_REFERENCE
#include "cpu/kernels/reference.h"
#else
#include "cpu/kernels/parallel.h"
#include "matmul_pack.h"
#endif

MYELIN_BEGIN

HD const PanelAttrs& attrs_of(const Call* call) { return *static_cast<const PanelAttrs*>(call->attrs); }

#ifdef MYELIN_REFERENCE

// Panels of one column.
template <class S>
int32_t columns_of() {
  return 1;
}

template <class S>
void pack_panels(const Call* call) {
  const PanelAttrs& a = attrs_of(call);
  for (int64_t j = 0; j < a.n; j++) {
    for (int64_t q = 0; q < a.k; q++) {
      data_of<S>(call->out[0])[j * a.k + q] = data_of<S>(call->in[0])[a.transposed ? j * a.k + q : q * a.n + j];
    }
  }
}

#else

template <class S>
int32_t columns_of() {
  return tile_vectors * Lanes<typename Vector<S>::Type>::count;
}

template <class S>
void pack_panels(const Call* call) {
  const PanelAttrs& a = attrs_of(call);
  const int64_t width = columns_of<S>();
  const S* b = static_cast<const S*>(call->in[0].data);
  S* out = static_cast<S*>(call->out[0].data);
  for_part(call, divide_up(a.n, width), 1, a.k * a.n, [&](int64_t begin, int64_t end, int) {
    for (int64_t panel = begin; panel < end; panel++) {
      const int64_t j = panel * width;
      const int columns = static_cast<int>(smaller(width, a.n - j));
      if (a.transposed) {
        pack_b_transposed(b + j * a.k, a.k, a.k, columns, out + j * a.k);
      } else {
        pack_b_plain(b + j, a.n, a.k, columns, out + j * a.k);
      }
    }
  });
}

#endif

int64_t panel_units(const Call* call) { return whole_units(call->out[0].dims[0]); }

MYELIN_END

MYELIN_DEFINE_KERNEL(packPanels, pack_panels)
MYELIN_DEFINE_UNITS(packPanels, panel_units)

namespace myelin {
namespace MYELIN_TARGET {
int32_t panel_columns_f32() { return columns_of<float>(); }
int32_t panel_columns_f64() { return columns_of<double>(); }
}  // namespace MYELIN_TARGET
}  // namespace myelin
