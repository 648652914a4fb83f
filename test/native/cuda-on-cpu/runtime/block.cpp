#include "block.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../include/stand_in/device.h"
#include "fiber.h"
#include "sanitizers.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emu {

namespace {

enum class State : uint8_t { ready, barrier, warp, returned };

struct Thread {
  std::unique_ptr<Fiber> fiber;
  uint3 index;
  State state;
  // What it waits for, and where.
  const char* file;
  int line;
  Vote vote;
  WarpOp op;
  unsigned mask;
  uint64_t value;
  int argument, width;
  uint64_t result;
  uint64_t barriers;  // passed
};

// Orders what lanes did before __syncwarp(mask) and after, for the race detector. Two keys that alternate: with one,
// what a fast lane releases at the next one would hide races of a slow lane.
struct WarpKeys {
  char keys[2];
  uint64_t passed[32];
};

struct Block {
  const Grid* grid;
  void* shared;
  Order* order;
  int count;  // threads
  std::vector<Thread> threads;
  int current;
  // Random order only: the threads that can go on by warp, and the warps that have some.
  std::vector<std::vector<int>> ready;
  std::vector<int> ready_warps;
  int at_barrier, returned;
  int vote_sum;
  int vote_result;
  char begin_key, end_key, barrier_keys[2];
  std::vector<std::map<unsigned, WarpKeys>> warp_keys;
};
Block block;

bool same_place(const Thread& a, const Thread& b) { return a.line == b.line && std::strcmp(a.file, b.file) == 0; }

void make_ready(int t) {
  block.threads[t].state = State::ready;
  if (block.order->kind != Order::Kind::random) return;
  std::vector<int>& lanes = block.ready[t / 32];
  if (lanes.empty()) block.ready_warps.push_back(t / 32);
  lanes.push_back(t);
}

std::string place(const Thread& t) {
  static const char* const ops[] = {"__syncwarp",      "__shfl_sync",   "__shfl_up_sync",  "__shfl_down_sync",
                                    "__shfl_xor_sync", "__ballot_sync", "__match_any_sync"};
  char text[512];
  const char* what = t.state == State::warp ? ops[static_cast<int>(t.op)] : "__syncthreads";
  switch (t.state) {
    case State::ready: return "has not stopped";
    case State::returned: return "has returned";
    case State::barrier: std::snprintf(text, sizeof text, "waits in %s at %s:%d", what, t.file, t.line); return text;
    default:
      std::snprintf(text, sizeof text, "waits in %s, mask 0x%08x, at %s:%d", what, t.mask, t.file, t.line);
      return text;
  }
}

// Ends the program, as a kernel that hangs ends a device. One line for every place where threads stand.
[[noreturn]] void die(const char* problem) {
  std::fprintf(stderr, "stand-in CUDA runtime: %s\n  grid (%u,%u,%u), block (%u,%u,%u) of %u x %u x %u threads\n",
               problem, gridDim.x, gridDim.y, gridDim.z, blockIdx.x, blockIdx.y, blockIdx.z, blockDim.x, blockDim.y,
               blockDim.z);
  std::vector<std::pair<std::string, std::pair<int, int>>> groups;  // place; first thread, number of threads
  for (int t = 0; t < block.count; t++) {
    const std::string text = place(block.threads[t]);
    size_t g = 0;
    while (g < groups.size() && groups[g].first != text) g++;
    if (g == groups.size()) groups.push_back({text, {t, 0}});
    groups[g].second.second++;
  }
  for (const auto& group : groups) {
    const uint3 i = block.threads[group.second.first].index;
    std::fprintf(stderr, "  thread (%u,%u,%u)", i.x, i.y, i.z);
    if (group.second.second > 1) std::fprintf(stderr, " and %d more", group.second.second - 1);
    std::fprintf(stderr, ": %s\n", group.first.c_str());
  }
  std::fflush(stderr);
  std::abort();
}

void pass_barrier() {
  const Thread* first = nullptr;
  for (int t = 0; t < block.count; t++) {
    const Thread& thread = block.threads[t];
    if (!first) first = &thread;
    if (!same_place(thread, *first) || thread.vote != first->vote) {
      die("threads of one block stand at different __syncthreads()");
    }
  }
  block.vote_result = first->vote == Vote::count  ? block.vote_sum
                      : first->vote == Vote::any  ? block.vote_sum > 0
                      : first->vote == Vote::none ? 0
                                                  : block.vote_sum == block.count;
  block.vote_sum = 0;
  block.at_barrier = 0;
  for (int t = 0; t < block.count; t++) make_ready(t);
}

bool in_warp(int t) { return t < block.count; }

// Segments as in the documentation of the shuffles; a value nobody gives is all ones, which is NaN.
uint64_t shuffled(const Thread& thread, int warp_begin, int lane) {
  const int begin = lane & ~(thread.width - 1), end = begin + thread.width;
  int from = lane;
  switch (thread.op) {
    case WarpOp::shuffle: from = begin + (thread.argument & (thread.width - 1)); break;
    case WarpOp::up: from = lane - thread.argument < begin ? lane : lane - thread.argument; break;
    case WarpOp::down: from = lane + thread.argument >= end ? lane : lane + thread.argument; break;
    default: from = (lane ^ thread.argument) >= end ? lane : lane ^ thread.argument; break;
  }
  const int source = warp_begin + from;
  const bool gives = in_warp(source) && (thread.mask >> from & 1) && block.threads[source].state != State::returned;
  return gives ? block.threads[source].value : ~uint64_t{0};
}

// Lets the lanes go with which `t` waits, if all of them are there. Lanes that have returned or never were do not
// count.
void try_warp(int t) {
  const Thread& mine = block.threads[t];
  const int begin = t & ~31;
  for (int lane = 0; lane < 32; lane++) {
    if (!(mine.mask >> lane & 1) || !in_warp(begin + lane)) continue;
    const Thread& other = block.threads[begin + lane];
    if (other.state == State::returned) continue;
    if (other.state != State::warp || other.mask != mine.mask) return;
    if (other.op != mine.op || !same_place(other, mine)) {
      die("lanes of one warp stand at different warp operations with the same mask");
    }
  }
  unsigned ballot = 0;
  const auto takes_part = [&](int lane) {
    return (mine.mask >> lane & 1) && in_warp(begin + lane) && block.threads[begin + lane].state == State::warp;
  };
  for (int lane = 0; lane < 32; lane++) {
    if (takes_part(lane) && block.threads[begin + lane].value != 0) ballot |= 1u << lane;
  }
  for (int lane = 0; lane < 32; lane++) {
    if (!takes_part(lane)) continue;
    Thread& thread = block.threads[begin + lane];
    if (thread.op == WarpOp::ballot) {
      thread.result = ballot;
    } else if (thread.op == WarpOp::match) {
      thread.result = 0;
      for (int other = 0; other < 32; other++) {
        if (takes_part(other) && block.threads[begin + other].value == thread.value) thread.result |= 1u << other;
      }
    } else if (thread.op != WarpOp::sync) {
      thread.result = shuffled(thread, begin, lane);
    }
  }
  const unsigned mask = mine.mask;
  for (int lane = 0; lane < 32; lane++) {
    if ((mask >> lane & 1) && in_warp(begin + lane) && block.threads[begin + lane].state == State::warp) {
      make_ready(begin + lane);
    }
  }
}

// What a fiber runs: one thread.
void thread_body() {
  const int t = block.current;
  acquire(&block.begin_key);
  block.grid->run(block.grid->arguments.get());
  release(&block.end_key);
  block.threads[t].state = State::returned;
  block.returned++;
  // Its warp may have waited for it alone.
  const int begin = t & ~31;
  for (int other = begin; other < begin + 32 && in_warp(other); other++) {
    if (block.threads[other].state == State::warp) try_warp(other);
  }
}

void run_thread(int t) {
  block.current = t;
  threadIdx = block.threads[t].index;
  block.threads[t].fiber->resume();
}

// Runs one of the threads of a warp that can go on.
void run_any_of(int warp) {
  std::vector<int>& lanes = block.ready[warp];
  std::swap(lanes[block.order->below(lanes.size())], lanes.back());
  const int t = lanes.back();
  lanes.pop_back();
  if (lanes.empty()) {
    std::vector<int>& warps = block.ready_warps;
    warps.erase(std::find(warps.begin(), warps.end(), warp));
  }
  run_thread(t);  // which may make others ready, of this warp too
}

// In half of the blocks any thread may be next, so that all warps advance together; in the others a warp goes on as
// long as it can, so that warps get as far apart as barriers let them.
void run_in_random_order() {
  const bool apart = block.order->below(2) == 0;
  while (!block.ready_warps.empty()) {
    const int warp = block.ready_warps[block.order->below(block.ready_warps.size())];
    do {
      run_any_of(warp);
    } while (apart && !block.ready[warp].empty());
  }
}

// One warp after the other, each as far as it can go.
void run_in_turn(bool forward) {
  const int warps = (block.count + 31) / 32;
  for (bool progress = true; progress;) {
    progress = false;
    for (int w = 0; w < warps; w++) {
      const int begin = (forward ? w : warps - 1 - w) * 32;
      for (bool warp_progress = true; warp_progress;) {
        warp_progress = false;
        for (int k = 0; k < 32; k++) {
          const int t = begin + (forward ? k : 31 - k);
          if (!in_warp(t) || block.threads[t].state != State::ready) continue;
          run_thread(t);
          progress = warp_progress = true;
        }
      }
    }
  }
}

}  // namespace

