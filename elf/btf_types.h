// The type model of BTF: what .BTF says, decoded. Views over the caller's bytes where text is
// concerned; members and the like are small vectors.
// Source: Documentation/bpf/btf.rst, include/uapi/linux/btf.h.
#ifndef PUREBPF_ELF_BTF_TYPES_H_
#define PUREBPF_ELF_BTF_TYPES_H_

#include <cstdint>

namespace purebpf::elf {

// An index into a BTF's types. 0 is void.
enum class TypeId : uint32_t { kVoid = 0 };

enum class BtfKind : uint8_t {
  kVoid = 0,  // type id 0 alone
  kInt = 1,
  kPtr = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kFwd = 7,
  kTypedef = 8,
  kVolatile = 9,
  kConst = 10,
  kRestrict = 11,
  kFunc = 12,       // Linux 5.0
  kFuncProto = 13,  // Linux 5.0
  kVar = 14,        // Linux 5.1
  kDatasec = 15,    // Linux 5.1
  kFloat = 16,      // Linux 5.13
  kDeclTag = 17,    // Linux 5.16
  kTypeTag = 18,    // Linux 5.17
  kEnum64 = 19,     // Linux 6.0
};

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_TYPES_H_
