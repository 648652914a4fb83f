// A captured graph: what its launches did, in their order. Internal to the runtime.
#pragma once
#include <functional>
#include <vector>

namespace emu {
using Operations = std::vector<std::function<void()>>;
}

struct CUgraph_st {
  emu::Operations operations;
};
