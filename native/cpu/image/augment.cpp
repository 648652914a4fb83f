#include "augment.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/graph/graph.h"
#include "core/run/float_control.h"
#include "core/run/pool.h"
#include "math/philox.h"

namespace myelin {
namespace {

constexpr int64_t border = 1;                // of zeros around an image, left and top; right and bottom one more
constexpr int64_t max_side = 1 << 20;        // whole numbers up to here are exact in float32, quarters too
constexpr int64_t pixels_of_task = 1 << 14;  // enough work to be worth a thread's while

[[noreturn]] void refuse(const std::string& message) { throw GraphError("augment: " + message); }

// Four random words at a time, a function of (seed, pass, row).
class Draws {
 public:
  Draws(uint64_t seed, uint32_t pass, uint64_t row) : seed_(seed), pass_(pass), row_(row) {}

  double unit() {  // in [0, 1)
    if (next_ == 4) {
      uint64_t c[4] = {block_++, row_ & 0xFFFFFFFFu, row_ >> 32, pass_};
      // Dropout masks are keyed by seeds too: another key keeps equal seeds apart.
      portable::philox(c, {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32) ^ 0x41554721u});
      for (int i = 0; i < 4; i++) words_[i] = static_cast<uint32_t>(c[i]);
      next_ = 0;
    }
    return words_[next_++] * 0x1p-32;
  }
  double within(double reach) { return (2 * unit() - 1) * reach; }
  double whole_within(int64_t reach) {
    return std::floor(unit() * static_cast<double>(2 * reach + 1)) - static_cast<double>(reach);
  }

 private:
  uint64_t seed_;
  uint32_t pass_;
  uint64_t row_, block_ = 0;
  uint32_t words_[4] = {};
  int next_ = 4;
};

// All numbers are drawn whether or not they are wanted, so that one option does not change what another does.
ImageMotion draw_motion(const Augmentation& how, Draws& draws) {
  ImageMotion motion;
  motion.flip = draws.unit() < how.flip;
  motion.degrees = draws.within(how.degrees);
  motion.down = draws.whole_within(how.shift);
  motion.right = draws.whole_within(how.shift);
  motion.zoom = how.crop;
  motion.off_down = draws.within((1 - how.crop) * static_cast<double>(how.height) / 2);
  motion.off_right = draws.within((1 - how.crop) * static_cast<double>(how.width) / 2);
  return motion;
}

// Sine and cosine of degrees, exact for quarter turns, where cos(π/2) is not 0.
void turn(double degrees, double& sine, double& cosine) {
  constexpr double pi = 3.14159265358979323846;
  const double quarters = degrees / 90;
  if (std::floor(quarters) != quarters) {
    sine = std::sin(degrees * pi / 180);
    cosine = std::cos(degrees * pi / 180);
    return;
  }
  const int k = static_cast<int>(std::fmod(std::fmod(quarters, 4) + 4, 4));
  constexpr double sines[4] = {0, 1, 0, -1}, cosines[4] = {1, 0, -1, 0};
  sine = sines[k];
  cosine = cosines[k];
}

// Where along one axis the lattice of displacements is read: between two of its lines, at an eased share.
template <class T>
struct LatticeAxis {
  std::vector<int32_t> line;
  std::vector<T> share;
  int64_t lines;

  LatticeAxis(int64_t length, double spacing) : lines(static_cast<int64_t>(std::ceil(length / spacing)) + 2) {
    for (int64_t i = 0; i < length; i++) {
      const double at = static_cast<double>(i) / spacing, begin = std::floor(at), t = at - begin;
      line.push_back(static_cast<int32_t>(begin));
      share.push_back(static_cast<T>(t * t * (3 - 2 * t)));
    }
  }
};

// What all images of a call share. Read by all threads.
template <class T>
struct Scene {
  const AugmentRequest& request;
  const Augmentation& how;
  LatticeAxis<T> down, right;
  int64_t stride;  // of the bordered plane
  int64_t plane;   // its elements
  int64_t pixel_step, channel_step;
  const T* images;
  T* out;

