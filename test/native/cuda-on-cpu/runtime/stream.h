// Work that waits. Internal to the runtime; the device's lock is held by every caller.
#pragma once
#include <functional>

#include "../include/stand_in/host.h"

namespace emu {

// Puts work on a stream, or into the graph that the stream is being captured into.
cudaError_t submit(cudaStream_t stream, std::function<void()> work);

bool is_capturing(cudaStream_t stream);
// cudaErrorStreamCaptureUnsupported while a capture is going on that forbids what is not stream-ordered; it is lost
// then.
cudaError_t refuse_in_capture();

void drain(cudaStream_t stream);
void drain_all();
// Everything but streams that do not wait for the default stream.
void drain_blocking();

}  // namespace emu
