#include "purebpf/bpf/capabilities.h"

#include <algorithm>
#include <string>

#include "purebpf/bpf/abi.h"

namespace purebpf {
namespace {

struct Row {
  Capability capability;
  std::string_view name;
  bool of_sys_admin;  // included in CAP_SYS_ADMIN, which it was a part of before Linux 5.8
};

constexpr Row kRows[] = {
    {Capability::kBpf, "CAP_BPF", true},
    {Capability::kPerfmon, "CAP_PERFMON", true},
    {Capability::kNetAdmin, "CAP_NET_ADMIN", false},
    {Capability::kSysAdmin, "CAP_SYS_ADMIN", false},
    {Capability::kSysResource, "CAP_SYS_RESOURCE", false},
    {Capability::kSyslog, "CAP_SYSLOG", false},
};

const Row& RowOf(Capability capability) {
  return *std::ranges::find(kRows, capability, &Row::capability);
}

bool IsOfSysAdmin(Capability capability) { return RowOf(capability).of_sys_admin; }

bool Has(uint64_t set, Capability capability) {
  return (set >> static_cast<unsigned>(capability) & 1U) != 0;
}

// Before its version a kernel knows no CAP_BPF: whatever bit is set means nothing.
bool IsBeforeCapBpf(Kernel& kernel) {
  const KernelVersion running = ParseRelease(kernel.Release().value_or(std::string()));
  return running != KernelVersion() && running < KernelVersion{.version = 5, .patchlevel = 8};
}

std::string Listed(std::span<const Capability> capabilities) {
  std::string text;
  for (const Capability each : capabilities) {
    if (!text.empty()) text += " and ";
    text += NameOf(each);
  }
  return text;
}

// "needs CAP_BPF and CAP_NET_ADMIN (...)": those before the bracket.
std::vector<Capability> WantedBy(std::string_view hint) {
  std::vector<Capability> named;
  if (!hint.starts_with("needs CAP_")) return named;
  hint = hint.substr(0, hint.find('('));
  for (const Row& row : kRows)
    if (hint.find(row.name) != std::string_view::npos) named.push_back(row.capability);
  return named;
}

}  // namespace

std::string_view NameOf(Capability capability) { return RowOf(capability).name; }

std::vector<Capability> CapabilitiesOf(Kernel& kernel, std::span<const Capability> wanted) {
  std::vector<Capability> asked(wanted.begin(), wanted.end());
  if (!IsBeforeCapBpf(kernel)) return asked;
  if (std::erase_if(asked, IsOfSysAdmin) > 0) asked.insert(asked.begin(), Capability::kSysAdmin);
  return asked;
}

std::optional<std::vector<Capability>> MissingCapabilities(Kernel& kernel,
                                                           std::span<const Capability> wanted) {
  const std::optional<uint64_t> has = kernel.Capabilities();
  if (!has) return std::nullopt;
  std::vector<Capability> missing;
  for (const Capability each : wanted) {
    const bool included = IsOfSysAdmin(each) && Has(*has, Capability::kSysAdmin);
    if (!included && !Has(*has, each)) missing.push_back(each);
  }
  if (std::ranges::any_of(missing, IsOfSysAdmin)) return CapabilitiesOf(kernel, missing);
  return missing;
}

bool LacksCapabilityIn(Kernel& kernel, std::string_view hint) {
  const auto missing = MissingCapabilities(kernel, WantedBy(hint));
  return missing && !missing->empty();
}

void NameMissingCapabilities(Kernel& kernel, Error& error) {
  const std::string_view hint = error.hint;
  const std::vector<Capability> wanted = WantedBy(hint);
  if (wanted.empty()) return;
  // Where there is another way than by capability, that is it.
  const bool only_way = hint.find(", or ") == std::string_view::npos;
  const auto missing = MissingCapabilities(kernel, wanted);
  if (!missing) return;
  if (!missing->empty()) {
    error.hint += "; this process lacks " + Listed(*missing);
    return;
  }
  error.hint += "; this process has " + Listed(wanted);
  if (only_way)
    error.hint +=
        ": a user namespace, a security module or a seccomp filter refuses it all the same";
}

}  // namespace purebpf