  Scene(const AugmentRequest& asked, void* target)
      : request(asked),
        how(asked.how),
        down(how.strength > 0 ? how.height : 0, how.smoothness),
        right(how.strength > 0 ? how.width : 0, how.smoothness),
        stride(how.width + 2 * border + 1),
        plane(stride * (how.height + 2 * border + 1)),
        pixel_step(how.planar ? 1 : how.channels),
        channel_step(how.planar ? how.height * how.width : 1),
        images(static_cast<const T*>(asked.images->data)),
        out(static_cast<T*>(target)) {}
};

// Draws images one after the other. One thread's.
template <class T>
class Painter {
 public:
  explicit Painter(const Scene<T>& scene)
      : scene_(scene),
        planes_(static_cast<size_t>(scene.plane * scene.how.channels)),
        place_(static_cast<size_t>(scene.how.width)),
        share_down_(place_.size()),
        share_right_(place_.size()),
        moved_(2 * place_.size()),
        lattice_(scene.how.strength > 0 ? static_cast<size_t>(2 * scene.down.lines * scene.right.lines) : 0),
        line_(lattice_.empty() ? 0 : static_cast<size_t>(2 * scene.right.lines)) {}

  void paint(size_t index) {
    const AugmentRequest& request = scene_.request;
    const Augmentation& how = scene_.how;
    const uint32_t row = request.rows[index];
    Draws draws(request.seed, request.pass, request.first_row + row);
    const ImageMotion motion = request.same ? *request.same : draw_motion(how, draws);
    for (T& vector : lattice_) vector = static_cast<T>(draws.within(how.strength));
    set_motion(motion);
    border_planes(scene_.images + row * how.size());
    T* to = scene_.out + static_cast<int64_t>(index) * how.size();
    for (int64_t y = 0; y < how.height; y++) {
      if (lattice_.empty()) {
        find_places<false>(y);
      } else {
        displace(y);
        find_places<true>(y);
      }
      for (int64_t c = 0; c < how.channels; c++)
        mix(c, to + y * how.width * scene_.pixel_step + c * scene_.channel_step);
    }
  }

 private:
  void set_motion(const ImageMotion& motion) {
    double sine, cosine;
    turn(motion.degrees, sine, cosine);
    const Augmentation& how = scene_.how;
    const double middle_y = static_cast<double>(how.height - 1) / 2, middle_x = static_cast<double>(how.width - 1) / 2;
    const double side = motion.flip ? -1 : 1;
    sine_ = static_cast<T>(sine);
    cosine_ = static_cast<T>(cosine);
    zoom_ = static_cast<T>(motion.zoom);
    side_ = static_cast<T>(side);
    from_y_ = static_cast<T>(-motion.down - middle_y);
    from_x_ = static_cast<T>(-motion.right - middle_x);
    to_y_ = static_cast<T>(middle_y + motion.off_down);
    to_x_ = static_cast<T>(middle_x + side * motion.off_right);
  }

  // Zeros all around, so that no neighbour of a pixel needs a check.
  void border_planes(const T* image) {
    const Augmentation& how = scene_.how;
    for (int64_t c = 0; c < how.channels; c++) {
      const T* from = image + c * scene_.channel_step;
      T* plane = planes_.data() + c * scene_.plane + border * scene_.stride + border;
      for (int64_t y = 0; y < how.height; y++, plane += scene_.stride) {
        if (scene_.pixel_step == 1) {
          std::copy_n(from, how.width, plane);
          from += how.width;
        } else {
          for (int64_t x = 0; x < how.width; x++, from += scene_.pixel_step) plane[x] = *from;
        }
      }
    }
  }

  // How far the pixels of a row are moved by the distortion, down and right.
  void displace(int64_t y) {
    const size_t lines = line_.size(), width = place_.size();
    const T* above = lattice_.data() + static_cast<size_t>(scene_.down.line[y]) * lines;
    const T v = scene_.down.share[y];
    for (size_t i = 0; i < lines; i++) line_[i] = (1 - v) * above[i] + v * above[i + lines];
    const int32_t* const begin = scene_.right.line.data();
    const T *const share = scene_.right.share.data(), *const line = line_.data();
    T* __restrict down = moved_.data(), * __restrict right = down + width;
    for (size_t x = 0; x < width; x++) {
      const T* at = line + 2 * begin[x];
      const T u = share[x];
      down[x] = (1 - u) * at[0] + u * at[2];
      right[x] = (1 - u) * at[1] + u * at[3];
    }
  }

