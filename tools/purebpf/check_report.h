// What `check` says of one object.
#ifndef PUREBPF_TOOLS_PUREBPF_CHECK_REPORT_H_
#define PUREBPF_TOOLS_PUREBPF_CHECK_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "purebpf/bpf/error.h"

namespace purebpf::tool {

// Something that a kernel does not have.
struct Finding {
  uint32_t insn = 0;
  std::string text;  // "field 'comm' of struct task_struct does not exist on this kernel"
  std::vector<std::string> variables = {};  // that it depends on
};

struct ProgramCheck {
  std::string name;
  std::string section;
  size_t core = 0;       // CO-RE relocations, of the program and what it calls
  size_t functions = 0;  // calls and addresses of kernel functions, likewise
  std::optional<Error> plan_error;
  std::vector<Finding> guarded;
  std::vector<Finding> depends;  // on what user space sets variables to
  std::vector<Finding> missing;

  [[nodiscard]] bool Ok() const { return !plan_error && depends.empty() && missing.empty(); }
};

struct KernelCheck {
  std::string btf;
  std::optional<Error> open_error;
  std::vector<ProgramCheck> programs;

  [[nodiscard]] bool Ok() const;
};

struct ObjectCheck {
  std::string file;
  std::optional<Error> open_error;
  std::vector<KernelCheck> kernels;

  [[nodiscard]] bool Ok() const;
};

// One line: {"file", "open", "ok", "kernels": [{"btf", "open", "ok", "programs": [{"name",
// "section", "plan", "core", "functions", "guarded": [{"insn", "what"}], "depends": [the same and
// "variables": ["name"]], "missing": [as "guarded"], "ok"}]}]}.
[[nodiscard]] std::string ToJson(const ObjectCheck& check);
// A row a program, a column a kernel; below, what is missing, depends or is guarded.
[[nodiscard]] std::string ToText(const ObjectCheck& check);

}  // namespace purebpf::tool

#endif  // PUREBPF_TOOLS_PUREBPF_CHECK_REPORT_H_
