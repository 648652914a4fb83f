// What a kernel receives: plain data and function pointers only.
// Kernel sources are compiled once per instruction set, so this header must hold nothing that the
// compiler could emit as a shared (weak) symbol: no std types, no member functions, no templates.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace myelin {

constexpr int max_rank = 6;

// Every dtype of arrays, in the order of its code in encoded graphs: X(dtype, C type, name in JavaScript). A floating
// dtype of 16 bits (bf16, f16) would be a line here, with a type of 2 bytes that kernels convert from and to.
#define MYELIN_DTYPES(X) \
  X(f32, float, "float32") \
  X(f64, double, "float64") \
  X(i32, int32_t, "int32")
#define MYELIN_DTYPE(dtype, type, name) dtype,
enum class DType : uint8_t { MYELIN_DTYPES(MYELIN_DTYPE) };
#undef MYELIN_DTYPE

// The dtypes column of kernels.def: X(dtype, C type, …) for each dtype that the kernel has. Of the floats, the two that
// graphs compute in today; a 16-bit one would join them once their kernels take it.
#define MYELIN_EACH_floats(X, ...) X(f32, float, __VA_ARGS__) X(f64, double, __VA_ARGS__)
#define MYELIN_EACH_numbers(X, ...) MYELIN_EACH_floats(X, __VA_ARGS__) X(i32, int32_t, __VA_ARGS__)

// A dense row-major array. rank 0 is a scalar (one element).
struct View {
  void* data;
  int32_t rank;
  int64_t dims[max_rank];
  int64_t count;  // number of elements: the product of dims
  // Only where the attributes of a kernel speak of it: row i stands at place rows[i] of data. Null: at place i.
  const uint32_t* rows;
};

// What every random primitive of a step is keyed by.
struct StepKey {
  uint64_t seed;
  uint64_t step;  // global step number, counts from 1
};

// The thread pool as kernels see it. `run` calls fn(context, task, worker) once for every task in
// [0, tasks), worker in [0, workers). Kernels may split OUTPUT elements only: the bits of a result
// must not depend on `workers`.
struct Parallel {
  void* self;
  int workers;
  void (*run)(void* self, int tasks, void (*fn)(void* context, int task, int worker), void* context);
};

struct Call {
  const View* in;
  const View* out;
  int32_t n_in, n_out;
  const void* attrs;  // the kernel's struct of kernels.def; null for NoAttrs
  const StepKey* key;
  const Parallel* parallel;
  void* scratch;         // as many bytes as the kernel's ScratchFn asked for, 64-byte aligned
  const void* prepared;  // what the kernel's PrepareFn wrote for such calls; null: the kernel works it out anew
  // Device memory: the kernel writes nothing when this is set and not 0 (a step that must not be committed). Null
  // where the host decides, as on the CPU.
  const uint32_t* skip;
  // Every output cut into `parts` equal parts, in the order of its memory: only parts [first, end) are computed, with
  // the bits that a whole call gives them. 0: all of it. Only for kernels with a UnitsFn.
  int64_t parts, first, end;
};

typedef void (*KernelFn)(const Call* call);
// Bytes of scratch for a call (its data pointers are null at that time); null: none needed.
typedef size_t (*ScratchFn)(const Call* call, int workers);
// How many equal pieces, which are computed by themselves, an output of the call has, in the order of its memory:
// `parts` of a call must divide it. Null, or 0: the kernel computes everything or nothing.
typedef int64_t (*UnitsFn)(const Call* call);
// Writes what is the same for all calls that differ in addresses only, and returns its size; `memory` null: only the
// size. 64-byte aligned. Null: the kernel has nothing to prepare.
typedef size_t (*PrepareFn)(const Call* call, void* memory);

// ---- attributes -------------------------------------------------------------------------------

// What ops with an epilogue do to their result before it leaves the registers: out[0] = act(result + bias).
// has_bias: the last input is one number for each element of the last axis. activation: index into the element-wise
// table (a unary op) or -1. With n_out == 2, out[1] receives the value before the activation (z), which backward needs.
struct Epilogue {
  int32_t has_bias, activation;
  double activation_attr;
};

// "fused": element-wise steps, one after the other, over out[0].count elements.
// Slots: 0…n_in-1 are the inputs, further slots are temporaries; each step writes one new slot.
enum LoadMode : int32_t {
  load_full = 0,     // same shape: element i
  load_scalar = 1,   // one element
  load_row = 2,      // repeats every `period` elements: element i % period
  load_column = 3,   // each element stands for `period` consecutive ones: element i / period
  load_strided = 4,  // general broadcast: dims/strides of the output's index space
};
struct FusedInput {
  int32_t mode;
  int64_t period;
  int32_t rank;                               // for load_strided
  int64_t dims[max_rank], strides[max_rank];  // stride 0 where broadcast
};
struct FusedStep {
  int32_t op;            // index into the element-wise table
  int32_t dst, a, b, c;  // slots; b, c unused for unary ops
  double attr;           // e.g. the slope of leakyRelu
};
struct FusedOutput {
  int32_t slot;
  // 0: memory of its own. i + 1: that of input i, which is read element by element: written when nobody reads it any
  // more. -1: that of inputs that are read otherwise, too: written when the tile is finished.
  int32_t deferred;
};
// Inputs and steps together, as the core makes calls; a backend may refuse more.
constexpr int32_t max_fused_slots = 64;
struct FusedAttrs {
  int32_t n_inputs, n_steps, n_outputs, n_slots;
  const FusedInput* inputs;
  const FusedStep* steps;
  const FusedOutput* outputs;
};

struct NoAttrs {};
#define MYELIN_ATTRS(name, ...) \
  struct name { \
    __VA_ARGS__ \
  };
#include "kernels.def"

// ---- tables ---------------------------------------------------------------------------------

// One for each name and dtype. The dtype is the one that a call computes in; which of its arrays have it, kernels.def
// says.
struct KernelEntry {
  const char* name;
  DType dtype;
  KernelFn run;
  ScratchFn scratch;
  UnitsFn units;
  PrepareFn prepare;
  uint32_t attrs_bytes;  // of the struct that calls bring; 0: none
};
#define MYELIN_ATTRS_BYTES(attrs) (__is_empty(attrs) ? 0u : static_cast<uint32_t>(sizeof(attrs)))
// One element-wise op on contiguous runs of n elements of T. dst may equal a, b or c exactly.
typedef void (*ElementwiseFn)(void* dst, const void* a, const void* b, const void* c, int64_t n, double attr);
struct ElementwiseEntry {
  const char* name;
  int32_t arity;  // 1, 2 or 3
  ElementwiseFn f32, f64;
};
struct KernelTable {
  const char* isa;
  const KernelEntry* kernels;
  int32_t n_kernels;
  const ElementwiseEntry* elementwise;
  int32_t n_elementwise;
};

}  // namespace myelin
