// A product as every matmul kernel receives it, passed by value.
#pragma once
#include <stdint.h>

namespace myelin {
namespace cuda {

template <class T>
struct MatmulTask {
  const T *a, *b, *bias;  // bias [n], or null
  T* out;                 // [m,n]: the result
  T* z;                   // [m,n]: the value before the activation, or null
  T* partial;             // [splits,m,n] where the sum is cut (a later kernel adds and finishes), or null
  const uint32_t* skip;   // nothing is written if it is set and not 0; or null
  int64_t m, n, k;
  int64_t chunk;                  // steps of the sum for each split; whole tiles, so that splits keep the alignment
  int64_t stride_a, stride_b;     // elements between two rows of the array
  bool a_along_k;                 // a is [m,k] (contiguous along the sum), else [k,m]
  bool b_along_k;                 // b is [n,k], else [k,n]
  bool wide_a, wide_b, wide_out;  // 16-byte accesses: rows are whole packs and start on 16 bytes
  bool smooth;                    // the activation is neither none nor relu nor leakyRelu
  int32_t activation;             // index into the element-wise table, identity for none
  T slope;                        // the activation's number; 1 for none, which then is a leakyRelu
};

}  // namespace cuda
}  // namespace myelin
