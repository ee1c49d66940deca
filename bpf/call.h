// One bpf(2) call: an attribute, and the memory its pointers span. A pointer cannot be stored
// without its extent, and that extent is what makes a call printable and recordable.
#ifndef PUREBPF_BPF_CALL_H_
#define PUREBPF_BPF_CALL_H_

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "purebpf/bpf/abi.h"
#include "purebpf/bpf/bytes.h"
#include "purebpf/bpf/kernel.h"

namespace purebpf {

// The kernel refuses an attribute whose unknown bytes are not zero: no hidden padding.
template <typename A>
concept Attr = std::is_trivially_copyable_v<A> && std::has_unique_object_representations_v<A>;

// Borrows `attr` and every region until Issue returns.
//   BpfCall(Command::kProgLoad, attr).In(&ProgLoadAttr::insns, code).Issue(kernel)
template <Attr A>
class BpfCall {
 public:
  BpfCall(Command command, A& attr) : command_(command), attr_(attr) {}

  BpfCall& In(uint64_t A::* field, Bytes bytes) {
    // The kernel only reads it.
    return Add(field, Direction::kIn, {const_cast<std::byte*>(bytes.data()), bytes.size()});
  }
  BpfCall& Out(uint64_t A::* field, MutableBytes bytes) {
    return Add(field, Direction::kOut, bytes);
  }
  BpfCall& InOut(uint64_t A::* field, MutableBytes bytes) {
    return Add(field, Direction::kInOut, bytes);
  }
  BpfCall& Add(uint64_t A::* field, Direction direction, MutableBytes bytes) {
    uint64_t& slot = attr_.*field;
    slot = bytes.empty() ? 0 : reinterpret_cast<uintptr_t>(bytes.data());
    if (bytes.empty()) return *this;
    const auto offset = reinterpret_cast<uintptr_t>(&slot) - reinterpret_cast<uintptr_t>(&attr_);
    regions_[count_++] = {static_cast<uint32_t>(offset), direction, bytes};
    return *this;
  }

  SysResult<int> Issue(Kernel& kernel) {
    return kernel.Bpf(command_, MutableBytesOf(attr_), std::span(regions_).first(count_));
  }

 private:
  static constexpr size_t kPointers = (sizeof(A) + 7) / 8;  // no attribute can have more

  Command command_;
  A& attr_;
  std::array<Region, kPointers> regions_;
  size_t count_ = 0;
};

}  // namespace purebpf

#endif  // PUREBPF_BPF_CALL_H_
