// Changed copies of images for training: flipped, turned, shifted, enlarged, distorted. Every image is a function of
// (seed, pass, its row number) alone, so the bits depend neither on threads nor on how a pass is cut into batches.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "core/device/buffer.h"

namespace myelin {

// What happens to one image, read from the result backwards: a pixel of the result comes from this place.
struct ImageMotion {
  bool flip = false;
  double degrees = 0;                  // counter-clockwise; multiples of 90 are exact
  double down = 0, right = 0;          // pixels
  double zoom = 1;                     // share of the image that is enlarged to the whole
  double off_down = 0, off_right = 0;  // of the middle of that share, pixels
};

// What may happen: how far an image is changed at most.
struct Augmentation {
  int64_t height = 0, width = 0, channels = 1;
  bool planar = false;    // all of one channel, then the next; else the channels of a pixel side by side
  double flip = 0;        // chance
  double crop = 1;        // zoom of every image, at a random place
  double degrees = 0;     // either way
  int64_t shift = 0;      // whole pixels, in all directions
  double strength = 0;    // elastic distortion: pixels a pixel moves at most …
  double smoothness = 6;  // … and the spacing of the lattice of random vectors, in pixels, at least 1

  int64_t size() const { return height * width * channels; }
};

struct AugmentRequest {
  Augmentation how;
  const ImageMotion* same = nullptr;  // every image is moved like this, nothing is drawn
  BufferPtr images;                   // [N, size()], in the CPU's memory
  std::vector<BufferPtr> beside;      // [N, …]: labels and weights, whose rows are taken along as they are
  std::vector<uint32_t> rows;         // which of the N, in this order
  uint64_t seed = 0;
  uint32_t pass = 0;       // number of the epoch
  uint64_t first_row = 0;  // number of row 0 in the whole data set
  Backend* to = nullptr;   // where the results live
};

// New buffers [rows, …]: the changed images, then the rows of everything beside; none where `cancel` was set
// meanwhile. Leads the shared pool from the calling thread. Throws GraphError on a request that does not fit its
// buffers, OutOfMemory, DeviceFailure.
std::vector<BufferPtr> augment(const AugmentRequest& request, const std::atomic<bool>* cancel);

}  // namespace myelin
