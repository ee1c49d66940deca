// purebpf check: whether objects fit kernels that are not here.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "purebpf/bpf/try.h"
#include "purebpf/loader/load_options.h"
#include "purebpf/loader/load_plan.h"
#include "purebpf/loader/planner.h"
#include "purebpf/loader/target_kernel.h"
#include "purebpf/tools/purebpf/check_report.h"
#include "purebpf/tools/purebpf/object_file.h"
#include "purebpf/tools/purebpf/reach.h"
#include "purebpf/tools/purebpf/verbs.h"

namespace purebpf::tool {
namespace {

// How many CO-RE relocations and kernel functions a program and the functions that it calls have.
struct Needs {
  size_t core = 0;
  size_t functions = 0;
};

Needs NeedsOf(const CollectionSpec& spec, uint32_t function) {
  Needs needs;
  std::vector<bool> seen(spec.functions.size());
  std::vector<uint32_t> pending{function};
  while (!pending.empty()) {
    const uint32_t next = pending.back();
    pending.pop_back();
    if (next >= seen.size() || seen[next]) continue;
    seen[next] = true;
    needs.core += spec.functions[next].core.size();
    for (const Reference& reference : spec.functions[next].references) {
      if (reference.kind == ReferenceKind::kFunctionCall ||
          reference.kind == ReferenceKind::kFunctionAddress) {
        pending.push_back(reference.target);
      }
      if (reference.kind == ReferenceKind::kExtern && reference.target < spec.externs.size() &&
          spec.externs[reference.target].kind == ExternKind::kFunction) {
        ++needs.functions;
      }
    }
  }
  return needs;
}

// BTF says nothing of a kernel's options and of where its symbols are. Nothing here may depend on
// them: options are taken to be unset, and what is read from them to be unknown; symbols to have an
// address that is not known.
std::string WithoutTheUnknown(CollectionSpec& spec) {
  std::string symbols;
  for (ExternSpec& external : spec.externs) {
    if (external.kind == ExternKind::kKconfig) external.weak = true;
    if (external.kind == ExternKind::kAddress) {
      symbols += Hex(kUnknownImmediate).substr(2) + " T " + external.name + "\n";
    }
  }
  return symbols;
}

std::vector<FrozenAddress> FrozenAddresses(const CollectionSpec& spec, const LoadPlan& plan,
                                           const LoadProgramStep& program) {
  std::vector<FrozenAddress> addresses;
  for (const MapSlot& slot : program.map_slots) {
    const auto* map = std::get_if<CreateMapStep>(&plan.steps[slot.step]);
    if (map == nullptr || !map->freeze) continue;
    if (spec.maps[map->map].origin == MapOrigin::kKconfig) continue;
    addresses.push_back(
        {.insn = slot.insn, .value = map->contents, .size = map->params.value_size});
  }
  std::ranges::sort(addresses, {}, &FrozenAddress::insn);
  return addresses;
}

ProgramCheck CheckProgram(const CollectionSpec& spec, uint32_t index, Planner& planner) {
  const ProgramSpec& program = spec.programs[index];
  const Needs needs = NeedsOf(spec, program.function);
  ProgramCheck check{.name = program.name,
                     .section = program.section,
                     .core = needs.core,
                     .functions = needs.functions};
  const auto plan = planner.PlanAlone(index);
  if (!plan) {
    check.plan_error = plan.error();
    return check;
  }
  for (const Step& step : plan->steps) {
    const auto* load = std::get_if<LoadProgramStep>(&step);
    if (load == nullptr) continue;
    const auto frozen = FrozenAddresses(spec, *plan, *load);
    const auto reached = ReachableInsns(load->params.insns, frozen, spec.order);
    for (const PlanNote& note : load->notes) {
      const bool missing = note.insn >= reached.size() || reached[note.insn];
      (missing ? check.missing : check.guarded).push_back({note.insn, note.text});
    }
  }
  return check;
}

KernelCheck CheckOn(Kernel& kernel, const CollectionSpec& spec, const std::string& symbols,
                    const std::string& btf) {
  KernelCheck check{.btf = btf};
  TargetKernel target = TargetKernel::FromFiles(
      kernel, {.release = "5.0.0",  // for the kernel's version, which is not looked at
               .btf_path = btf,
               .kconfig = "# unknown\n",
               .kallsyms = symbols.empty() ? "0 T _\n" : symbols});
  if (const auto types = target.Types(); !types) {
    check.open_error = types.error();
    return check;
  }
  const LoadOptions options{.default_max_entries = 1, .pin_root = ""};
  Planner planner(spec, target, options);
  if (target.Order() != spec.order) {
    // Said once, not of every program.
    check.open_error = planner.Plan().error().Within(btf);
    return check;
  }
  for (uint32_t i = 0; i < spec.programs.size(); ++i) {
    if (spec.programs[i].autoload) check.programs.push_back(CheckProgram(spec, i, planner));
  }
  return check;
}

ObjectCheck CheckObject(Kernel& kernel, const std::string& path,
                        const std::vector<std::string>& btf) {
  ObjectCheck check{.file = path};
  auto spec = CollectionSpec::FromFile(kernel, path);
  if (!spec) {
    check.open_error = std::move(spec).error();
    return check;
  }
  const std::string symbols = WithoutTheUnknown(*spec);
  for (const std::string& file : btf) {
    check.kernels.push_back(CheckOn(kernel, *spec, symbols, file));
  }
  return check;
}

// Whether a file of a folder is types, be it damaged ones: a folder has other files too.
bool LooksLikeTypes(Kernel& kernel, const std::string& path) {
  constexpr size_t kMaxFile = size_t{2} << 30;
  const auto file = kernel.OpenFile(path, kMaxFile);
  if (!file) return false;
  const auto starts = [&](std::initializer_list<unsigned char> magic) {
    return file->size() > magic.size() &&
           std::ranges::equal(magic, file->first(magic.size()),
                              [](unsigned char a, std::byte b) { return std::byte{a} == b; });
  };
  const bool raw = starts({0x9f, 0xeb, 1}) || starts({0xeb, 0x9f, 1});
  const bool elf = starts({0x7f, 'E', 'L', 'F'});
  kernel.CloseFile(*file, [&] { return std::vector<std::byte>(file->begin(), file->end()); });
  if (!elf) return raw;
  TargetKernel target = TargetKernel::FromFiles(kernel, {.btf_path = path});
  const auto types = target.Types();
  return types || types.error().code != Code::kNotFound;  // no section .BTF
}

// Folders become the files in them.
std::vector<std::string> Expand(Kernel& kernel, const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const std::string& path : given) {
    const auto names = kernel.ListFolder(path);
    if (!names) {
      files.push_back(path);
      continue;
    }
    for (const std::string& name : *names) {
      std::string file = path + (path.ends_with('/') ? "" : "/") + name;
      if (LooksLikeTypes(kernel, file)) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace

int RunCheck(Kernel& kernel, const Options& options, Output& output) {
  const std::vector<std::string> btf = Expand(kernel, options.btf);
  if (btf.empty()) {
    output.Complain("purebpf: no file with BTF in " + Clean(options.btf[0]) + "\n");
    return kFailed;
  }
  int status = kOk;
  for (const std::string& path : options.files) {
    const ObjectCheck check = CheckObject(kernel, path, btf);
    if (!check.Ok()) status = kFailed;
    if (!output.Write(options.json ? ToJson(check) : ToText(check))) return kFailed;
  }
  return status;
}

}  // namespace purebpf::tool
