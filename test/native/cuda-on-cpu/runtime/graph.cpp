// Graphs: work that a capture has gathered (stream.cpp), put on a stream as one operation.
#include "graph.h"

#include <memory>

#include "device.h"
#include "stream.h"

using namespace emu;

struct CUgraphExec_st {
  std::shared_ptr<const Operations> operations;
};

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (nodes) return failed(cudaErrorNotSupported);  // nodes are only counted
  *count = graph->operations.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  Lock lock(device_mutex());
  if (!graph) return failed(cudaErrorInvalidValue);
  *exec = new CUgraphExec_st{std::make_shared<const Operations>(graph->operations)};
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t) {
  return exec ? cudaSuccess : failed(cudaErrorInvalidValue);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  Lock lock(device_mutex());
  if (!exec) return failed(cudaErrorInvalidValue);
  return submit(stream, [operations = exec->operations] {
    for (const auto& work : *operations) work();
  });
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  Lock lock(device_mutex());
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  Lock lock(device_mutex());
  delete graph;
  return cudaSuccess;
}
