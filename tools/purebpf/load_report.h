// What `plan` and `load` say of one object.
#ifndef PUREBPF_TOOLS_PUREBPF_LOAD_REPORT_H_
#define PUREBPF_TOOLS_PUREBPF_LOAD_REPORT_H_

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/insn.h"
#include "purebpf/bpf/map.h"
#include "purebpf/bpf/program.h"

namespace purebpf::tool {

struct MapReport {
  MapParams params;
  std::optional<Error> problem;  // why it cannot be made
};

struct ProgramReport {
  std::string name;
  std::string section;
  ProgType type = ProgType::kUnspec;
  AttachType attach_type = AttachType{0};
  uint32_t flags = 0;
  std::optional<Error> plan_error;
  // Relocated: where a map's descriptor will stand is its index in ObjectReport::maps.
  std::vector<Insn> insns;
  std::optional<Result<ProgramInfo>> load;  // nothing: it was not tried
};

struct ObjectReport {
  std::string file;
  std::endian order = std::endian::native;  // the object's, and of what is told of instructions
  std::optional<Error> open_error;
  std::optional<Error> error;  // why the whole of it cannot be planned or loaded
  std::vector<MapReport> maps;
  std::vector<ProgramReport> programs;

  // Whether everything that was tried succeeded. A map that cannot be made fails who needs it.
  [[nodiscard]] bool Ok() const;
};

// FNV-1a, 64 bits, over instructions as a kernel of that byte order has them, in which the
// descriptors of maps (the immediate of the first half of an ld_imm64 with src_reg 1 or 2) are 0.
[[nodiscard]] uint64_t HashOf(std::span<const Insn> insns, std::endian order);

// One line; the keys are those of the help texts in verbs.cc.
[[nodiscard]] std::string ToJson(const ObjectReport& report);
[[nodiscard]] std::string ToText(const ObjectReport& report);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_LOAD_REPORT_H_
