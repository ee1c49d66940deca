// What is known of the kernel that a plan is for: its types, its configuration, its symbols. Each
// fact is read when a plan first needs it, and kept; for most objects nothing is read at all.
//
//   auto target = TargetKernel::Running(kernel);                    // this one
//   auto target = TargetKernel::FromFiles(files, {.btf_path = p});  // one that is not here
//   auto target = TargetKernel::Described({.possible_cpus = 4});    // one made up, for tests
#ifndef PUREBPF_LOADER_TARGET_KERNEL_H_
#define PUREBPF_LOADER_TARGET_KERNEL_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "purebpf/bpf/error.h"
#include "purebpf/bpf/kernel.h"
#include "purebpf/elf/btf.h"
#include "purebpf/elf/btf_search.h"
#include "purebpf/loader/kconfig.h"

namespace purebpf {

struct ModuleBtf {
  std::string name;
  std::vector<std::byte> btf;  // split over the kernel's
};

// Facts that are given. What is not is the running kernel's, or else not known.
struct KernelSources {
  // Of a kernel that is not here; not given: that of its types, else this machine's.
  std::optional<std::endian> order = std::nullopt;
  std::string release;         // uname -r: "6.12.0-rc1"; else what the configuration tells
  uint32_t page_size = 0;      // bytes; 0: not given
  uint32_t possible_cpus = 0;  // 0: not given
  // The kernel's types: raw BTF, or an ELF file with a section .BTF (vmlinux). At most one of the
  // two, in the kernel's byte order. Of the running kernel they serve CO-RE relocations alone: ids
  // that the kernel is told must be its own.
  std::vector<std::byte> btf;
  std::string btf_path;
  std::vector<ModuleBtf> modules;
  // Lines as of /boot/config. The running kernel's own options stand before them.
  std::string kconfig;
  std::string kconfig_path;  // may be gzipped
  std::string kallsyms;      // lines as of /proc/kallsyms
};

// A kernel module's types.
struct KernelModule {
  std::string name;
  const elf::Btf* types = nullptr;
};

// A symbol that is looked for among the kernel's.
struct KernelSymbol {
  std::string_view name;
  std::optional<uint64_t> address;         // nothing: there is none of that name
  std::optional<uint64_t> second_address;  // of another one of the same name
};

// Can be moved, not copied. Not thread-safe.
class TargetKernel {
 public:
  // `kernel` must outlive it, and what is read is read through it.
  [[nodiscard]] static TargetKernel Running(Kernel& kernel, KernelSources sources = {});
  // Reads the files that `sources` names, and nothing else.
  [[nodiscard]] static TargetKernel FromFiles(Kernel& files, KernelSources sources);
  [[nodiscard]] static TargetKernel Described(KernelSources sources = {});

  TargetKernel(TargetKernel&&) noexcept;
  TargetKernel& operator=(TargetKernel&&) noexcept;
  ~TargetKernel();

  // Of a kernel that is not here it may be told by its types, which are then read; this machine's
  // where they cannot be.
  [[nodiscard]] std::endian Order();
  // The one that runs here; null for others.
  [[nodiscard]] Kernel* running() const;

  // In bytes; 4096 where it is not known: the kernel refuses what does not fit its pages.
  [[nodiscard]] uint32_t PageSize();
  // 1 where a described kernel does not say.
  [[nodiscard]] Result<uint32_t> PossibleCpus();
  // As in LINUX_VERSION_CODE: 6.12.3 is 0x060c03. kNotFound where it is not known.
  [[nodiscard]] Result<uint32_t> Version();

  // The kernel's types, for ids that it is told: /sys/kernel/btf/vmlinux, or a vmlinux where
  // distributions put it. The first call indexes them and finds what `search` wants in the same
  // pass; later ones search. kNotFound where there are none, kMalformed.
  [[nodiscard]] Result<const elf::Btf*> Types(elf::BtfSearch* search = nullptr);
  // Those by which CO-RE relocations are resolved: Types(), unless others were given.
  [[nodiscard]] Result<const elf::Btf*> CoreTypes(elf::BtfSearch* search = nullptr);
  [[nodiscard]] bool has_core_types_of_its_own() const;

  // The modules whose types can be read, by name. A damaged one is left out, as are all where the
  // kernel's own types are not there.
  [[nodiscard]] std::span<const KernelModule> Modules();

  // The value of a kernel option ("CONFIG_HZ"), as KernelConfig::Find; nothing where it is not set.
  // kNotFound where nothing says how the kernel was built. Valid as long as this.
  [[nodiscard]] Result<std::optional<std::string_view>> Option(std::string_view option);

  // Fills in the addresses, in one pass. kNotFound, kPermission: the kernel's symbols cannot be
  // read, or hide their addresses.
  Result<void> FindSymbols(std::span<KernelSymbol> symbols);

 private:
  struct State;
  explicit TargetKernel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace purebpf

#endif  // PUREBPF_LOADER_TARGET_KERNEL_H_
