// What stands for kernel<<<grid, block, bytes, stream>>>(arguments...).
#pragma once
#include <memory>
#include <tuple>
#include <utility>

#include "host.h"
#include "types.h"

namespace emu {

struct Grid {
  const void* kernel;  // identifies it, for cudaFuncSetAttribute
  dim3 blocks, threads;
  size_t shared_bytes;
  std::shared_ptr<const void> arguments;
  void (*run)(const void* arguments);  // one thread
};

// Checks the configuration and puts the grid on the stream. What is wrong is what cudaGetLastError says next.
void enqueue(cudaStream_t stream, Grid grid);

template <class... P, class... A>
void launch(void (*kernel)(P...), dim3 blocks, dim3 threads, size_t shared_bytes, cudaStream_t stream,
            A&&... arguments) {
  static_assert((size_t(0) + ... + sizeof(P)) <= 32764, "parameters of a kernel are limited to 32764 bytes");
  struct Bound {
    void (*kernel)(P...);
    std::tuple<P...> arguments;
  };
  Grid grid;
  grid.kernel = reinterpret_cast<const void*>(kernel);
  grid.blocks = blocks;
  grid.threads = threads;
  grid.shared_bytes = shared_bytes;
  grid.arguments = std::make_shared<Bound>(Bound{kernel, std::tuple<P...>(std::forward<A>(arguments)...)});
  grid.run = [](const void* bound) {
    std::apply(static_cast<const Bound*>(bound)->kernel, static_cast<const Bound*>(bound)->arguments);
  };
  enqueue(stream, std::move(grid));
}

}  // namespace emu