int barrier(Vote vote, int predicate, const char* file, int line) {
  Thread& thread = block.threads[block.current];
  thread.state = State::barrier;
  thread.vote = vote;
  thread.file = file;
  thread.line = line;
  block.vote_sum += predicate != 0;
  char* key = &block.barrier_keys[thread.barriers++ & 1];
  release(key);
  if (++block.at_barrier == block.count) pass_barrier();
  Fiber::pause();
  acquire(key);
  return block.vote_result;
}

uint64_t warp(WarpOp op, unsigned mask, uint64_t value, int argument, int width, const char* file, int line) {
  const int t = block.current, lane = t & 31;
  Thread& thread = block.threads[t];
  thread.op = op;
  thread.mask = mask;
  thread.value = value;
  thread.argument = argument;
  thread.width = width;
  thread.file = file;
  thread.line = line;
  thread.state = State::warp;
  if (!(mask >> lane & 1)) die("a lane calls a warp operation whose mask leaves it out");
  if (width < 1 || width > 32 || (width & (width - 1)) != 0)
    die("the width of a shuffle must be a power of two up to 32");
  // Only __syncwarp orders memory; a shuffle moves its value and nothing else.
  char* key = nullptr;
  if (watches_races && op == WarpOp::sync) {
    WarpKeys& keys = block.warp_keys[t / 32][mask];
    key = &keys.keys[keys.passed[lane]++ & 1];
    release(key);
  }
  try_warp(t);
  Fiber::pause();
  if (key) acquire(key);
  return block.threads[t].result;
}

