#include "cores.h"

#ifdef __linux__
#include <sched.h>
#endif

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace myelin {
namespace {

// Is `name` one of the words between the commas?
bool has_word(const std::string& list, const std::string& name) {
  return ("," + list + ",").find("," + name + ",") != std::string::npos;
}

// Processors, or 0 for "max" (version 2), -1 (version 1) and where there is no such file.
double quota_at(const std::string& folder) {
  std::string quota;
  double period = 0;
  std::ifstream both(folder + "/cpu.max");
  if (!(both >> quota >> period)) {
    std::ifstream first(folder + "/cpu.cfs_quota_us"), second(folder + "/cpu.cfs_period_us");
    if (!(first >> quota) || !(second >> period)) return 0;
  }
  const double microseconds = std::atof(quota.c_str());
  return microseconds > 0 && period > 0 ? microseconds / period : 0;
}

// The group's path in the hierarchy with the CPU controller: version 2 has one hierarchy, without a list of
// controllers.
std::string group_of_process(const std::string& root, bool version_2) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t list = line.find(':') + 1, path = line.find(':', list);
    if (list == 0 || path == std::string::npos) continue;
    const std::string controllers = line.substr(list, path - list);
    if (version_2 ? controllers.empty() : has_word(controllers, "cpu")) return line.substr(path + 1);
  }
  return "";
}

struct Mount {
  std::string group;  // that lies at the mount's root
  std::string folder;
};

// Spaces and the like in paths are written as \040 there; such a mount is not found, and has no quota then.
Mount mount_of(const std::string& root, bool version_2) {
  std::ifstream file(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line), after(line.substr(dash + 3));
    std::string id, parent, device, type, source, options;
    Mount mount;
    before >> id >> parent >> device >> mount.group >> mount.folder;
    after >> type >> source >> options;
    if (version_2 ? type == "cgroup2" : type == "cgroup" && has_word(options, "cpu")) return mount;
  }
  return {};
}

// The group below the mount's root. A container may see its own group as that root, or a path that lies outside.
std::string below(const Mount& mount, const std::string& group) {
  if (mount.group == "/") return group;
  const bool is_inside = group.compare(0, mount.group.size(), mount.group) == 0;
  const std::string rest = is_inside ? group.substr(mount.group.size()) : "";
  return rest.empty() || rest[0] == '/' ? rest : "";
}

}  // namespace

int quota_cores(const std::string& root) {
  double least = 0;
  for (const bool version_2 : {true, false}) {
    const std::string group = group_of_process(root, version_2);
    const Mount mount = mount_of(root, version_2);
    if (group.empty() || mount.folder.empty()) continue;
    std::string path = below(mount, group);
    for (;;) {
      while (!path.empty() && path.back() == '/') path.pop_back();
      const double quota = quota_at(root + mount.folder + path);
      if (quota > 0) least = least > 0 ? std::min(least, quota) : quota;
      if (path.empty()) break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return static_cast<int>(std::ceil(least));
}

int usable_cores() {
  int cores = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) cores = CPU_COUNT(&set);
  if (const int quota = quota_cores()) cores = std::min(cores, quota);
#endif
  return std::max(cores, 1);
}

}  // namespace myelin
