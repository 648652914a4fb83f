// Where the time of training steps on the CPU goes, for `npm run bench -- step --where`.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace myelin {

struct StepProfile {
  int64_t steps = 0;
  int workers = 0;
  double nanoseconds = 0;  // of all steps, from the first row that is gathered to the last state that is written
  std::vector<std::string> instructions;
  // By instruction, all workers and steps together. One that shares out its own work counts for all workers while it
  // lasts: its waiting is not seen.
  std::vector<double> busy;
};

// From now on, or no longer: every run that updates states leaves its profile. Any thread.
void set_profiling(bool on);
bool is_profiling();
void leave_profile(StepProfile profile);
StepProfile last_profile();  // without steps: none

double nanoseconds_now();

}  // namespace myelin
