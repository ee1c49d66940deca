// Planning for a hostile kernel ends, whatever its types and the object's are, and so does reducing
// these. An input is an object, whose own types are then the kernel's as well, or
//
//   object's size (4 bytes, little-endian, its highest bit set) | object | kernel's types
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "purebpf/bpf/bytes.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/min_core_btf.h"
#include "purebpf/loader/planner.h"

namespace {

struct Input {
  purebpf::Bytes object;
  purebpf::Bytes kernel;  // empty: the object's own
};

Input Split(purebpf::Bytes bytes) {
  constexpr size_t kPrefix = 4;
  if (bytes.size() < kPrefix) return {bytes, {}};
  uint32_t size = 0;
  for (size_t i = 0; i < kPrefix; ++i) size |= std::to_integer<uint32_t>(bytes[i]) << (8 * i);
  if ((size >> 31) == 0) return {bytes, {}};
  size &= 0x7fffffff;
  bytes = bytes.subspan(kPrefix);
  if (size > bytes.size()) return {bytes, {}};
  return {bytes.first(size), bytes.subspan(size)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Input input = Split(std::as_bytes(std::span(data, size)));
  const auto spec = purebpf::CollectionSpec::Parse(input.object, "fuzz");
  if (!spec) return 0;
  std::vector<std::byte> types(input.kernel.begin(), input.kernel.end());
  if (types.empty()) types = spec->btf;
  const auto least = purebpf::MinCoreBtf({&*spec, 1}, types);
  if (!least && least.error().detail.empty()) std::abort();
  auto target = purebpf::TargetKernel::Described({.order = spec->order, .btf = std::move(types)});
  const purebpf::LoadOptions options;
  purebpf::Planner planner(*spec, target, options);
  for (uint32_t i = 0; i < spec->programs.size(); ++i) {
    const auto plan = planner.PlanAlone(i);
    if (plan ? plan->ToString().empty() : plan.error().detail.empty()) std::abort();
  }
  return 0;
}