unsigned live_lanes() {
  const int begin = block.current & ~31;
  unsigned lanes = 0;
  for (int lane = 0; lane < 32 && in_warp(begin + lane); lane++) {
    if (block.threads[begin + lane].state != State::returned) lanes |= 1u << lane;
  }
  return lanes;
}

void* dynamic_shared() { return block.shared; }

void run_block(const Grid& grid, uint3 index, void* shared, Order& order) {
  block.grid = &grid;
  block.shared = shared;
  block.order = &order;
  block.count = static_cast<int>(grid.threads.x * grid.threads.y * grid.threads.z);
  block.at_barrier = block.returned = block.vote_sum = 0;
  block.ready.assign((block.count + 31) / 32, {});
  block.ready_warps.clear();
  blockIdx = index;
  blockDim = grid.threads;
  gridDim = grid.blocks;
  if (block.threads.size() < static_cast<size_t>(block.count)) block.threads.resize(block.count);
  if (watches_races) block.warp_keys.assign((block.count + 31) / 32, {});
  for (int t = 0; t < block.count; t++) {
    Thread& thread = block.threads[t];
    if (!thread.fiber) thread.fiber = std::make_unique<Fiber>(thread_body);
    const unsigned x = grid.threads.x, y = grid.threads.y, n = static_cast<unsigned>(t);
    thread.index = {n % x, n / x % y, n / (x * y)};
    thread.barriers = 0;
    thread.file = "";
    thread.line = 0;
    make_ready(t);
  }
  release(&block.begin_key);
  if (order.kind == Order::Kind::random) {
    run_in_random_order();
  } else {
    run_in_turn(order.kind == Order::Kind::forward);
  }
  if (block.returned != block.count) die("the threads of a block wait for each other for ever");
  acquire(&block.end_key);
}

}  // namespace emu