  // Between which pixels of the bordered plane the pixels of a row lie. What is outside, or no number, is in the
  // border.
  template <bool distorted>
  void find_places(int64_t y) {
    const int32_t width = static_cast<int32_t>(place_.size()), stride = static_cast<int32_t>(scene_.stride);
    const T last_y = static_cast<T>(scene_.how.height), last_x = static_cast<T>(scene_.how.width);
    // Locals: the compiler must not think that the stores change them.
    const T sine = sine_, cosine = cosine_, zoom = zoom_, side = side_, to_y = to_y_, to_x = to_x_;
    const T from_y = static_cast<T>(y) + from_y_, from_x = from_x_;
    const T *const moved_down = moved_.data(), *const moved_right = moved_down + width;
    int32_t* __restrict place = place_.data();
    T* __restrict share_down = share_down_.data(), * __restrict share_right = share_right_.data();
    for (int32_t x = 0; x < width; x++) {
      T down = from_y, right = static_cast<T>(x) + from_x;
      if (distorted) {
        down += moved_down[x];
        right += moved_right[x];
      }
      // A counter-clockwise turn of the image, rows counting downwards, read backwards.
      T at_y = zoom * (cosine * down + sine * right) + to_y;
      T at_x = side * (zoom * (cosine * right - sine * down)) + to_x;
      at_y = at_y > -1 ? at_y : -1;
      at_x = at_x > -1 ? at_x : -1;
      at_y = (at_y < last_y ? at_y : last_y) + border;
      at_x = (at_x < last_x ? at_x : last_x) + border;
      const int32_t top = static_cast<int32_t>(at_y), left = static_cast<int32_t>(at_x);
      place[x] = top * stride + left;
      share_down[x] = at_y - static_cast<T>(top);
      share_right[x] = at_x - static_cast<T>(left);
    }
  }

  // Bilinear: every pixel of a row from the four around the place it comes from; a share of 0 takes nothing.
  void mix(int64_t channel, T* __restrict to) const {
    const T* const plane = planes_.data() + channel * scene_.plane;
    const int64_t step = scene_.pixel_step, stride = scene_.stride;
    const size_t width = place_.size();
    const int32_t* const place = place_.data();
    const T *const share_down = share_down_.data(), *const share_right = share_right_.data();
    for (size_t x = 0; x < width; x++) {
      const T* at = plane + place[x];
      const T u = share_right[x], v = share_down[x];
      const T above = (1 - u) * at[0] + u * at[1];
      const T below = (1 - u) * at[stride] + u * at[stride + 1];
      to[static_cast<int64_t>(x) * step] = (1 - v) * above + v * below;
    }
  }

