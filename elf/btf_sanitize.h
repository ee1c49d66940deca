// BTF made fit for a kernel that knows less of it than the compiler: what it would refuse is
// replaced by something as long that it knows. Ids stay, and so do sizes, so that whatever refers
// to a type (maps, function records) still does; that a type then means less costs the kernel's
// checks and dumps, not the program.
#ifndef PUREBPF_ELF_BTF_SANITIZE_H_
#define PUREBPF_ELF_BTF_SANITIZE_H_

#include <cstddef>
#include <vector>

#include "purebpf/elf/btf.h"
#include "purebpf/elf/error.h"

namespace purebpf::elf {

// What a kernel knows, with the first that does; all of it, where nothing else is said.
struct BtfFeatures {
  bool functions = true;          // FUNC, FUNC_PROTO: Linux 5.0
  bool sections = true;           // VAR, DATASEC: Linux 5.2
  bool global_functions = true;   // functions with linkage: Linux 5.6
  bool floats = true;             // Linux 5.13
  bool decl_tags = true;          // Linux 5.16
  bool type_tags = true;          // Linux 5.17
  bool enum64 = true;             // and signed enums: Linux 6.0
  bool optional_sections = true;  // a '?' in the name of a DATASEC: Linux 6.9
  bool attributes = true;         // tags with kind_flag: Linux 6.15

  // Those of a kernel by its version, 0x060100 for 6.1 (LINUX_VERSION_CODE without the last part):
  // a first guess, as distributions add features to old kernels.
  [[nodiscard]] static BtfFeatures Of(uint32_t version);

  bool operator==(const BtfFeatures&) const = default;
};

//   kind                        without              becomes
//   FUNC                        functions            TYPEDEF of its prototype
//   FUNC, global or extern      global_functions     FUNC, static
//   FUNC_PROTO                  functions            ENUM, whose values the parameters are
//   VAR, DECL_TAG               sections, decl_tags  INT of a byte
//   DATASEC                     sections             STRUCT, its name made of letters
//   DATASEC named "?..."        optional_sections    DATASEC, the '?' made a letter
//   FLOAT                       floats               STRUCT without members, as large
//   TYPE_TAG                    type_tags            CONST
//   ENUM64                      enum64               UNION of members of a byte; an INT is added
//   ENUM, signed                enum64               ENUM, not signed
//   a tag that is an attribute  attributes           as if without tags
//
// and a layout section is dropped, unless it describes kinds that are in use. The offsets of names
// stay too, so that .BTF.ext fits. Nothing is changed for a kernel that knows it all.
[[nodiscard]] Result<std::vector<std::byte>> SanitizeBtf(const Btf& btf,
                                                         const BtfFeatures& features);

}  // namespace purebpf::elf

#endif  // PUREBPF_ELF_BTF_SANITIZE_H_
