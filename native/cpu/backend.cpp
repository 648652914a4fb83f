// The CPU: ordinary memory, and the kernels of the best instruction set that this processor has.
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#ifdef _WIN32
#include <malloc.h>
#endif

#include "core/device/backend.h"
#include "processor.h"

extern "C" {
const myelin::KernelTable* myelin_kernels_reference(void);
#if defined(__x86_64__)
const myelin::KernelTable* myelin_kernels_v2(void);
const myelin::KernelTable* myelin_kernels_v3(void);
const myelin::KernelTable* myelin_kernels_v4(void);
#elif defined(__aarch64__)
const myelin::KernelTable* myelin_kernels_aarch64(void);
#endif
}

namespace myelin {
namespace {

struct Isa {
  const char* name;
  bool supported;
  const KernelTable* (*kernels)();
};

// The best one first; scalar code, which runs everywhere, last.
Isa choose_isa() {
  [[maybe_unused]] const int level = x86_64_level();
  const Isa all[] = {
#if defined(__x86_64__)
    {"x86-64-v4", level >= 4, myelin_kernels_v4},
    {"x86-64-v3", level >= 3, myelin_kernels_v3},
    {"x86-64-v2", level >= 2, myelin_kernels_v2},
#elif defined(__aarch64__)
    {"aarch64", true, myelin_kernels_aarch64},
#endif
    {"reference", true, myelin_kernels_reference},
  };
  const char* wanted = std::getenv("MYELIN_ISA");
  std::string usable;
  for (const Isa& isa : all) {
    if (!isa.supported) continue;
    if (!wanted || !*wanted || !std::strcmp(wanted, isa.name)) return isa;
    usable += (usable.empty() ? "'" : ", '") + std::string(isa.name) + "'";
  }
  throw std::runtime_error("MYELIN_ISA: expected one that this processor can run, " + usable + ", got '" + wanted +
                           "'. Change the environment variable, or remove it for the best.");
}

// In whole cache lines and vectors; nullptr when there is no memory left.
void* aligned_memory(size_t bytes) {
  constexpr size_t alignment = 64;
#ifdef _WIN32
  return _aligned_malloc(bytes, alignment);
#else
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
#endif
}

class CpuBackend : public Backend {
 public:
  CpuBackend() : isa_(choose_isa()), table_(*isa_.kernels()) { table_.isa = isa_.name; }

  const char* name() const override { return "cpu"; }
  std::string describe() const override { return std::string("cpu (") + isa_.name + ")"; }

  void* allocate(size_t bytes) override {
    void* memory = aligned_memory(bytes > 0 ? bytes : 64);
    if (memory == nullptr) {
      throw OutOfMemory(bytes, "cpu: the system has no " + std::to_string(bytes) +
                                   " bytes of memory left; use smaller batches or dispose of tensors and models");
    }
    return memory;
  }
  void release(void* memory, size_t) override {
#ifdef _WIN32
    _aligned_free(memory);
#else
    std::free(memory);
#endif
  }
  void upload(void* to, const void* host, size_t bytes) override {
    if (bytes > 0) std::memcpy(to, host, bytes);
  }
  void download(void* host, const void* from, size_t bytes) override {
    if (bytes > 0) std::memcpy(host, from, bytes);
  }
  void copy(void* to, const void* from, size_t bytes) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
  }
  void clear(void* memory, size_t bytes) override {
    if (bytes > 0) std::memset(memory, 0, bytes);
  }
  const KernelTable& kernels() const override { return table_; }

 private:
  const Isa isa_;
  KernelTable table_;
};

}  // namespace

Backend& cpu_backend() {
  // Made at the first call, on any thread; stays until the process ends. A throw leaves it unmade.
  static CpuBackend backend;
  return backend;
}

}  // namespace myelin
