// Which of the x86-64 levels this processor and its operating system have.
#pragma once

namespace myelin {

// 2, 3 or 4: x86-64-v2, v3 (AVX2), v4 (AVX-512), as the System V ABI for x86-64 defines them; 1: none of these. On
// other processors 0.
int x86_64_level();

}  // namespace myelin
