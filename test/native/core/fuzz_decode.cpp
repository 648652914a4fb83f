// Damaged encodings must be refused, never crash: random bytes, bits and lengths of valid graphs are changed, and
// what is still accepted is compiled in both modes and run. Build with MYELIN_SANITIZE=address for the full value.
// Arguments: rounds per graph (default 4000), seed (default 1). Deterministic. Exits with 1 on an unexpected error.
#include <cstdio>
#include <cstdlib>

#include "graphs.h"

using namespace myelin;

namespace {

constexpr int64_t most_elements = 1 << 16;  // larger survivors are compiled but not run

bool is_small(const PlanInfo& info) {
  int64_t elements = static_cast<int64_t>(info.arena_bytes / 4);
  for (const auto* shapes : {&info.inputs, &info.states, &info.fetches, &info.accumulators}) {
    for (const Shape& shape : *shapes) {
      if (count_of(shape) > most_elements) return false;
      elements += count_of(shape);
    }
  }
  return elements <= most_elements;
}

void run_once(const PlanPtr& plan) {
  const PlanInfo& i = info(*plan);
  if (!is_small(i)) return;
  RunRequest request;
  request.plan = plan;
  for (size_t slot = 0; slot < i.states.size(); slot++) {
    request.states.push_back(std::make_shared<Buffer>(cpu_backend(), i.state_dtypes[slot], count_of(i.states[slot])));
  }
  for (size_t slot = 0; slot < i.inputs.size(); slot++) {
    request.inputs.push_back(std::make_shared<Buffer>(cpu_backend(), i.input_dtypes[slot], count_of(i.inputs[slot])));
  }
  if (i.n_hypers > 1000) return;
  request.hyper.assign(i.n_hypers, 0.5);
  run(request, nullptr, nullptr);
}

void damage(std::vector<uint8_t>& bytes, graphs::Random& random) {
  const uint64_t changes = 1 + random.below(4);
  for (uint64_t i = 0; i < changes && !bytes.empty(); i++) {
    const size_t at = random.below(bytes.size());
    switch (random.below(6)) {
      case 0: bytes[at] = static_cast<uint8_t>(random.next()); break;
      case 1: bytes[at] ^= static_cast<uint8_t>(1u << random.below(8)); break;
      case 2: bytes[at] = static_cast<uint8_t>(random.below(4)); break;  // small numbers stay plausible
      case 3: bytes.resize(at); break;
      case 4: bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<uint8_t>(random.next())); break;
      case 5: {
        const size_t n = std::min<size_t>(bytes.size() - at, 1 + random.below(8));
        const size_t from = random.below(bytes.size() - n + 1);
        memmove(&bytes[at], &bytes[from], n);
        break;
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long rounds = argc > 1 ? atol(argv[1]) : 4000;
  graphs::Random random{argc > 2 ? static_cast<uint64_t>(atol(argv[2])) : 1};
  std::vector<std::vector<uint8_t>> originals = {graphs::adam_step(0).encode(), graphs::adam_step(1).encode(),
                                                 graphs::embedding_step(0).encode()};
  for (uint64_t seed = 1; seed <= 6; seed++) originals.push_back(graphs::random_graph(seed, seed % 2).encode());
  long accepted = 0, refused = 0;
  for (const auto& original : originals) {
    for (long i = 0; i < rounds; i++) {
      std::vector<uint8_t> bytes = original;
      damage(bytes, random);
      try {
        for (const PlanMode mode : {PlanMode::fused, PlanMode::plain}) {
          run_once(compile(bytes.data(), bytes.size(), mode, cpu_backend()));
        }
        accepted++;
      } catch (const GraphError&) {
        refused++;
      } catch (const OutOfMemory&) {
        refused++;
      } catch (const std::exception& error) {
        printf("unexpected error: %s\n", error.what());
        return 1;
      }
    }
  }
  printf("%ld damaged graphs refused, %ld still valid\n", refused, accepted);
  return refused > 0 && accepted > 0 ? 0 : 1;
}
