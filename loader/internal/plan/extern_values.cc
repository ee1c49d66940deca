#include "purebpf/loader/internal/plan/extern_values.h"

#include <algorithm>
#include <string_view>

#include "purebpf/bpf/try.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/internal/core/core_match.h"
#include "purebpf/loader/internal/plan/kconfig_type.h"
#include "purebpf/loader/internal/plan/refused.h"
#include "purebpf/loader/kconfig.h"

namespace purebpf::internal {
namespace {

constexpr uint32_t kPointerSize = 8;  // of BPF

std::string Named(const ExternSpec& spec) { return "extern '" + spec.name + "'"; }

[[gnu::cold]] std::unexpected<Error> Missing(const ExternSpec& spec, std::string what,
                                             std::string hint) {
  return Refused(Code::kNotFound, "", Named(spec) + ": " + std::move(what), std::move(hint));
}

// Programs declare const what they only read, and by typedefs of their own.
elf::TypeId Stripped(const elf::Btf& btf, elf::TypeId id) {
  const auto type = btf.Resolve(id);
  return type ? type->id : id;
}

}  // namespace

void ExternValues::Want(uint32_t index) {
  const ExternSpec& spec = spec_.externs[index];
  if (spec.kind == ExternKind::kVariable) types_.Want(spec.name, elf::BtfKind::kVar);
  if (spec.kind == ExternKind::kFunction || spec.kind == ExternKind::kUnknown)
    types_.Want(elf::EssentialName(spec.name), elf::BtfKind::kFunc);
}

Result<ExternValue> ExternValues::Resolve(uint32_t index) {
  std::optional<Result<ExternValue>>& known = known_[index];
  if (known) return *known;
  const ExternSpec& spec = spec_.externs[index];
  switch (spec.kind) {
    case ExternKind::kVariable:
      known = FindVariable(spec);
      break;
    case ExternKind::kFunction:
      known = FindFunction(spec);
      break;
    case ExternKind::kAddress:
      known = FindAddress(spec);
      break;
    default:
      known = FindUntyped(spec);
  }
  return *known;
}

Result<bool> ExternValues::Compatible(elf::TypeId local, const elf::Btf& kernel,
                                      elf::TypeId remote) {
  const elf::Btf* own = PUREBPF_TRY(local_.Get());
  CoreTypes ours(*own, kPointerSize);
  CoreTypes theirs(kernel, kPointerSize);
  const auto same = CoreMatcher(ours, theirs, budget_).TypesCompatible(local, remote);
  if (!same)
    return Refused(
        Code::kUnsupported, "",
        "its type cannot be compared with the kernel's: " + std::string(Text(same.error())));
  return *same;
}

Result<ExternValue> ExternValues::FindVariable(const ExternSpec& spec) {
  const auto found = PUREBPF_TRY(types_.Find(spec.name, elf::BtfKind::kVar));
  if (!found) {
    if (spec.weak) return ExternValue{};
    return Missing(spec, "the kernel's types and those of its modules have no such variable",
                   "declare it __weak and ask whether it is there, or as `const void`, which looks "
                   "for its address alone");
  }
  const elf::TypeId type = Stripped(*found->btf, found->btf->Type(found->id).target);
  const elf::TypeId local = Stripped(*PUREBPF_TRY(local_.Get()), elf::TypeId{spec.type});
  if (!PUREBPF_TRY(Compatible(local, *found->btf, type)))
    return Refused(Code::kUnsupported, "",
                   Named(spec) + " is declared as " + elf::Describe((*local_.Get())->Type(local)) +
                       ", but is " + elf::Describe(found->btf->Type(type)) + " in the kernel");
  return ExternValue{.kind = ExternValue::Kind::kType,
                     .type = static_cast<uint32_t>(found->id),
                     .module = found->module};
}

Result<ExternValue> ExternValues::FindFunction(const ExternSpec& spec) {
  // Several declarations of one function differ in their flavours: "bpf_iter_new___v2".
  const std::string_view name = elf::EssentialName(spec.name);
  const auto found = PUREBPF_TRY(types_.Find(name, elf::BtfKind::kFunc));
  if (!found) {
    if (spec.weak) return ExternValue{};
    return Missing(spec,
                   "this kernel has no function '" + std::string(name) + "' that programs may call",
                   "declare it __weak and ask whether it is there (bpf_ksym_exists), or load its "
                   "module");
  }
  const elf::TypeId prototype = found->btf->Type(found->id).target;
  if (!PUREBPF_TRY(Compatible(elf::TypeId{spec.type}, *found->btf, prototype))) {
    if (spec.weak) return ExternValue{};
    return Refused(Code::kUnsupported, "",
                   Named(spec) + " has other parameters in this kernel (type " +
                       std::to_string(static_cast<uint32_t>(found->id)) + ")",
                   "declare it as the kernel does; flavours (NAME___old) of it may be __weak");
  }
  return ExternValue{.kind = ExternValue::Kind::kType,
                     .type = static_cast<uint32_t>(found->id),
                     .module = found->module};
}

// Without -g nothing says what is called: it can only be a function of the kernel.
Result<ExternValue> ExternValues::FindUntyped(const ExternSpec& spec) {
  const auto found = types_.Find(elf::EssentialName(spec.name), elf::BtfKind::kFunc);
  if (const auto* type = found && found->has_value() ? &**found : nullptr)
    return ExternValue{.kind = ExternValue::Kind::kType,
                       .type = static_cast<uint32_t>(type->id),
                       .module = type->module};
  if (spec.weak) return ExternValue{};
  return Missing(spec,
                 "the object does not define it, no type says what it is, and this kernel has no "
                 "function of that name",
                 "declare it with __ksym or __kconfig and compile with -g");
}

Result<ExternValue> ExternValues::FindAddress(const ExternSpec& spec) {
  if (!symbols_read_) {
    for (const ExternSpec& other : spec_.externs)
      if (other.kind == ExternKind::kAddress)
        symbols_.push_back({.name = other.name, .address = {}, .second_address = {}});
    std::ranges::sort(symbols_, {}, &KernelSymbol::name);
    symbols_read_ = target_.FindSymbols(symbols_);
  }
  if (!*symbols_read_) return std::unexpected(symbols_read_->error());
  const KernelSymbol& symbol =
      *std::ranges::lower_bound(symbols_, std::string_view(spec.name), {}, &KernelSymbol::name);
  if (symbol.second_address)
    return Refused(Code::kConflict, "",
                   Named(spec) + ": /proc/kallsyms has several symbols of that name");
  if (!symbol.address) {
    if (spec.weak) return ExternValue{};
    return Missing(spec, "/proc/kallsyms has no such symbol",
                   "declare it __weak; its value is then 0 where it is not there");
  }
  return ExternValue{.kind = ExternValue::Kind::kAddress, .address = *symbol.address, .module = {}};
}

// The externs that are no option, as the text that an option of that value would have.
Result<std::string> ExternValues::LinuxValue(const ExternSpec& spec) {
  constexpr uint32_t kBpfCookieSince = 0x050f00;  // Linux 5.15: bpf_get_attach_cookie()
  if (spec.name == "LINUX_KERNEL_VERSION") return std::to_string(PUREBPF_TRY(target_.Version()));
  if (spec.name == "LINUX_HAS_BPF_COOKIE")
    return PUREBPF_TRY(target_.Version()) >= kBpfCookieSince ? "y" : "n";
  if (spec.name == "LINUX_HAS_SYSCALL_WRAPPER")
    return PUREBPF_TRY(target_.Version()) >= SyscallWrapperSince() ? "y" : "n";
  if (spec.weak) return "";
  return Missing(spec, "it is neither a CONFIG_ option nor a LINUX_ value that is known here",
                 "known are LINUX_KERNEL_VERSION, LINUX_HAS_BPF_COOKIE, "
                 "LINUX_HAS_SYSCALL_WRAPPER");
}

Result<void> ExternValues::Option(uint32_t index, MutableBytes out) {
  const ExternSpec& spec = spec_.externs[index];
  const elf::Btf* local = PUREBPF_TRY(local_.Get());
  const auto type = ConfigTypeOf(*local, elf::TypeId{spec.type});
  if (!type)
    return Refused(Code::kMalformed, "",
                   Named(spec) + " is " + elf::Describe(local->Type(elf::TypeId{spec.type})),
                   "an option is a bool, an enum libbpf_tristate, an integer, a char, or an array "
                   "of char");
  if (!spec.name.starts_with("CONFIG_")) {
    std::string value = PUREBPF_TRY(LinuxValue(spec));
    if (value.empty()) return {};
    // A number where the extern is one.
    if (type->kind == ConfigKind::kInt && (value == "y" || value == "n"))
      value = value == "y" ? "1" : "0";
    return EncodeConfig(spec.name, value, *type, out, spec_.order);
  }
  const auto value = target_.Option(spec.name);
  if (value && *value) return EncodeConfig(spec.name, **value, *type, out, spec_.order);
  if (spec.weak) return {};
  if (!value) {
    Error error = value.error();
    return std::unexpected(std::move(error).Within(Named(spec)));
  }
  return Missing(spec, "the kernel's configuration does not set it",
                 "declare it __weak: its value is then 0");
}

}  // namespace purebpf::internal
