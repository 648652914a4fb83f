// What the measuring programs of this folder say: a line of JSON for each result as soon as it is there, so that
// nothing is lost with a program that is stopped. scripts/gpu reads them.
#pragma once
#include <cstdio>
#include <stdexcept>
#include <string>

namespace lines {

inline int failures = 0;

inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

// `fields` is the rest of the object: "\"value\": 3".
inline void result(const std::string& name, const std::string& fields) {
  std::printf("{\"name\": %s, %s}\n", quoted(name).c_str(), fields.c_str());
  std::fflush(stdout);
}

inline void skipped(const std::string& name, const std::string& reason) {
  result(name, "\"skipped\": " + quoted(reason));
}

// Counts: the program shall end with 1.
inline void failed(const std::string& name, const std::string& reason) {
  failures++;
  result(name, "\"failed\": " + quoted(reason));
}

// Runs one measurement; what it throws is its result, and the next ones go on.
template <class Work>
void measure(const std::string& name, Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    failed(name, error.what());
  }
}

}  // namespace lines
