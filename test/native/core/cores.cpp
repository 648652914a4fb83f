// The CPU quota, read from trees of control groups made for the purpose. Exits with 1 on a failure.
#include "core/run/cores.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "expect.h"

using namespace core_test;

namespace {

namespace fs = std::filesystem;

// Files by path, below a root of their own.
int quota_in(const std::map<std::string, std::string>& files) {
  const fs::path root = fs::temp_directory_path() / ("myelin-cores-" + std::to_string(std::rand()));
  for (const auto& [path, text] : files) {
    const fs::path file = root.string() + path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const int cores = quota_cores(root.string());
  fs::remove_all(root);
  return cores;
}

const std::string mount_2 = "24 1 0:21 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string group_2 = "0::/system.slice/app.service\n";

void version_2() {
  const auto quota = [](const std::string& own, const std::string& parent) {
    return quota_in({{"/proc/self/cgroup", group_2},
                     {"/proc/self/mountinfo", mount_2},
                     {"/sys/fs/cgroup/system.slice/app.service/cpu.max", own},
                     {"/sys/fs/cgroup/system.slice/cpu.max", parent}});
  };
  expect(quota("max 100000", "max 100000") == 0, "max is no quota");
  expect(quota("250000 100000", "max 100000") == 3, "the group's own quota, rounded up");
  expect(quota("max 100000", "200000 100000") == 2, "the parent's quota");
  expect(quota("400000 100000", "100000 100000") == 1, "the smallest of two");
  expect(quota("50000 100000", "") == 1, "half a processor is one; a file may be empty");
  expect(quota_in({{"/proc/self/cgroup", "0::/\n"},
                   {"/proc/self/mountinfo", mount_2},
                   {"/sys/fs/cgroup/cpu.max", "300000 100000"}}) == 3,
         "a container sees its own group as the root");
  expect(quota_in({{"/proc/self/cgroup", "0::/docker/abc/job\n"},
                   {"/proc/self/mountinfo", "24 1 0:21 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup ro\n"},
                   {"/sys/fs/cgroup/job/cpu.max", "max 100000"},
                   {"/sys/fs/cgroup/cpu.max", "200000 100000"}}) == 2,
         "a mount that shows a part of the hierarchy");
}

void version_1() {
  const std::string mounts =
      "30 24 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n";
  const std::string groups = "5:cpuset:/\n4:cpu,cpuacct:/user.slice/a\n1:name=systemd:/x\n0::/x\n";
  const auto quota = [&](const std::string& own, const std::string& parent) {
    const std::string folder = "/sys/fs/cgroup/cpu,cpuacct/user.slice";
    return quota_in({{"/proc/self/cgroup", groups},
                     {"/proc/self/mountinfo", mounts},
                     {folder + "/a/cpu.cfs_quota_us", own},
                     {folder + "/a/cpu.cfs_period_us", "100000"},
                     {folder + "/cpu.cfs_quota_us", parent},
                     {folder + "/cpu.cfs_period_us", "50000"}});
  };
  expect(quota("-1", "-1") == 0, "-1 is no quota");
  expect(quota("150000", "-1") == 2, "the group's own quota");
  expect(quota("800000", "200000") == 4, "the parent's, with its own period");
  expect(quota_in({{"/proc/self/cgroup", "4:cpu:/docker/abc\n"},
                   {"/proc/self/mountinfo", "31 24 0:27 /docker/xyz /sys/fs/cgroup/cpu ro - cgroup cgroup ro,cpu\n"},
                   {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000"},
                   {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"}}) == 1,
         "a path outside of the mount: what the mount shows");
}

}  // namespace

int main() {
  std::srand(static_cast<unsigned>(std::hash<std::thread::id>()(std::this_thread::get_id())));
  version_2();
  version_1();
  expect(quota_in({}) == 0, "no control groups: no quota");
  expect(usable_cores() >= 1, "there is a processor");
  return verdict();
}
