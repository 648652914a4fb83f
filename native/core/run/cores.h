// How many processors this process may keep busy.
#pragma once
#include <string>

namespace myelin {

// What the scheduler lets the process run on (affinity, cpuset), or its CPU quota where that is less; at least 1.
int usable_cores();

// The smallest CPU quota among the control groups that the process is in, from its own up to the mount's root, rounded
// up to whole processors; 0 where there is none. Reads /proc/self/cgroup and /proc/self/mountinfo (cgroups(7)),
// versions 1 and 2 of the hierarchy. `root` stands in front of every path.
int quota_cores(const std::string& root = "");

}  // namespace myelin
