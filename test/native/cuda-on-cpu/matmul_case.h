// The problems of matmul_check.cpp: arrays between guards on the device, operands, and the true result in float64.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "cuda/kernels/fused/elementwise.cuh"

namespace {

int failures = 0;

void fail(const std::string& what) {
  if (++failures <= 20) std::printf("FAILED %s\n", what.c_str());
}

uint32_t state = 12345;
double number() {  // in [-1, 1)
  state = state * 1664525u + 1013904223u;
  return (state >> 8) / 8388608.0 - 1.0;
}

constexpr int64_t guard = 16;
constexpr double guard_value = 777;

// An array on the device with guards around it. `shift` elements move it off its alignment.
template <class T>
struct Array {
  T* memory = nullptr;
  int64_t count, begin;

  Array(int64_t n, int64_t shift) : count(n), begin(guard + shift) {
    cudaMalloc(&memory, bytes());
    std::vector<T> values(total(), static_cast<T>(guard_value));
    for (int64_t i = 0; i < n; i++) values[begin + i] = static_cast<T>(NAN);  // every element must be written
    cudaMemcpy(memory, values.data(), bytes(), cudaMemcpyHostToDevice);
  }
  Array(const std::vector<T>& content, int64_t shift) : Array(static_cast<int64_t>(content.size()), shift) {
    cudaMemcpy(memory + begin, content.data(), content.size() * sizeof(T), cudaMemcpyHostToDevice);
  }
  ~Array() { cudaFree(memory); }
  Array(const Array&) = delete;

  int64_t total() const { return begin + count + guard; }
  size_t bytes() const { return static_cast<size_t>(total()) * sizeof(T); }
  std::vector<T> read(const std::string& what) const {
    std::vector<T> values(total());
    cudaMemcpy(values.data(), memory, bytes(), cudaMemcpyDeviceToHost);
    for (int64_t i = 0; i < total(); i++) {
      const bool inside = i >= begin && i < begin + count;
      if (!inside && values[i] != static_cast<T>(guard_value)) fail(what + ": wrote beyond its array");
    }
    return std::vector<T>(values.begin() + begin, values.begin() + begin + count);
  }
  myelin::View view(std::initializer_list<int64_t> dims) const {
    myelin::View v = {};
    v.data = memory + begin;
    v.count = count;
    for (int64_t d : dims) v.dims[v.rank++] = d;
    return v;
  }
};

struct Case {
  int64_t m, n, k;
  bool trans_a, trans_b, bias, z;
  int32_t activation;
};

double activation_of(int32_t index, double x) {
  switch (index) {
    case myelin::cuda::op_index_relu: return x < 0 ? 0 : x;
    case myelin::cuda::op_index_leakyRelu: return x < 0 ? 0.1 * x : x;
    case myelin::cuda::op_index_sigmoid: return 1 / (1 + std::exp(-x));
    case myelin::cuda::op_index_tanh: return std::tanh(x);
    case myelin::cuda::op_index_softplus: return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x)));
    default: return x;
  }
}

// One problem with its arrays and its true result.
template <class T>
struct Product {
  Case c;
  std::vector<T> a, b, bias;
  std::vector<double> sum, size;  // the true sums with bias, and the sum of the absolute values of their terms

  explicit Product(const Case& which) : c(which), a(c.m * c.k), b(c.k * c.n), bias(c.n) {
    for (T& x : a) x = static_cast<T>(number());
    for (T& x : b) x = static_cast<T>(number());
    for (T& x : bias) x = static_cast<T>(number());
    sum.assign(c.m * c.n, 0);
    size.assign(c.m * c.n, 0);
    for (int64_t i = 0; i < c.m; i++) {
      for (int64_t j = 0; j < c.n; j++) {
        double total = c.bias ? bias[j] : 0.0, terms = std::fabs(total);
        for (int64_t q = 0; q < c.k; q++) {
          const double term = static_cast<double>(a[c.trans_a ? q * c.m + i : i * c.k + q]) *
                              static_cast<double>(b[c.trans_b ? j * c.k + q : q * c.n + j]);
          total += term;
          terms += std::fabs(term);
        }
        sum[i * c.n + j] = total;
        size[i * c.n + j] = terms;
      }
    }
  }
};

}  // namespace