  const Scene<T>& scene_;
  std::vector<T> planes_;
  std::vector<int32_t> place_;
  std::vector<T> share_down_, share_right_, moved_, lattice_, line_;
  T sine_ = 0, cosine_ = 1, zoom_ = 1, side_ = 1, from_y_ = 0, from_x_ = 0, to_y_ = 0, to_x_ = 0;
};

// Calls fn(first, last) for ranges of the request's rows, on the pool. False if cancelled meanwhile.
template <class Fn>
bool for_rows(const AugmentRequest& request, const std::atomic<bool>* cancel, const Fn& fn) {
  const auto stopped = [cancel] { return cancel && cancel->load(std::memory_order_relaxed); };
  const size_t n = request.rows.size();
  const size_t share = static_cast<size_t>(std::max<int64_t>(1, pixels_of_task / request.how.size()));
  struct Context {
    const Fn& fn;
    const decltype(stopped)& stop;
    size_t n, share;
    std::atomic<bool> no_memory;
  } context{fn, stopped, n, share, {false}};
  const Parallel parallel = pool_view();
  parallel.run(
      parallel.self, static_cast<int>((n + share - 1) / share),
      [](void* data, int task, int) {
        auto& c = *static_cast<Context*>(data);
        const size_t first = static_cast<size_t>(task) * c.share;
        if (c.stop() || c.no_memory.load(std::memory_order_relaxed)) return;
        try {
          c.fn(first, std::min(c.n, first + c.share));
        } catch (const std::bad_alloc&) {  // nothing may leave a worker
          c.no_memory = true;
        }
      },
      &context);
  if (context.no_memory) throw std::bad_alloc();
  return !stopped();
}

template <class T>
bool paint_all(const AugmentRequest& request, void* out, const std::atomic<bool>* cancel) {
  const Scene<T> scene(request, out);
  return for_rows(request, cancel, [&](size_t first, size_t last) {
    Painter<T> painter(scene);
    for (size_t i = first; i < last; i++) painter.paint(i);
  });
}

void check(const AugmentRequest& request) {
  const Augmentation& how = request.how;
  for (const int64_t side : {how.height, how.width, how.channels}) {
    if (side < 1 || side > max_side) refuse("a side or the number of channels is " + std::to_string(side));
  }
  if (how.height * how.width > INT32_MAX / 4 || how.size() > INT32_MAX) refuse("the image is too large");
  const double limits[] = {how.flip, how.crop, how.degrees, how.strength, how.smoothness};
  for (const double value : limits) {
    if (!std::isfinite(value) || value < 0) refuse("an option is negative or not finite");
  }
  if (how.crop > 1 || how.crop == 0 || how.smoothness < 1 || how.shift < 0 || how.shift > max_side) {
    refuse("an option is out of its range");
  }
  if (request.rows.empty()) refuse("there are no rows");
  if (!request.images || request.images->backend.device()) refuse("the images must be in the memory of the CPU");
  if (request.images->count % how.size() != 0) refuse("the images' buffer has no whole number of images");
  const int64_t n = request.images->count / how.size();
  if (*std::max_element(request.rows.begin(), request.rows.end()) >= n) refuse("a row number is outside the data");
  for (const BufferPtr& buffer : request.beside) {
    if (!buffer || buffer->backend.device() || buffer->count == 0 || buffer->count % n != 0) {
      refuse("what stands beside the images must have equally many rows, in the memory of the CPU");
    }
  }
}

BufferPtr take_rows(const Buffer& from, int64_t n, const std::vector<uint32_t>& rows) {
  const int64_t width = from.count / n;
  const size_t bytes = static_cast<size_t>(width) * size_of(from.dtype);
  auto taken = std::make_shared<Buffer>(cpu_backend(), from.dtype, width * static_cast<int64_t>(rows.size()),
                                        Buffer::Fill::none);
  char* to = static_cast<char*>(taken->data);
  for (const uint32_t row : rows) {
    std::memcpy(to, static_cast<const char*>(from.data) + row * bytes, bytes);
    to += bytes;
  }
  return taken;
}

BufferPtr brought(BufferPtr made, Backend* to) {
  if (!to || !to->device()) return made;
  auto there = std::make_shared<Buffer>(*to, made->dtype, made->count, Buffer::Fill::none);
  to->upload(there->data, made->data, made->bytes());
  return there;
}

}  // namespace

std::vector<BufferPtr> augment(const AugmentRequest& request, const std::atomic<bool>* cancel) {
  check(request);
  FlushToZero flush;
  const Buffer& images = *request.images;
  auto made = std::make_shared<Buffer>(
      cpu_backend(), images.dtype, request.how.size() * static_cast<int64_t>(request.rows.size()), Buffer::Fill::none);
  const bool whole = images.dtype == DType::f32 ? paint_all<float>(request, made->data, cancel)
                                                : paint_all<double>(request, made->data, cancel);
  if (!whole) return {};
  std::vector<BufferPtr> results = {brought(std::move(made), request.to)};
  const int64_t n = images.count / request.how.size();
  for (const BufferPtr& buffer : request.beside) {
    results.push_back(brought(take_rows(*buffer, n, request.rows), request.to));
  }
  return results;
}

}  // namespace myelin
